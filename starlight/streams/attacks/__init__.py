"""Estimators of LSB replacement in one channel: arrays in, one estimate out, one method a module.

`spa`, `rs` and `ws` estimate the embedding rate in bits per pixel, unclipped, so that their errors on covers stay
visible; `chi_square` tests a hypothesis. What an image leaves undefined is NaN.
"""

from starlight.streams.attacks import chi_square, rs, spa, ws

__all__ = ["chi_square", "rs", "spa", "ws"]
