"""What a pull request shows: the report's text, and the comment that carries it."""
