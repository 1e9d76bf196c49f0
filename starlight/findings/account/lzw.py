"""Where the codes of a GIF frame end, without decoding it: widths grow with the number of codes alone."""

from __future__ import annotations

import numpy as np

__all__ = ["end_of_codes"]

_WIDEST = 12


def end_of_codes(packed: bytes, root: int) -> int | None:
    """Bytes up to and with the end code.

    Parameters
    ----------
    packed : bytes
        Contents of a frame's sub-blocks, joined.
    root : int
        Bits of a pixel, as the frame says: 2 to 8.

    Returns
    -------
    int or None
        None where no end code comes.
    """
    if not 1 <= root <= 8:
        return None
    clear, end = 1 << root, (1 << root) + 1
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    position, width, entries = 0, root + 1, end + 1
    first = True  # the first code after a clear code adds no entry
    while position + width <= len(bits):
        until = (1 << width) - entries + (1 if first else 0) if width < _WIDEST else len(bits)
        count = min(max(1, until), (len(bits) - position) // width, 4096)
        rows = bits[position : position + count * width].reshape(count, width)
        codes = rows @ (1 << np.arange(width))
        stops = np.flatnonzero((codes == clear) | (codes == end))
        if len(stops):
            position += (int(stops[0]) + 1) * width
            if codes[stops[0]] == end:
                return -(-position // 8)
            width, entries, first = root + 1, end + 1, True
            continue
        position += count * width
        entries += count - (1 if first else 0)
        first = False
        if entries >= 1 << width and width < _WIDEST:
            width += 1
    return None
