"""What each ingredient contributes."""
