"""Application segments and comments of a JPEG: whose they are, and what is in them (registry: ExifTool's JPEG tags)."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from starlight.findings.account import exif, icc, photoshop, xmp
from starlight.findings.account.boxes import jumbf_end
from starlight.findings.account.fields import binary_field, text_field
from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify
from starlight.findings.contents.content import BYTES, FILL

__all__ = ["note"]

_XMP, _XMP_MORE = b"http://ns.adobe.com/xap/1.0/\0", b"http://ns.adobe.com/xmp/extension/\0"
_ICC, _IRB = b"ICC_PROFILE\0", b"Photoshop 3.0\0"
_OWNERS: dict[str, tuple[bytes, ...]] = {
    "APP0": (b"JFIF\0", b"JFXX\0", b"CIFF", b"AVI1", b"Ocad$Rev"),
    "APP1": (b"FLIR\0", b"PARROT\0", b"QVCI\0", b"Motorola\0"),
    "APP2": (b"MPF\0", b"FPXR\0", b"urn:iso:std:iso:ts:21496", b"PreviewImage\0", b"HDRGM"),
    "APP3": (b"Meta\0", b"META\0", b"Exif\0", b"_JPSJPS_", b"Stim\0", b"hpoh\0"),
    "APP4": (b"SCALADO\0", b"FPXR\0", b"DJI-DBG\0", b"QTI Debug Metadata\0"),
    "APP5": (b"RMETA\0", b"ssuniqueid\0", b"DJI-DBG\0"),
    "APP6": (b"EPPIM\0", b"NITF\0", b"HPTDC", b"GoPro\0", b"DTAT\0"),
    "APP7": (b"PENTAX \0", b"HUAWEI\0", b"Qualcomm", b"DJI-DBG\0"),
    "APP8": (b"SPIFF\0", b"SEAL\0"),
    "APP9": (b"Media Jukebox\0",),
    "APP10": (b"UNICODE\0", b"AROT\0\0"),
    "APP11": (b"JP", b"HDR_RI "),
    "APP12": (b"Ducky", b"PictureInfo", b"OLYMPUS", b"AGFA", b"[picture info]", b"Type=", b"SEIKO", b"SANYO"),
    "APP13": (b"Adobe_CM\0", b"Adobe_Photoshop2.5:"),
    "APP14": (b"Adobe",),
    "APP15": (b"Q ", b"TEXT\0"),
}


def note(ledger: Ledger, segments: Iterable[tuple[str, int, int]], inner: Callable) -> None:
    """Note the application segments and comments among some segments.

    Parameters
    ----------
    ledger : Ledger
    segments : iterable of (str, int, int)
        Name, offset and length, in bytes.
    inner : callable
        (ledger, start, stop, name) -> end of the file that begins at `start`.
    """
    profile: list[tuple[int, int]] = []
    resources: list[tuple[int, int]] = []
    packets: list[tuple[int, int]] = []
    for name, offset, length in segments:
        if not (name.startswith(("APP", "FF")) or name == "COM"):
            continue
        start, stop = _body(ledger.data, offset), offset + length
        body = ledger.data[start:stop]
        if name == "COM":
            ledger.add(text_field("raw", "in a JPEG comment", body, start))
        elif body.startswith(b"Exif\0") and name == "APP1":
            exif.account(ledger, start + 6, stop, inner)
        elif body.startswith(_XMP):
            xmp.note(ledger, body[len(_XMP) :], start + len(_XMP))
        elif body.startswith(_XMP_MORE):
            packets.append((start + len(_XMP_MORE) + 40, stop))
        elif body.startswith(_ICC):
            profile.append((start + 14, stop))
        elif body.startswith(_IRB):
            resources.append((start + len(_IRB), stop))
        else:
            _other(ledger, name, start, stop)
        ledger.known(name, offset, stop)
    _join(ledger, packets, xmp.note)
    _join(ledger, profile, icc.note)
    _join(ledger, resources, lambda led, data, at: photoshop.note(led, data, at, inner))


def _body(data: bytes, offset: int) -> int:
    at = offset
    while data[at] == 0xFF:
        at += 1
    return at + 3


def _join(ledger: Ledger, parts: list[tuple[int, int]], read: Callable) -> None:
    """What several segments hold together; offsets are told where it is one."""
    if parts:
        whole = b"".join(ledger.data[a:b] for a, b in parts)
        read(ledger, whole, parts[0][0] if len(parts) == 1 else None)


def _other(ledger: Ledger, name: str, start: int, stop: int) -> None:
    """A segment of a known owner, or of nobody: then what a message could be is one."""
    body = ledger.data[start:stop]
    if body.startswith(_OWNERS.get(name, ("\0",)) if name in _OWNERS else b"\xff\xff\xff"):
        _owned(ledger, name, start, stop)
        return
    content = identify(body)
    if content.kind == FILL or len(body) < 4:
        return
    if content.kind == BYTES and not name.startswith("FF"):  # binary tables of a device that gives no name
        ledger.note(f"in an {name} segment", body, f"{len(body)} bytes of an unknown program", start)
        return
    ledger.unknown(f"in an {name} segment of no known program", start, stop)


def _owned(ledger: Ledger, name: str, start: int, stop: int) -> None:
    data, body = ledger.data, ledger.data[start:stop]
    if body.startswith(b"JFIF\0"):
        used = 14 + 3 * body[12] * body[13] if len(body) >= 14 else len(body)
        ledger.unknown("in the JFIF segment, behind what it holds", start + used, stop)
    elif name == "APP14" and len(body) > 12:
        ledger.unknown("in the Adobe segment, behind what it holds", start + 12, stop)
    elif name == "APP11" and body.startswith(b"JP"):
        inside = start + 8  # common identifier, instance, sequence number
        if data[inside + 4 : inside + 8] == b"jumb" and int.from_bytes(data[start + 4 : inside], "big") == 1:
            size = int.from_bytes(data[inside : inside + 4], "big")
            if size <= stop - inside:  # else it goes on in further segments
                ledger.unknown("behind a provenance manifest", max(jumbf_end(data, inside, stop), inside), stop)
            ledger.note("in APP11 segments", b"", "provenance manifest (C2PA)", start)
    else:
        ledger.add(binary_field("raw", f"in an {name} segment", body, start, even=True))
