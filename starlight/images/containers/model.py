"""What a container is, the limits it is read under, and the notebook that a parser fills as it walks."""

from __future__ import annotations

import dataclasses
import time
import zlib

from starlight.errors import BadImage
from starlight.images.containers import exif as _exif
from starlight.images.containers.behind import Part

__all__ = ["Container", "Limits", "Walk"]

_MAX_PROBLEMS = 50  # a broken file may repeat one oddity thousands of times
_MAX_INFLATED = 16 << 20  # bytes of compressed text and profiles that are unpacked for one file


@dataclasses.dataclass(frozen=True)
class Limits:
    """What one file may cost.

    Attributes
    ----------
    max_pixels : int
        Width times height of the canvas, and of any frame.
    seen_pixels : int
        Of a larger image the top rows with about so many pixels are looked at, so that memory stays bounded.
    max_bytes : int
        Size of the file.
    max_frames, max_segments : int
        Frames or pages; chunks, markers, blocks or IFD entries.
    max_seconds : float
        Processor time of the walk.
    """

    max_pixels: int = 1 << 28
    seen_pixels: int = 64_000_000
    max_bytes: int = 256 << 20
    max_frames: int = 1000
    max_segments: int = 100_000
    max_seconds: float = 2.0


@dataclasses.dataclass(frozen=True)
class Container:
    """Structure of one image file, read forward from its first byte.

    Attributes
    ----------
    format : str
        `png`, `jpeg`, `gif`, `webp`, `bmp` or `tiff`.
    width, height : int
        Pixels of the canvas.
    mode : str
        As stored: `1`, `L`, `LA`, `P`, `RGB`, `RGBA`, `CMYK`, `I;16`, `LA;16`, `RGB;16`, `RGBA;16`, ...
    bit_depth : int
        Bits of one sample, or of one index.
    frames : int
        Frames of an animation, pages of a TIFF, else 1.
    end : int
        Offset one past the true end of the image.
    trailer : bytes
        `data[end:]`.
    exif : bytes
        The TIFF-structured block without `Exif\\0\\0`; empty in a TIFF, which is such a block itself.
    user_comment : bytes
        Raw EXIF UserComment with its 8-byte character code.
    exif_fields : int
        Tags in all IFDs.
    xmp : bytes
    comments : tuple of bytes
        JPEG COM, GIF comments, values of PNG text chunks (unpacked).
    icc_length : int
        Bytes of the colour profile, unpacked.
    segments : tuple of (str, int, int)
        Name, offset and length of each marker segment, chunk or block with its header, in file order.
    has_alpha, lossless, indexed, progressive, interlaced : bool
    quant_tables : tuple of tuple of int
        JPEG tables by ascending slot, 64 values in natural (row-major) order.
    sampling : str
        JPEG chroma subsampling, `4:2:0` and the like, or `grey`.
    mpf : tuple of (int, int)
        Offset and length of the MPF images after the first.
    behind : tuple of Part
        What a JPEG file announces behind its picture; `end` lies behind it.
    problems : tuple of str
        What is odd but did not stop the walk.
    """

    format: str
    width: int
    height: int
    mode: str
    bit_depth: int
    frames: int
    end: int
    trailer: bytes
    exif: bytes
    user_comment: bytes
    exif_fields: int
    xmp: bytes
    comments: tuple[bytes, ...]
    icc_length: int
    segments: tuple[tuple[str, int, int], ...]
    has_alpha: bool
    lossless: bool
    indexed: bool
    progressive: bool
    interlaced: bool
    quant_tables: tuple[tuple[int, ...], ...]
    sampling: str
    mpf: tuple[tuple[int, int], ...]
    behind: tuple[Part, ...]
    problems: tuple[str, ...]


class Walk:
    """Notebook of one walk through a file: what was found, and how much of the limits is used up."""

    def __init__(self, data: bytes, limits: Limits) -> None:
        self.data, self.limits = data, limits
        self.segments: list[tuple[str, int, int]] = []
        self.problems: list[str] = []
        self.comments: list[bytes] = []
        self.exif = self.xmp = b""
        self.icc_length = 0
        self.frames = 0
        self._deadline = time.thread_time() + limits.max_seconds
        self._inflated = self._steps = 0

    def segment(self, name: str, offset: int, length: int) -> None:
        """Note a segment.

        Parameters
        ----------
        name : str
        offset, length : int
            In bytes.

        Raises
        ------
        BadImage
            There are too many, or they take too long.
        """
        self.segments.append((name, offset, length))
        self.step()

    def step(self) -> None:
        """Count a segment, or another small piece of structure that is not noted."""
        self._steps += 1
        if self._steps > self.limits.max_segments:
            raise BadImage(f"over {self.limits.max_segments} segments")
        if self._steps % 64 == 0:
            self.check_time()

    def check_time(self) -> None:
        """BadImage where the walk takes too long."""
        if time.thread_time() > self._deadline:
            raise BadImage(f"structure takes over {self.limits.max_seconds:g} s to read")

    def inner(self) -> Walk:
        """Notebook for a file within the file, under the same deadline."""
        walk = Walk(self.data, self.limits)
        walk._deadline = self._deadline
        return walk

    def problem(self, text: str) -> None:
        """Note an oddity, once."""
        if text not in self.problems and len(self.problems) < _MAX_PROBLEMS:
            self.problems.append(text)

    def frame(self) -> None:
        """Count a frame; BadImage past the limit."""
        self.frames += 1
        if self.frames > self.limits.max_frames:
            raise BadImage(f"over {self.limits.max_frames} frames")

    def size(self, width: int, height: int) -> None:
        """Check dimensions of a canvas or a frame; BadImage for none or too many pixels."""
        if width < 1 or height < 1:
            raise BadImage(f"no pixels: {width} x {height}")
        if width * height > self.limits.max_pixels:
            raise BadImage(f"{width} x {height} is over {self.limits.max_pixels} pixels")

    def inflate(self, packed: bytes, what: str) -> bytes:
        """Unpack a zlib stream, up to what is left of this file's allowance; a bad one is noted as a problem."""
        room = _MAX_INFLATED - self._inflated
        if room <= 0:
            self.problem(f"{what} not unpacked: over {_MAX_INFLATED} bytes")
            return b""
        stream = zlib.decompressobj()
        try:
            plain = stream.decompress(packed, room)
        except zlib.error:
            self.problem(f"{what} is no zlib stream")
            return b""
        if not stream.eof:
            self.problem(f"{what} is cut short")
        self._inflated += len(plain)
        return plain

    def container(self, *, end: int, **facts) -> Container:
        """Close the notebook; `facts` are the fields of `Container` that the walk does not keep itself."""
        facts = _DEFAULTS | facts
        if "exif_fields" not in facts:
            tags = _exif.read(self.exif)
            facts |= {"exif_fields": tags.fields, "user_comment": tags.user_comment}
            for text in tags.problems:
                self.problem(text)
        self.size(facts["width"], facts["height"])
        return Container(
            end=end, trailer=self.data[end:], exif=self.exif, xmp=self.xmp, comments=tuple(self.comments),
            icc_length=self.icc_length, segments=tuple(self.segments), problems=tuple(self.problems),
            frames=max(1, self.frames), **facts,
        )  # fmt: skip


_DEFAULTS = {
    "has_alpha": False, "lossless": True, "indexed": False, "progressive": False, "interlaced": False,
    "quant_tables": (), "sampling": "", "mpf": (), "behind": (),
}  # fmt: skip
