"""What can be read in an image file: hidden payloads, and notes that people and devices leave openly."""
