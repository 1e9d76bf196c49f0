"""Public ways to find tampered images, on the same images as the detector."""
