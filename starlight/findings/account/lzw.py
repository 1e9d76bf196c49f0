"""The codes of a GIF frame: where they end, and how many pixels they give (GIF89a, appendix F)."""

from __future__ import annotations

import numpy as np

__all__ = ["Codes", "read_codes"]

_WIDEST = 12
_FULL = 1 << _WIDEST
_BLOCK = 4096


class Codes:
    """Codes of one frame, without those that clear the table.

    Attributes
    ----------
    runs : list of (n,) int arrays
        Codes between clear codes.
    end : int or None
        Bytes up to and with the end code; None where none comes.
    root : int
        Bits of a pixel.
    """

    def __init__(self, runs: list[np.ndarray], end: int | None, root: int) -> None:
        self.runs, self.end, self.root = runs, end, root

    @property
    def count(self) -> int:
        return sum(map(len, self.runs))

    def pixels(self) -> int:
        """How many pixels they give.

        A code stands for a colour, or for the pixels of an earlier code and one more: code `base + i` for those of
        the i-th code of its run. So lengths are depths in a forest, found by doubling.
        """
        base, total = (1 << self.root) + 2, 0
        for run in self.runs:
            up = np.where((run >= base) & (run - base < np.arange(len(run))), run - base, -1)
            sizes = np.ones(len(run), np.int64)
            while (below := np.flatnonzero(up >= 0)).size:
                above = up[below]
                sizes[below], up[below] = sizes[below] + sizes[above], up[above]
            total += int(sizes.sum())
        return total

    def indices(self) -> bytes:
        """The pixels."""
        out = []
        for run in self.runs:
            table, before = [bytes([i]) for i in range(1 << self.root)] + [b"", b""], b""
            for code in run.tolist():
                entry = table[code] if code < len(table) else before + before[:1]
                if before and len(table) < _FULL:
                    table.append(before + entry[:1])
                out.append(entry)
                before = entry
        return b"".join(out)


def read_codes(packed: bytes, root: int) -> Codes | None:
    """Read the codes of a frame: their widths grow with the number of codes alone.

    Parameters
    ----------
    packed : bytes
        Contents of a frame's sub-blocks, joined.
    root : int
        Bits of a pixel, as the frame says.

    Returns
    -------
    Codes or None
        None where `root` is none that the format knows.
    """
    if not 1 <= root <= 8:
        return None
    clear, end = 1 << root, (1 << root) + 1
    bits = np.unpackbits(np.frombuffer(packed, np.uint8), bitorder="little")
    position, width, entries, runs, run = 0, root + 1, end + 1, [], []
    first = True  # the first code after a clear code adds no entry
    while position + width <= len(bits):
        until = (1 << width) - entries + first if width < _WIDEST else _BLOCK
        count = min(max(1, until), (len(bits) - position) // width, _BLOCK)
        codes = bits[position : position + count * width].reshape(count, width) @ (1 << np.arange(width))
        stops = np.flatnonzero((codes == clear) | (codes == end))
        if len(stops):
            run.append(codes[: stops[0]])
            runs.append(np.concatenate(run))
            position += (int(stops[0]) + 1) * width
            if codes[stops[0]] == end:
                return Codes(runs, -(-position // 8), root)
            width, entries, first, run = root + 1, end + 1, True, []
            continue
        run.append(codes)
        position += count * width
        entries += count - first
        first = False
        if entries >= 1 << width and width < _WIDEST:
            width += 1
    return Codes([*runs, np.concatenate(run)] if run else runs, None, root)
