"""MiPOD: changes that cost a detector least who knows the variance of each sample.

Sedighi, Cogranne, Fridrich, "Content-Adaptive Steganography by Minimizing Statistical Detectability", IEEE TIFS 2016.
"""

from starlight.techniques.spatial.adaptive import embedding

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "mipod"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0
embed = embedding(NAME)
