"""HILL: costs from a high-pass and two low-pass filters.

Li, Wang, Huang, Li, "A New Cost Function for Spatial Image Steganography", ICIP 2014.
"""

from starlight.techniques.spatial.adaptive import embedding

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "hill"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0
embed = embedding(NAME)
