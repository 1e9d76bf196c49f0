"""Block `decode` of the `content` stream: what the hidden bits, the EXIF comment and the trailing bytes decode to.

Scores are log-likelihood ratios in nats (see `text`), stored as asinh(x / 4); lengths as log2(1 + n). Of all scan
orders in a family the most text-like one speaks for the family.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from starlight.errors import StarlightError
from starlight.images.image import Image
from starlight.streams.readable import framed, text
from starlight.streams.readable.scan_orders import HEAD, ScanOrder, head, scan_orders
from starlight.streams.readable.text_models import PRINTABLE
from starlight.techniques.readable import lsb_framings
from starlight.techniques.readable.protocol import END, MARK

__all__ = ["FEATURES", "Decoded", "compute", "decode_payload"]

_FAMILIES = ("alpha", "index", "rgb", "other")
_PARTS = ("net", "likely", "certain", "gain", "printable64", "printable256", "run", "nul", "nul_at", "mark",
          "distinct", "entropy")  # fmt: skip
_BYTE_PARTS = ("net", "likely", "certain", "gain", "length", "printable", "nul_ended", "padding", "entropy", "mark",
               "words", "vendor")  # fmt: skip
FEATURES = (
    *(f"{family}_{part}" for family in _FAMILIES for part in _PARTS),
    *(f"{field}_{part}" for field in ("comment", "trailer") for part in _BYTE_PARTS),
)
_CERTAIN = 24.0  # nats from which text counts as read: one chance in 2.6e10 for each scan order
_CERTAIN_ENDED = 16.0  # where NUL ends it, which is worth five more
_CERTAIN_MARKED = 10.0  # where the protocol's mark begins it, worth 22 more
_VENDOR = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"RIFF", b"PK\x03\x04", b"\0\0\0\x18ftyp", b"MotionPhoto", b"SEFH",
           b"QDIOBS", b"Exif", b"MM\0*", b"II*\0", b"%PDF", b"ftypmp4")  # fmt: skip
_LEFTOVERS = re.compile(rb"<\?xpacket end=.[rw].\?>")  # text, but nobody's: the end of a cut-off XMP packet
_CHARSETS = (b"ASCII\0\0\0", b"UNICODE\0", b"JIS\0\0\0\0\0", bytes(8))


@dataclass(frozen=True)
class Decoded:
    """A payload that could be read back.

    Attributes
    ----------
    variant : str
        Scan and bit order, `comment` or `trailer`.
    technique : str
        One of `alpha`, `palette`, `lsb.rgb`, `exif`, `raw`.
    payload : bytes
        Without framing.
    marked : bool
        It bore the protocol's mark.
    """

    variant: str
    technique: str
    payload: bytes
    marked: bool = False


def compute(image: Image) -> list[float]:
    """Values of FEATURES."""
    found, data, lengths, scored = _scored(image)
    values: list[float] = []
    for family in _FAMILIES:
        members = [i for i, scan in enumerate(found) if scan.family == family]
        values += _family(members, data, lengths, scored) if members else [math.nan] * len(_PARTS)
    return values + _bytes(comment_text(image)) + _bytes(image.container.trailer)


def decode_payload(image: Image) -> Decoded | None:
    """Read the payload of an image, by the scan order, comment or trailer that is most certainly text.

    Returns
    -------
    Decoded or None
        None where nothing reads as text beyond doubt.
    """
    found, data, lengths, scored = _scored(image)
    tried = sorted(((float(scored.net[i]), i) for i in range(len(found))), reverse=True)
    for net, i in tried:
        marked = data[i, :4].tobytes() == MARK
        stop = int(scored.stop[i])
        ended = scored.start[i] == 0 and stop < lengths[i] and data[i, stop] == 0
        if net > (_CERTAIN_MARKED if marked else _CERTAIN_ENDED if ended else _CERTAIN):
            return _read(found[i], marked)
    outside = (("comment", "exif", comment_text(image)), ("trailer", "raw", image.container.trailer))
    for variant, technique, raw in outside:
        payload = _framed_text(raw)
        if payload is not None:
            return Decoded(variant, technique, payload.removeprefix(MARK), payload.startswith(MARK))
    return None


def _scored(image: Image) -> tuple[list[ScanOrder], np.ndarray, np.ndarray, text.TextScore]:
    """All scans, their first bytes with how many are real, and what these say; once for each image."""
    if __name__ in image.kept:
        return image.kept[__name__]
    found = scan_orders(image)
    data, lengths = head(found)
    scored = text.score(data, lengths, lambda i: found[i].around(int(lengths[i])))
    framed.add(image, found, data, lengths, scored)
    image.kept[__name__] = found, data, lengths, scored
    return image.kept[__name__]


def comment_text(image: Image) -> bytes:
    """EXIF UserComment without its character code."""
    comment = image.container.user_comment
    return comment[8:] if comment[:8] in _CHARSETS else comment


def _read(scan: ScanOrder, marked: bool) -> Decoded:
    technique = {"alpha": "alpha", "index": "palette"}.get(scan.name.partition(".")[0], "lsb.rgb")
    data = scan.read(None).tobytes()
    if not marked and scan.name.startswith("rgb.rows"):
        for name in ("stegpy", "stegano", "stepic", "stego-lsb", "stego-lsb-1"):
            payload = _framed(name, scan)
            if payload is not None:
                return Decoded(f"{scan.name}:{name}", technique, payload)
    start = len(MARK) if marked else 0
    end = data.find(END, start)
    return Decoded(scan.name, technique, data[start : end if end >= 0 else None], marked)


def _framed(tool: str, scan: ScanOrder) -> bytes | None:
    try:
        payload = lsb_framings.get(tool).read(scan.samples(None))
    except StarlightError:
        return None
    return payload if _is_text(payload) else None


def _framed_text(raw: bytes) -> bytes | None:
    """The text of `raw`, if it is one beyond doubt and ends in its only NUL; comments of cameras are padded."""
    body = raw[:-1]
    return body if raw.endswith(END) and END not in body and _is_text(body, _CERTAIN_ENDED) else None


def _is_text(body: bytes, threshold: float = _CERTAIN) -> bool:
    row = np.frombuffer(body[:HEAD], np.uint8)[None]
    scored = text.score(row, np.array([row.shape[1]]))
    return bool(scored.net[0] > (_CERTAIN_MARKED if body.startswith(MARK) else threshold) and scored.start[0] == 0)


def _ends(raw: bytes) -> tuple[float, float]:
    """`net` and `gain` of the start or, if it is more like text, the end: a message may follow what a device left."""
    found, raw = [], _LEFTOVERS.sub(b"", raw)
    for part, price in ((raw[:HEAD], 0.0), (text.tail(raw.removesuffix(END), HEAD), math.log(HEAD))):
        scored = text.score(np.frombuffer(part, np.uint8)[None], np.array([len(part)]))
        found.append((float(scored.net[0]) - price, float(scored.gain[0]) - price))
    return max(found)


def _squash(nats: float) -> float:
    return math.asinh(nats / 4)


def _text(net: float) -> list[float]:
    """The score, and ramps from 10 to 20 and from 20 to 40 nats: a linear detector cannot bend a score by itself."""
    return [_squash(net), min(1.0, max(0.0, float(net) / 10 - 1)), min(1.0, max(0.0, float(net) / 20 - 1))]


def _family(members: list[int], data: np.ndarray, lengths: np.ndarray, scored: text.TextScore) -> list[float]:
    best = max(members, key=lambda i: (scored.net[i], scored.gain[i]))
    row = data[best, : lengths[best]]
    if not len(row):
        return [math.nan] * len(_PARTS)
    printable = PRINTABLE[row]
    run = int(np.argmin(printable)) if not printable.all() else len(row)
    nuls = np.flatnonzero(row == 0)
    stop = int(scored.stop[best])
    nul = bool(stop >= 2 and stop < len(row) and row[stop] == 0)
    marks = any(data[i, :4].tobytes() == MARK for i in members)
    return [
        *_text(scored.net[best]), _squash(max(scored.gain[members])),
        _share(printable[:64]), _share(printable), math.log2(1 + run), float(nul),
        math.log2(1 + (nuls[0] if len(nuls) else len(row))), float(marks),
        len(set(row[:64].tobytes())) / min(64, len(row)), _entropy(row),
    ]  # fmt: skip


def _share(flags: np.ndarray) -> float:
    return np.count_nonzero(flags) / len(flags)


def _entropy(row: np.ndarray) -> float:
    """Bits per byte, over what so few bytes can have."""
    share = np.bincount(row, minlength=256) / len(row)
    share = share[share > 0]
    return float(-(share * np.log2(share)).sum()) / math.log2(min(256, max(2, len(row))))


def _bytes(raw: bytes) -> list[float]:
    if not raw:
        return [math.nan] * len(_BYTE_PARTS)
    row = np.frombuffer(raw[:4096], np.uint8)
    net, gain = _ends(raw)
    stripped = raw.rstrip(b"\0 \xff")
    words = row[(row >= 65) & (row <= 122)].size / len(row)
    return [
        *_text(net), _squash(gain), math.log2(1 + len(raw)),
        float(PRINTABLE[row].mean()), float(raw.endswith(END) and not raw.endswith(2 * END)),
        1 - len(stripped) / len(raw), _entropy(row), float(MARK in raw[:64]), words,
        float(any(magic in raw[:64] for magic in _VENDOR)),
    ]  # fmt: skip
