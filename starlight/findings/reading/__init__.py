"""What was read in an image file, whoever asks."""
