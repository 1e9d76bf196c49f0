"""PNG: chunks, the compressed stream, text (W3C PNG, third edition; extensions of libpng; chunks of known programs)."""

from __future__ import annotations

import zlib
from collections.abc import Callable

from starlight.findings.account import exif, icc, photoshop, xmp
from starlight.findings.account.boxes import jumbf_end
from starlight.findings.account.fields import binary_field, text_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.images.containers import Container
from starlight.images.png_stream import raw_size

__all__ = ["account"]

_SIZES = {"IHDR": 13, "gAMA": 4, "cHRM": 32, "sRGB": 1, "pHYs": 9, "tIME": 7, "oFFs": 9, "sTER": 1, "acTL": 8,
          "fcTL": 26, "cICP": 4, "vpAg": 9, "caNv": 16, "orNT": 1, "IEND": 0, "CgBI": 4, "gIFg": 4, "mDCV": 24,
          "cLLI": 8, "mDCv": 24, "cLLi": 8, "iDOT": 28, "grAb": 8}  # fmt: skip
_MOST_SIZES = {"sBIT": 4, "bKGD": 6, "tRNS": 256, "hIST": 512, "PLTE": 768}
_OPAQUE = frozenset((
    "sPLT", "pCAL", "sCAL", "gIFt", "gIFx", "dSIG", "npTc", "npLb", "npOl", "skMf", "skRf", "mkBF", "mkBS", "mkBT",
    "mkTS", "prVW", "msOG", "exIf", "zxIf", "cpIp", "iTIM", "spAL", "fRAc", "tpNG", "pHAs", "huBs", "ruSt", "meTa",
    "bKGd", "alPh", "stER", "JDAT", "LGEs", "MPNG",
))  # fmt: skip
_TEXTS = ("tEXt", "zTXt", "iTXt")
_XMP = b"XML:com.adobe.xmp"
_MOST = 64 << 20  # bytes behind the last row, or of a text, that are unpacked


