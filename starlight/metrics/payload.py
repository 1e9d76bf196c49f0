"""Payload sizes in a few buckets with fixed edges, so that tables keep their rows."""

import math

__all__ = ["BIT_EDGES", "RATE_EDGES", "payload_bucket"]

RATE_EDGES = (0.05, 0.1, 0.2, 0.4, 1.0)  # bits per pixel, per non-zero AC coefficient, or share of a capacity
BIT_EDGES = (256, 1024, 4096, 16384)  # bits
_SLACK = 1.02  # a simulator meets its nominal rate only to a percent or two


def payload_bucket(bits: float, rate: float) -> str:
    """Name of the bucket of a payload.

    Parameters
    ----------
    bits : float
        Payload in bits, NaN where unknown.
    rate : float
        Embedding rate (bpp or bpnzAC) for simulators, NaN for payloads that are texts.

    Returns
    -------
    str
        Such as `rate_to_0.1`, `rate_over_1`, `bits_to_1024`, `bits_over_16384`, `unknown`.
    """
    for value, edges, name in ((rate, RATE_EDGES, "rate"), (bits, BIT_EDGES, "bits")):
        if not math.isnan(value) and value > 0:
            for edge in edges:
                if value <= edge * (_SLACK if name == "rate" else 1):
                    return f"{name}_to_{edge:g}"
            return f"{name}_over_{edges[-1]:g}"
    return "unknown"
