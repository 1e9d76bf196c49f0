"""Headers of open tools as evidence: bytes that announce how much text follows, and the text that does follow."""

from __future__ import annotations

import math

import numpy as np

from starlight.images.image import Image
from starlight.streams.readable import sources, text
from starlight.streams.readable.scan_orders import ScanOrder
from starlight.techniques.readable.lsb_framings import FRAMINGS, Framing

__all__ = ["add"]

_ALONE = 24.0  # nats from which a header counts whatever follows it


def add(image: Image, found: list[ScanOrder], data: np.ndarray, lengths: np.ndarray, scored: text.TextScore) -> None:
    """Raise the scores of scans that begin with a tool's header, in place.

    Parameters
    ----------
    found, data, lengths
        Scans and their first bytes, as `scan_orders.head` gives them.
    scored : TextScore
        Of these bytes.
    """
    for i, scan in enumerate(found):
        if not scan.name.startswith(("rgb.rows", "rgba.rows")):
            continue
        samples = image.pixels[:, :, 0].size * (4 if scan.name.startswith("rgba") else 3)
        row = data[i, : lengths[i]]
        for framing in FRAMINGS.values():
            if (framing.layout, framing.order) == (scan.layout, scan.order):
                _raise(scored, i, row, framing, samples, scan)


def _raise(scored: text.TextScore, i: int, row: np.ndarray, framing: Framing, samples: int, scan: ScanOrder) -> None:
    header = framing.header(row[:16].tobytes(), samples)
    if header is None or not 0 < header[1] <= framing.capacity_bits(samples) // 8:
        return
    start, count = header
    # Lengths are as likely in each decade: a header of h bytes says 1 in count * log(capacity) instead of 1 in 256^h.
    told = start * math.log(256) - math.log(count * math.log(samples))
    stop = min(start + count, len(row))
    counts = sources.count(row)
    written = text.stretch(row, counts, start, stop)
    if told + written < max(scored.net[i], text.CANDIDATE) and told < _ALONE:
        return
    null = sources.null_gains(row, counts, scan.around(len(row)))[0]
    for gain, end in ((told + written, stop), (told if told > _ALONE else -math.inf, start)):
        if gain - null[end] > scored.net[i]:
            scored.gain[i] = max(gain, scored.gain[i])
            scored.net[i], scored.start[i], scored.stop[i] = gain - null[end], start, stop
