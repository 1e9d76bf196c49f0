"""The search through the samples of an image."""

from starlight.findings.pixels.search import search
from starlight.findings.pixels.tools import by_tools

__all__ = ["by_tools", "search"]
