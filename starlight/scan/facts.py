"""What a file's content says about itself: found once per content, whatever the file is called and wherever it lies."""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import asdict, dataclass

import numpy as np

from starlight.findings.reading.reader import in_low_bits, read
from starlight.images.containers import Limits
from starlight.images.image import Image, decode
from starlight.scan.duplicates import fingerprint
from starlight.streams.readable.decode import comment_text, decode_payload
from starlight.techniques.constraints import constraint_mask
from starlight.techniques.readable.protocol import MARK

__all__ = ["VERSION", "Facts", "measure", "pack", "unpack"]

VERSION = 3
_WORDS = ("format", "mode", "can_carry", "build", "alpha", "decoded")  # fields of few distinct values


@dataclass(frozen=True, slots=True)
class Facts:
    """Of one content.

    Attributes
    ----------
    format, mode : str
    width, height : int
        Pixels.
    pixel_hash : str
        Of size and pixels, without alpha, 16 hex digits.
    phash : int
        Perceptual hash; -1 where the picture has too little structure.
    thumb : str
        8x8 grey thumbnail, hexadecimal.
    can_carry : str
        The constraint mask as zeros and ones.
    build : str
        Digest of how the file is built: two files of equal build differ in nothing but pixels and metadata.
    alpha : str
        `none`, `uniform` or `varied`.
    indexed : bool
    exif_fields, comment_bytes, trailer_bytes, second_images : int
    decoded : str
        Technique of the payload that is read in it; empty where there is none.
    decoded_bits : int
        Its length without framing.
    decoded_mark : bool
        It bears the protocol's mark.
    """

    format: str
    mode: str
    width: int
    height: int
    pixel_hash: str
    phash: int
    thumb: str
    can_carry: str
    build: str
    alpha: str
    indexed: bool
    exif_fields: int
    comment_bytes: int
    trailer_bytes: int
    second_images: int
    decoded: str
    decoded_bits: int
    decoded_mark: bool


def measure(data: bytes, limits: Limits, *, searched: bool = True) -> Facts:
    """Facts of a file's bytes.

    Parameters
    ----------
    data : bytes
    limits : Limits
    searched : bool
        Whether all that can be read in it is looked for; else `decoded` tells of text in scan order alone, at a
        tenth of the time.

    Raises
    ------
    BadImage
        It is no image that can be read within the limits.
    """
    image = decode(data, limits)
    container = image.container
    print_ = fingerprint(image.pixels)
    decoded = next(iter(read(image).hidden), None) if searched else in_low_bits(image)
    alpha = "none"
    if image.alpha is not None:
        alpha = "uniform" if image.alpha.min() == image.alpha.max() else "varied"
    build = (container.format, container.mode, container.bit_depth, container.lossless, container.sampling,
             container.progressive, container.frames, container.quant_tables)  # fmt: skip
    return Facts(
        format=container.format,
        mode=container.mode,
        width=container.width,
        height=container.height,
        pixel_hash=_pixel_hash(image.pixels),
        phash=-1 if print_.phash is None else print_.phash,
        thumb=print_.thumb.hex(),
        can_carry="".join("1" if can else "0" for can in constraint_mask(image)),
        build=hashlib.sha256(repr(build).encode()).hexdigest()[:16],
        alpha=alpha,
        indexed=container.indexed,
        exif_fields=container.exif_fields,
        comment_bytes=len(container.user_comment),
        trailer_bytes=len(container.trailer),
        second_images=len(container.behind),
        decoded=decoded.technique if decoded else "",
        decoded_bits=8 * len(decoded.payload) if decoded else 0,
        decoded_mark=_marked(image),
    )


def _marked(image: Image) -> bool:
    """Whether a payload bears the protocol's mark, which nothing else does."""
    if any(raw.startswith(MARK) for raw in (comment_text(image), image.container.trailer)):
        return True
    found = decode_payload(image)
    return found is not None and found.marked


def _pixel_hash(pixels: np.ndarray) -> str:
    digest = hashlib.sha256(repr(pixels.shape).encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()[:16]


def pack(facts: Facts) -> np.ndarray:
    """Facts as a record for the store, uint8 (n,)."""
    return np.frombuffer(json.dumps(asdict(facts), sort_keys=True).encode(), np.uint8)


def unpack(record: np.ndarray) -> Facts:
    """Facts from a record of the store; words that many share are there once."""
    said = json.loads(record.tobytes())
    return Facts(**said | {name: sys.intern(said[name]) for name in _WORDS})
