"""A quick look at the first bytes of many hypotheses at once: which are worth reading.

Each byte adds to eight counters, held in the eight bytes of one word: how many are printable, zero, or usual in one of
the encodings that people use. What passes is rare in noise (a few in 100,000), and is then judged by likelihoods.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from starlight.findings.pixels.codepoints import best_in_others, best_in_wide, best_stretch
from starlight.findings.pixels.layouts import FLIPPED, Layout
from starlight.streams.readable.text_models import PRINTABLE, log_odds

__all__ = ["COMMON", "LANGUAGE", "MAGICS", "WIDTH", "busy", "likely", "smooth", "texty"]

LANGUAGE = [0, 3, 8, 9, 10]  # of the models of text: prose, code, and letters in UTF-8
WIDTH = 40  # first bytes that are looked at
_FIRST = 16  # of which these may be a text, or a header in front of it
MAGICS = (
    b"PK\3\4", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b\x08", b"BZh", b"\xfd7zX", b"\x7fELF", b"MZ", b"\xca\xfe\xba\xbe",
    b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"RIFF", b"BM", b"II*\0", b"MM\0*", b"%PDF", b"%!PS", b"OggS", b"fLaC",
    b"ID3", b"MThd", b"\x1a\x45\xdf\xa3", b"Salt", b"\x78\x9c", b"\x78\xda", b"\x78\x01", b"\x78\x5e", b"\xd0\xcf\x11",
    b"SQLi", b"\x28\xb5\x2f\xfd", b"\x04\x22\x4d\x18", b"]\0\0", b"\0asm", b"LUKS", b"ftyp", b"AI42", b"OPEN", b"steg",
    b"-----", b"flag", b"FLAG", b"CTF{", b"ctf{", b"pico", b"HTB{", b"http", b"<?xm", b"<?ph", b"#!/", b"<htm",
)  # fmt: skip
_SMOOTH = 0.05  # mean difference of neighbouring samples, of their range; that of letters and spaces is 0.1 and more
_GAIN = 18.0  # nats of the best stretch, at least, before any margin
_DISTINCT = 8  # bytes in WIDTH that differ, at least
_LAGS = (1, 2, 3, 4, 6, 8, 12)
_BIT_LAGS = np.array([1, 2, 3, 4, 6], np.uint8)[:, None, None]
_AGREED = 0.7  # of bits, with those so many places before, in text at most
_AT = (0, 1, 2, 3, 4, 5, 6, 8, 11, 16)  # bytes in front of a signature


def _classes() -> np.ndarray:
    """Word of each byte whose bytes are 1 where it belongs to a class: (256,) uint64."""
    byte = np.arange(256)
    space = np.isin(byte, [9, 10, 13, 32, 33, 44, 45, 46, 63])
    members = [
        PRINTABLE,
        byte == 0,
        PRINTABLE[~byte & 0xFF],  # printable once its bits are turned
        (byte >= 0xA1) & (byte < 0xFF),  # EUC, GB 18030, Big5
        ((byte >= 0xC0) & (byte < 0xFF)) | space,  # Windows-1251, KOI8-R
        ((byte >= 0x80) & (byte < 0xC0))
        | np.isin(byte, [0xC3, 0xCE, 0xCF, 0xD0, 0xD1, 0xD7, 0xD8, 0xD9, 32])
        | ((byte >= 0xE0) & (byte < 0xEE)),  # UTF-8 but ASCII
        ((byte >= 0x4E) & (byte < 0xA0)) | ((byte >= 0xAC) & (byte < 0xD8)) | np.isin(byte, [0x00, 0x30, 0xFF]),
        np.isin(byte, [0x00, 0x03, 0x04, 0x05, 0x06, 0x20]),  # these two: high bytes of UTF-16
    ]
    words = sum(np.where(one, np.uint64(1) << np.uint64(8 * k), np.uint64(0)) for k, one in enumerate(members))
    return np.asarray(words, np.uint64)


_CLASSES = _classes()
COMMON = (_CLASSES >> np.uint64(48) != 0) | (np.arange(256) < 8)  # usual high bytes of 16-bit characters
_TABLES = (_CLASSES, _CLASSES[FLIPPED])
_BEGINS = np.zeros(65536, np.uint8)  # first two bytes of a signature: 1 as they stand, 2 flipped
_BEGINS[[int.from_bytes(m[:2], "big") for m in MAGICS]] |= 1
_BEGINS[[int(FLIPPED[m[0]]) << 8 | int(FLIPPED[m[1]]) for m in MAGICS]] |= 2
_WORDS = np.array([int.from_bytes(m[:4].ljust(4, b"\0"), "little") for m in MAGICS], np.uint32)
_MASKS = np.array([(1 << 8 * min(4, len(m))) - 1 for m in MAGICS], np.uint32)


def likely(data: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows whose first bytes may be text or a signature.

    Parameters
    ----------
    data : (V, n) uint8
        First bytes of the hypotheses with the most significant bit first, at least 12 and at most WIDTH of each.

    Returns
    -------
    list of two pairs of (k,) int arrays
        Numbers of rows that may be text, and of those that may have a signature; as they stand, and with the bits of
        each byte in the other order.
    """
    columns, turned = np.ascontiguousarray(data.T), np.take(FLIPPED, data, mode="wrap")
    thin, broad = map(
        np.concatenate, zip(*(_texts(np.take(table, columns, mode="wrap")) for table in _TABLES), strict=True)
    )
    count = len(data)
    places = np.flatnonzero(broad)
    broad[places] = best_in_wide(_of_either(data, turned, places)) > _GAIN
    rows = np.flatnonzero(thin | broad)
    rows = rows[_varied(_of_either(data, turned, rows), thin[rows], broad[rows])]
    middle = np.searchsorted(rows, count)
    signed = _signed(data, columns)
    return [(rows[:middle], signed[0]), (rows[middle:] - count, signed[1])]


