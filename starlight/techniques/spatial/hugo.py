"""HUGO: costs from how much a change moves the co-occurrences of residuals, as SPAM counts them.

Pevny, Filler, Bas, "Using High-Dimensional Image Models to Perform Highly Undetectable Steganography", IH 2010.
"""

from starlight.techniques.spatial.adaptive import embedding

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "SLOW", "embed"]

NAME = "hugo"
CARRIER = "samples"
READABLE = False
SHOWN_IN = ("content",)
RATES = "adaptive"
SLOW = 1.0
embed = embedding(NAME)
