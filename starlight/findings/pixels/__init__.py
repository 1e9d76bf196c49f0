"""The search through the samples of an image."""

from starlight.findings.pixels.search import search

__all__ = ["search"]
