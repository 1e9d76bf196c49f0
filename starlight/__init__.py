"""Starlight: a reproducible pipeline that learns to find data hidden in images."""

__version__ = "4.0.0"