def account(ledger: Ledger, container: Container, inner: Callable) -> None:
    """Note the spans of a PNG file.

    Parameters
    ----------
    ledger : Ledger
        Gets the spans and findings.
    container : Container
        Structure of the file.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    data = ledger.data
    ledger.known("signature", 0, 8)
    stored: list[tuple[int, int]] = []
    frames: dict[int, list[tuple[int, int]]] = {}
    sizes: list[tuple[int, int]] = []
    for name, offset, length in container.segments:
        start, stop = offset + 8, offset + length - 4
        if name == "IDAT":
            stored.append((start, stop))
        elif name == "fdAT":
            frames.setdefault(len(sizes), []).append((start + 4, stop))
        elif name == "fcTL":
            sizes.append((int.from_bytes(data[start + 4 : start + 8], "big"),
                          int.from_bytes(data[start + 8 : start + 12], "big")))  # fmt: skip
        _chunk(ledger, name, start, stop, inner)
        ledger.known(name, offset, offset + length)
    size = raw_size(container, container.width, container.height)
    if ledger.whole:
        ledger.room -= size
    else:
        _stream(ledger, stored, size, "")
    for number, parts in frames.items():
        if 0 < number <= len(sizes):
            _stream(ledger, parts, raw_size(container, *sizes[number - 1]), f" of frame {number}")


def _stream(ledger: Ledger, parts: list[tuple[int, int]], size: int, of: str) -> None:
    """Unpack the stream: what comes out past the last row, and what follows its end, is no part of the picture."""
    stream, more = zlib.decompressobj(), b""
    left = size
    if size > ledger.room:
        return
    ledger.room -= size
    for i, (start, stop) in enumerate(parts):
        packed = ledger.data[start:stop]
        try:
            while packed and not stream.eof and len(more) < min(_MOST, ledger.room):
                out = stream.decompress(packed, max(1, min(left, 1 << 22) if left else _MOST))
                packed = stream.unconsumed_tail
                if left:
                    left -= min(left, len(out))
                else:
                    more += out
                if not out and not packed:
                    break
        except zlib.error:
            return
        if stream.eof:
            rest = stream.unused_data
            for tail in parts[i + 1 :]:
                rest += ledger.data[tail[0] : tail[1]]
            if len(rest) >= 4:
                ledger.hide(f"behind the compressed stream{of}", rest, stop - len(stream.unused_data))
            break
    ledger.room -= min(len(more), ledger.room)
    if len(more.strip(b"\0")) >= 4:
        ledger.hide(f"below the last row{of}", more)


def _chunk(ledger: Ledger, name: str, start: int, stop: int, inner: Callable) -> None:
    data = ledger.data
    if name in ("IDAT", "fdAT"):
        return
    if name in _SIZES or name in _MOST_SIZES:
        most = _SIZES[name] if name in _SIZES else _MOST_SIZES[name]
        place = "inside IEND" if name == "IEND" else f"in the {name} chunk, behind what it holds"
        ledger.unknown(place, start + most, stop)
    elif name in _TEXTS:
        _text(ledger, name, data[start:stop], start)
    elif name == "eXIf":
        exif.account(ledger, start + 6 * (data[start : start + 6] == b"Exif\0\0"), stop, inner)
    elif name == "iCCP":
        _profile(ledger, data[start:stop], start)
    elif name == "caBX":
        end = jumbf_end(data, start, stop)
        ledger.unknown("behind a provenance manifest" if end > start else "in a chunk of no known program", end, stop)
        ledger.note("in a caBX chunk", data[start:end], "provenance manifest (C2PA)", start)
    elif name == "sPLT" and not _suggested(data[start:stop]):
        ledger.unknown("where a suggested palette should be", start, stop)
    elif name in _OPAQUE:
        ledger.add(binary_field("raw", f"in the {name} chunk", data[start:stop], start, even=True))
    elif not _json(data[start:stop]):
        ledger.unknown(f"in an {name} chunk of no known program", start, stop)


def _suggested(body: bytes) -> bool:
    """Whether a chunk is a name, a depth and as many colours as fill it."""
    _, _, rest = body.partition(b"\0")
    return rest[:1] in (b"\x08", b"\x10") and (len(rest) - 1) % (6 if rest[0] == 8 else 10) == 0


def _json(body: bytes) -> bool:
    return body[:1] in (b"{", b"[") and body[-1:] in (b"}", b"]") and identify(body).kind == "text"


def _profile(ledger: Ledger, body: bytes, offset: int) -> None:
    _, _, packed = body.partition(b"\0")
    plain, rest = _unpacked(ledger, packed[1:])
    if plain is None:
        ledger.hide("where a colour profile should be", packed[1:], offset)
        return
    icc.note(ledger, plain, None)
    if len(rest) >= 4:
        ledger.hide("behind the colour profile", rest, offset + len(body) - len(rest))


def _unpacked(ledger: Ledger, packed: bytes) -> tuple[bytes | None, bytes]:
    """Contents of a zlib stream, and what follows it; None where it is none."""
    stream = zlib.decompressobj()
    try:
        plain = stream.decompress(packed, max(1, min(16 << 20, ledger.room)))
    except zlib.error:
        return None, b""
    ledger.room -= min(len(plain), ledger.room)
    return plain, stream.unused_data


def _text(ledger: Ledger, name: str, body: bytes, offset: int) -> None:
    """A text chunk: keyword, perhaps compression, language and translation, text."""
    keyword, _, rest = body.partition(b"\0")
    packed = name == "zTXt"
    if name == "iTXt":
        packed = rest[:1] == b"\1"
        _, _, rest = rest[2:].partition(b"\0")[2].partition(b"\0")
    elif packed:
        rest = rest[1:]
    at: int | None = offset + len(body) - len(rest)
    if packed:
        plain, behind = _unpacked(ledger, rest)
        if plain is None:
            ledger.hide(f"where a compressed text should be, {name} chunk", rest, at)
            return
        if len(behind) >= 4:
            ledger.hide(f"behind the compressed text, {name} chunk", behind, offset + len(body) - len(behind))
        rest, at = plain, None
    word = keyword.decode("latin-1")
    place = f"in the text chunk {word[:40]!r}"
    if keyword == _XMP:
        xmp.note(ledger, rest, at)
    elif word.startswith("Raw profile type"):
        _raw_profile(ledger, word, rest, at)
    elif word in ("mxfile", "mxGraphModel"):  # a drawing, packed twice
        ledger.note(place, rest, f"drawing of {len(rest)} bytes", at)
    else:
        ledger.add(text_field("raw", place, rest, at, word))


def _raw_profile(ledger: Ledger, keyword: str, text: bytes, offset: int | None) -> None:
    """Hexadecimal digits behind a name and a length, as ImageMagick keeps EXIF, IPTC and the like."""
    parts = text.split(None, 2)
    try:
        body = bytes.fromhex(parts[2].decode("ascii"))
    except (IndexError, ValueError):
        ledger.add(text_field("raw", f"in the text chunk {keyword!r}", text, offset))
        return
    if keyword.endswith(("exif", "APP1")):
        block = body.removeprefix(b"Exif\0\0")
        inner = Ledger(block, len(block), ledger.depth + 1)
        exif.account(inner, 0, len(block), lambda led, start, stop, name: stop)
        for found in inner.findings:
            ledger.add(found)
    elif keyword.endswith(("iptc", "8bim")):
        photoshop.note(ledger, body, None)
    elif keyword.endswith(("icc", "icm")):
        icc.note(ledger, body, None)
