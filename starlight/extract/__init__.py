"""Extraction: images into streams, once per distinct content."""
