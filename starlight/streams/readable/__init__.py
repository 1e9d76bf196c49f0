"""What the hidden bits decode to."""
