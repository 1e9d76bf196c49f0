"""What is read in images that hold nothing."""
