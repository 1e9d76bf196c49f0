"""Writing images: encoders, and the EXIF and segments that a container holds."""
