"""S-UNIWARD: costs from relative changes of directional wavelet coefficients.

Holub, Fridrich, Denemark, "Universal Distortion Function for Steganography in an Arbitrary Domain", EURASIP JIS 2014.
"""

from starlight.techniques.spatial.adaptive import embedding

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "suniward"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0
embed = embedding(NAME)
