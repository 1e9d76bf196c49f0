"""The built-in submission of tampered images."""