def _of_either(data: np.ndarray, turned: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Rows of two arrays that stand one behind the other."""
    middle = np.searchsorted(places, len(data))
    return np.concatenate([data[places[:middle]], turned[places[middle:] - len(data)]])


def _varied(some: np.ndarray, narrow: np.ndarray, wide: np.ndarray) -> np.ndarray:
    """Rows (V, n) whose bytes, or their characters of two and four, are not as pictures are: (V,) bool."""
    empty = (some[:, :4] == 0).all(axis=1)
    varied = busy(some)
    for begin in (_FIRST, _FIRST + 8) if empty.any() else ():  # behind zeros, and a count behind zeros
        varied[empty] |= busy(np.ascontiguousarray(some[empty, begin:]))
    varied &= narrow
    broad = wide & ~varied
    if broad.any():
        varied[broad] = _spread(some[broad])
    return varied


def busy(data: np.ndarray) -> np.ndarray:
    """Rows that neither hold few different bytes nor repeat themselves, as flat and striped pictures do: (V,) bool."""
    out = np.zeros(len(data), bool)
    size = data.shape[1]
    if size < 4 or not len(data):
        return out
    rows = np.flatnonzero(_distinct(data) >= min(_DISTINCT, size // 3))
    some = data[rows]
    kept = np.ones(len(rows), bool)
    for lag in (lag for lag in _LAGS if 3 * lag < size):
        kept &= 10 * _sums(some[:, lag:] == some[:, :-lag]) < 6 * (size - lag)
    rows, some = rows[kept], some[kept]
    later = some[:, :-1] << _BIT_LAGS
    later |= some[:, 1:] >> (np.uint8(8) - _BIT_LAGS)
    differ = _sums(np.bitwise_count(some[:, :-1] ^ later))
    out[rows] = (differ > (1 - _AGREED) * 8 * (size - 1)).all(axis=0)
    return out


def _sums(parts: np.ndarray) -> np.ndarray:
    """Sums along a short last axis, which `sum` takes longer for."""
    return np.einsum("...i->...", parts.view(np.uint8), dtype=np.uint16)


def texty(data: np.ndarray, layouts: Sequence[Layout], *, ascii_only: bool = False) -> np.ndarray:
    """Rows (V, n), each read by a layout, with a stretch that some model of text in some encoding likes: (V,) bool.

    Of rows that a picture shows only models of language count. With `ascii_only` no other encodings than UTF-8 are
    tried, which hardly ever like bytes that are nearly all ASCII better.
    """
    if not len(data):
        return np.zeros(0, bool)
    floors = _GAIN + np.array([layout.margin for layout in layouts])
    each = best_stretch(log_odds(data))
    shown = np.array([layout.shown for layout in layouts])
    found = np.where(shown, each[LANGUAGE].max(axis=0), each.max(axis=0)) > floors
    rest = np.flatnonzero(~found)
    if len(rest) and not ascii_only:
        found[rest] = best_in_others(data[rest]) > floors[rest]
    return found


def smooth(row: np.ndarray, layout: Layout) -> bool:
    """Whether bytes (n,), first bits first, are samples of five bits and more, or halves, that neighbours foretell."""
    depth = len(layout.bits)
    if depth < 5 and layout.bits[0] != 7:
        return False
    bits = np.unpackbits(row)
    weights = 1 << np.arange(depth - 1, -1, -1)
    values = bits[: len(bits) // depth * depth].reshape(-1, depth) @ weights
    size = 1 << depth
    for lag in (1, 2, 3, 4):
        steps = np.abs(values[lag:] - values[:-lag])
        steps = steps if layout.bits[0] == 7 else np.minimum(steps, size - steps)
        if steps.sum() < _SMOOTH * size * len(steps):
            return True
    return False


def _spread(data: np.ndarray) -> np.ndarray:
    """Rows of wide characters: zeros or few high bytes at their places, and busy bytes between these: (V,) bool."""
    pairs = np.stack([data[:, : data.shape[1] // 2 * 2 : 2], data[:, 1::2]])
    common = _sums(np.take(COMMON, pairs, mode="wrap")) >= pairs.shape[2] - 2
    two = (common & busy(pairs[::-1].reshape(-1, pairs.shape[2])).reshape(2, -1)).any(axis=0)
    quads = np.stack([data[:, i : data.shape[1] // 4 * 4 : 4] for i in range(4)])
    empty = (~quads.any(axis=2)).sum(axis=0)
    most = _distinct(quads).max(axis=0)
    return two | ((empty >= 2) & (most >= max(_DISTINCT // 2, quads.shape[2] // 2)))


def _distinct(data: np.ndarray) -> np.ndarray:
    ordered = np.sort(data, axis=-1)
    return 1 + _sums(ordered[..., 1:] != ordered[..., :-1])


def _texts(words: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which of V hypotheses may be text, and which in wide characters, from the class words of their bytes (n, V)."""
    size, count = words.shape
    half = size // 2
    first = min(_FIRST, 2 * half)
    last = words[size - _FIRST :].sum(axis=0)
    parts = np.empty((4, count), np.uint64)  # early and late bytes, at even and at odd places
    for i, part in enumerate((words[:first:2], words[1:first:2], words[first : 2 * half : 2], words[first + 1 :: 2])):
        np.add.reduce(part[: half if i < 2 else half - first // 2], axis=0, out=parts[i])
    early, late = _counters(parts[0] + parts[1]), _counters(parts[2] + parts[3])
    even, odd = _counters(parts[0] + parts[2]), _counters(parts[1] + parts[3])
    n_late = 2 * half - first
    long = n_late >= 16
    whole = early + late
    found = early[0] >= first - 1
    found |= last.view(np.uint8)[::8] >= _FIRST
    found |= whole[2] >= 2 * half - 1
    found |= (whole[3:6] >= 2 * half - 4).any(axis=0)
    if long:
        found |= late[0] >= n_late - 2
        found |= (late[3:6] >= n_late - 1).any(axis=0)
    found |= (even[3] >= half - 1) | (odd[3] >= half - 1)
    wide = (np.maximum(even[6:], odd[6:]) >= half - 2).any(axis=0)
    wide &= whole[1] <= 1.6 * half  # else nothing but zeros
    return found, wide


def _counters(words: np.ndarray) -> np.ndarray:
    """The eight counters of each word (V,): (8, V) uint8."""
    return np.ascontiguousarray(words.view(np.uint8).reshape(-1, 8).T)


def _signed(data: np.ndarray, columns: np.ndarray) -> list[np.ndarray]:
    """Rows of (V, n) that hold one of the signatures at one of the usual places, as they stand and flipped."""
    at, count = [place for place in _AT if place + 4 <= len(columns)], len(data)
    pairs = columns[at].astype(np.uint16) << np.uint16(8) | columns[[place + 1 for place in at]]
    begun = np.take(_BEGINS, pairs, mode="wrap").reshape(-1)
    some = np.flatnonzero(begun)
    begun, (where, rows) = begun[some], np.divmod(some, count)
    four = data[rows[:, None], np.array(at)[where][:, None] + np.arange(4)]
    out = []
    for flip in (0, 1):
        here = np.flatnonzero(begun & (1 << flip))
        read = np.ascontiguousarray(FLIPPED[four[here]] if flip else four[here]).view(np.uint32)
        out.append(np.unique(rows[here[((read & _MASKS) == _WORDS).any(axis=1)]]))
    return out
