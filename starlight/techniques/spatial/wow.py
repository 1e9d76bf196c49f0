"""WOW: costs from the directional predictability of texture.

Holub, Fridrich, "Designing Steganographic Distortion Using Directional Filters", WIFS 2012.
"""

from starlight.techniques.spatial.adaptive import embedding

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "wow"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0
embed = embedding(NAME)
