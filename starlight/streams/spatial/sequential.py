"""A payload that fills the first part of a scan: does the evidence of LSB replacement change along it?

For every cut, the rate before it is compared with the rate after it, in standard errors: embedding in scan order shows
as a large contrast, whatever the rate that the image itself pretends to. Encrypted payloads show as plain ones do.
"""

from __future__ import annotations

import math

import numpy as np

from starlight.streams.spatial.weighted import Evidence

__all__ = ["PARTS", "contrasts"]

_HEADS = (2, 8, 32)  # rows
PARTS = ("contrast", "extent", "head_rate", *(f"head{n}" for n in _HEADS))
_FLOOR = 1e-3


def contrasts(evidence: Evidence) -> list[float]:
    """Values of PARTS.

    Parameters
    ----------
    evidence : Evidence
        Along the axis of the scan, n lines.

    Returns
    -------
    list of float
        Largest contrast over all cuts, asinh of standard errors; log2 of 1 + lines before that cut; rate before it;
        contrast at fixed numbers of lines (NaN where the image has no more than these).
    """
    n = len(evidence.signed)
    if n < 2 or evidence.weight.sum() <= 0:
        return [math.nan] * len(PARTS)
    head = [np.cumsum(a)[:-1] for a in (evidence.signed, evidence.weight, evidence.square)]
    tail = [a.sum() - h for a, h in zip((evidence.signed, evidence.weight, evidence.square), head, strict=True)]
    before, after = head[0] / np.maximum(head[1], 1e-9), tail[0] / np.maximum(tail[1], 1e-9)
    weight_before, weight_after = np.maximum(head[1], 1e-9), np.maximum(tail[1], 1e-9)
    error = np.sqrt((head[2] + _FLOOR) / weight_before**2 + (tail[2] + _FLOOR) / weight_after**2)
    contrast = (before - after) / error
    contrast[(head[1] <= 0) | (tail[1] <= 0)] = 0
    best = int(contrast.argmax())
    return [
        math.asinh(contrast[best]), math.log2(2 + best), float(np.clip(2 * before[best], -2, 2)),
        *(math.asinh(contrast[k - 1]) if k < n else math.nan for k in _HEADS),
    ]  # fmt: skip
