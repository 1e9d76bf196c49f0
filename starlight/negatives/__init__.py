"""Negatives: clean images that look suspicious, by category."""

from starlight.negatives.manifest import CATEGORIES, REQUIRED

__all__ = ["CATEGORIES", "REQUIRED"]
