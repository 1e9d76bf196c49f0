"""Where the samples of a film lie, as the tables of its tracks say (ISO/IEC 14496-12, 8.7)."""

from __future__ import annotations

import numpy as np

from starlight.images.containers.boxes import boxes

__all__ = ["sample_spans"]

_INSIDE = (b"moov", b"trak", b"mdia", b"minf")
_MOST = 1 << 22  # samples of a film; more are taken for a broken table


def sample_spans(data: bytes, start: int, stop: int) -> np.ndarray | None:
    """Spans of a film's samples.

    Parameters
    ----------
    data : bytes
    start, stop : int
        Offsets of its `moov` box, or of what holds it.

    Returns
    -------
    (n, 2) int64 or None
        First byte and one past the last of each chunk of samples, counted from the beginning of the film, in order.
        None where a table is missing or does not fit the others: then nothing is known.
    """
    spans = []
    for table in _tables(data, start, stop):
        found = _chunks(data, {kind: (inside, after) for kind, _, inside, after in boxes(data, *table)})
        if found is None:
            return None
        spans.append(found)
    if not spans:
        return None
    joined = np.concatenate(spans)
    return joined[np.argsort(joined[:, 0], kind="stable")]


def _tables(data: bytes, start: int, stop: int) -> list[tuple[int, int]]:
    """Contents of the sample tables of all tracks."""
    found = []
    for kind, _, inside, after in boxes(data, start, stop):
        if kind in _INSIDE:
            found += _tables(data, inside, after)
        elif kind == b"stbl":
            found.append((inside, after))
    return found


def _chunks(data: bytes, table: dict[bytes, tuple[int, int]]) -> np.ndarray | None:
    """Spans of the chunks of one track."""
    sizes, runs = _sizes(data, table), _numbers(data, table.get(b"stsc"), ">u4", 3)
    offsets = _numbers(data, table.get(b"stco"), ">u4", 1)
    if offsets is None:
        offsets = _numbers(data, table.get(b"co64"), ">u8", 1)
    if sizes is None or runs is None or offsets is None or (len(offsets) and not len(runs)):
        return None
    count = len(offsets)
    first = np.append(np.minimum(runs[:, 0], count + 1), count + 1)
    if (np.diff(first) < 0).any() or (count and first[0] != 1):
        return None
    ends = np.cumsum(np.repeat(runs[:, 1], np.diff(first)))
    if count and ends[-1] != len(sizes):
        return None
    before = np.append(0, np.cumsum(sizes))
    lengths = before[ends] - before[np.append(0, ends[:-1])] if count else ends
    return np.stack([offsets[:, 0], offsets[:, 0] + lengths], axis=1)


def _sizes(data: bytes, table: dict[bytes, tuple[int, int]]) -> np.ndarray | None:
    """Bytes of each sample of a track."""
    if b"stsz" not in table:
        return None
    inside, after = table[b"stsz"]
    same, count = (int.from_bytes(data[inside + i : inside + i + 4], "big") for i in (4, 8))
    if count > _MOST:
        return None
    if same:
        return np.full(count, same, np.int64)
    raw = data[inside + 12 : min(after, inside + 12 + 4 * count)]
    return np.frombuffer(raw, ">u4").astype(np.int64) if len(raw) == 4 * count else None


def _numbers(data: bytes, span: tuple[int, int] | None, kind: str, width: int) -> np.ndarray | None:
    """Rows of a table that begins with a version, flags and their number: (n, width) int64."""
    if span is None:
        return None
    size = np.dtype(kind).itemsize * width
    count = int.from_bytes(data[span[0] + 4 : span[0] + 8], "big")
    raw = data[span[0] + 8 : min(span[1], span[0] + 8 + count * size)]
    return np.frombuffer(raw, kind).astype(np.int64).reshape(-1, width) if len(raw) == count * size else None
