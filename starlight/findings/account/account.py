"""The account of a whole file."""

from __future__ import annotations

import dataclasses

import numpy as np

from starlight.errors import BadImage
from starlight.findings.account import bmp, gif, jpeg, png, tiff, webp
from starlight.findings.account.ledger import Account, Ledger
from starlight.findings.contents import identify
from starlight.images import png_stream
from starlight.images.containers import Container, Limits, parse
from starlight.images.image import Image

__all__ = ["account", "account_of"]

_FORMATS = {"jpeg": jpeg, "png": png, "gif": gif, "webp": webp, "bmp": bmp, "tiff": tiff}
_DEEPEST = 3  # files in files
_INNER = Limits(max_seconds=0.5, max_segments=10_000)
_FEWEST = 12  # bytes of colours that no pixel has, from which they may be a text


def account(image: Image) -> Account:
    """Account for every byte of an image file.

    Parameters
    ----------
    image : Image

    Returns
    -------
    Account
        Its spans tile the file.

    Raises
    ------
    BadImage
        It has more fields than any file of its kind.
    """
    ledger = _ledger(image.data, image.container, 0, whole=bool(image.kept.get(png_stream.WHOLE)))
    _scan_rest(ledger, image)
    _unused_colours(ledger, image)
    return ledger.close()


def account_of(data: bytes, container: Container | None = None, depth: int = 0) -> Account:
    """The account of a file, without what only decoded pixels tell.

    Parameters
    ----------
    data : bytes
    container : Container, optional
        Structure of the file, where it is known already.
    depth : int
        How many files this one lies in.

    Raises
    ------
    BadImage
        The structure cannot be read.
    """
    return _ledger(data, container or parse(data), depth).close()


def _ledger(data: bytes, container: Container, depth: int, *, whole: bool = False) -> Ledger:
    ledger = Ledger(data, container.end, depth, whole=whole)
    _FORMATS[container.format].account(ledger, container, _inner)
    return ledger


def _inner(ledger: Ledger, start: int, stop: int, name: str) -> int:
    """Note a picture within a file; returns where it ends, or `start` where there is none."""
    part = ledger.data[start:stop]
    if ledger.depth >= _DEEPEST:
        return stop
    if part[1:3] == b"\xd8\xff" and part[:1] != b"\xff":  # as Minolta's previews begin
        part = b"\xff" + part[1:]
    try:
        container = parse(part, _INNER)
    except BadImage:
        return start
    if "missing EOI" in container.problems:
        return start
    whole = dataclasses.replace(container, trailer=b"")
    ledger.include(account_of(part[: container.end], whole, ledger.depth + 1), start, name)
    return start + container.end


def _scan_rest(ledger: Ledger, image: Image) -> None:
    """Bytes of a JPEG's scan that its decoder found no use for."""
    try:
        found = image.coefficients
    except BadImage:  # a stream that breaks off has no end that something could follow
        return
    count = found.extraneous if found is not None else 0
    if count < 4:
        return
    scans = [i for i, (name, *_) in enumerate(image.container.segments) if name == "SOS"]
    segments = image.container.segments
    stop = segments[scans[-1] + 1][1] if scans[-1] + 1 < len(segments) else len(image.data)
    rest = image.data[stop - count : stop].replace(b"\xff\0", b"\xff")
    if len(set(rest)) > 1:
        ledger.hide("behind the picture in the scan", rest, stop - count)


def _unused_colours(ledger: Ledger, image: Image) -> None:
    """Colours of the palette that no pixel has, where they read as text or as a file."""
    if image.palette is None or image.indices is None or not len(image.palette):
        return
    if image.container.frames > 1:  # other frames may use them
        return
    used = np.flatnonzero(np.bincount(image.indices.reshape(-1), minlength=256))
    rest = image.palette[int(used[-1]) + 1 :].tobytes().strip(b"\0")
    content = identify(rest)
    plain = content.kind in ("text", "script", "base64") and content.encoding in ("ascii", "utf-8")
    if len(rest) >= _FEWEST and (plain or content.kind in ("archive", "program")):
        ledger.hide("in colours of the palette that no pixel has", rest)
