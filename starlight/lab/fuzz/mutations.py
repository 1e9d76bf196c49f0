"""Valid image files made hostile: cut, flipped, spliced, with numbers and directories that lie."""

from __future__ import annotations

import struct
import zlib

import numpy as np

from starlight.errors import BadImage
from starlight.images.containers import parse

__all__ = ["mutate"]

_EXTREMES = (0, 1, 2, 3, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)


def mutate(number: int, seed: int, valid: dict[str, bytes]) -> tuple[str, bytes]:
    """Hostile file `number` of a run.

    Parameters
    ----------
    number : int
    seed : int
        Of the run.
    valid : dict
        Name to a file that is whole.

    Returns
    -------
    name : str
        Of what it was made from.
    data : bytes
    """
    rng = np.random.default_rng([seed, number])
    names = list(valid)
    name = names[number % len(names)]
    data = valid[name]
    for _ in range(int(rng.integers(1, 4))):
        other = valid[names[int(rng.integers(len(names)))]]
        data = _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](rng, data, other) or data
    if data[:4] == b"\x89PNG" and rng.random() < 0.7:
        data = _mend_checksums(data)
    return name, data


def _mend_checksums(data: bytes) -> bytes:
    """True checksums for as many PNG chunks as follow each other, so that decoders read on."""
    pieces, at = [data[:8]], 8
    while at + 12 <= len(data):
        stop = at + 12 + int.from_bytes(data[at : at + 4], "big")
        if stop > len(data):
            break
        pieces.append(data[at : stop - 4] + zlib.crc32(data[at + 4 : stop - 4]).to_bytes(4, "big"))
        at = stop
    return b"".join(pieces) + data[at:]


def _place(rng: np.random.Generator, data: bytes, span: int = 1) -> int:
    """A place in the file; the front, where the structure is, comes up more often."""
    end = max(1, len(data) - span)
    return int(rng.integers(min(end, 400)) if rng.random() < 0.5 else rng.integers(end))


def _truncate(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    return data[: int(rng.integers(1, len(data) + 1))]


def _flip(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        changed[_place(rng, data)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _number(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """An extreme number of 1, 2 or 4 bytes anywhere."""
    letter = "BHI"[int(rng.integers(3))]
    value = _EXTREMES[int(rng.integers(len(_EXTREMES)))] & (256 ** struct.calcsize(letter) - 1)
    raw = struct.pack("<>"[int(rng.integers(2))] + letter, value)
    at = _place(rng, data, len(raw))
    return data[:at] + raw + data[at + len(raw) :]


def _segments(data: bytes) -> list[tuple[str, int, int]]:
    try:
        return [s for s in parse(data).segments if s[2] > 4 and s[1] + s[2] <= len(data)]
    except BadImage:
        return []


def _length(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """An extreme number in the first twelve bytes of a segment, where its length is."""
    segments = _segments(data)
    if not segments:
        return _number(rng, data, other)
    _, at, size = segments[int(rng.integers(len(segments)))]
    at += int(rng.integers(min(12, size)))
    return data[:at] + _number(rng, data[at : at + 8], other)[:8] + data[at + 8 :]


def _repeat(rng: np.random.Generator, data: bytes, _: bytes) -> bytes | None:
    """A segment left out, or repeated up to a thousand times."""
    segments = _segments(data)
    if not segments:
        return None
    _, at, size = segments[int(rng.integers(len(segments)))]
    times = (0, 2, 3, 1000)[int(rng.integers(4))]
    return data[:at] + data[at : at + size] * min(times, 200_000 // size) + data[at + size :]


def _splice(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    return data[: _place(rng, data)] + other[_place(rng, other) :]


def _insert(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    at, start = _place(rng, data), _place(rng, other)
    return data[:at] + other[start : start + int(rng.integers(1, 200))] + data[at:]


def _loop(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Directories that point at themselves, at each other, or at a chain of thousands."""
    at = next((p for p in (data.find(mark) for mark in (b"II*\0", b"MM\0*")) if p >= 0), -1)
    if at < 0:
        return _number(rng, data, other)
    order = "<" if data[at : at + 1] == b"I" else ">"
    pointer = struct.pack(order + "HHII", int(rng.choice([0x8769, 0x14A, 0x8825])), 4, 1, int(rng.integers(8, 64)))
    count = int(rng.choice([1, 3, 2000, 65535]))
    chain = b"".join(
        struct.pack(order + "H", 1) + pointer + struct.pack(order + "I", 8 + 18 * (i + 1)) for i in range(60)
    )
    content = struct.pack(order + "H", count) + pointer * min(count, 200) if rng.random() < 0.5 else chain
    front = data[: at + 4] + struct.pack(order + "I", 8) + content
    return front + data[len(front) :]


_MUTATIONS = (_truncate, _flip, _flip, _number, _number, _length, _length, _repeat, _splice, _insert, _loop)
