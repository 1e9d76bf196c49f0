"""Arrays to image files, with every setting explicit, so that a stego file and its twin are written alike."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from starlight.errors import StarlightError
from starlight.images.writing import jpeg_libraries, segments
from starlight.images.writing.tables import SAMPLINGS

__all__ = ["SUFFIXES", "Encoding", "encode", "with_metadata"]

SUFFIXES = {"png": "png", "jpeg": "jpg", "gif": "gif", "webp": "webp", "bmp": "bmp", "tiff": "tif"}
_MODES = {2: "LA", 3: "RGB", 4: "RGBA"}


@dataclass(frozen=True)
class Encoding:
    """Container and settings of one file.

    Attributes
    ----------
    format : str
        A key of `SUFFIXES`.
    level : int
        PNG: zlib level 0 to 9. WEBP: method 0 to 6.
    quality : int
        JPEG and lossy WEBP: 1 to 100. Lossless WEBP: effort.
    subsampling : int
        JPEG: 0 4:4:4, 1 4:2:2, 2 4:2:0, 3 4:4:0; a place in `tables.SAMPLINGS`.
    progressive, optimize : bool
        JPEG.
    tables : tuple of tuple of int
        JPEG quantisation tables of 64 steps each, in place of those of `quality`.
    library, arithmetic, base : str, str, int
        JPEG: which encoder writes it, see `jpeg_libraries`; empty is Pillow's.
    restart_rows : int
        JPEG: rows of blocks between restart markers, 0 for none; Pillow's encoder alone.
    jfif : bool
        JPEG: whether to keep the JFIF header, which cameras leave out.
    lossless : bool
        WEBP.
    palette : bytes
        R, G, B, R, … of an indexed image, an even number of colours.
    transparent : int
        Index that an indexed image shows through; -1 none.
    interlace : bool
        GIF.
    exif, icc : bytes
        Metadata blocks; JPEG, PNG and WEBP.
    comment : str
        JPEG and GIF comment, PNG text under the keyword Software.
    compression : str
        TIFF: Pillow's name of it.
    """

    format: str
    level: int = 6
    quality: int = 90
    subsampling: int = 2
    progressive: bool = False
    optimize: bool = False
    tables: tuple[tuple[int, ...], ...] = ()
    library: str = ""
    arithmetic: str = "islow"
    base: int = 0
    restart_rows: int = 0
    jfif: bool = True
    lossless: bool = True
    palette: bytes = b""
    transparent: int = -1
    interlace: bool = False
    exif: bytes = b""
    icc: bytes = b""
    comment: str = ""
    compression: str = "raw"


def encode(samples: np.ndarray, encoding: Encoding) -> bytes:
    """Write an image file.

    Parameters
    ----------
    samples : ndarray of uint8
        Shape (H, W): grey, or indices where the encoding has a palette; (H, W, 2) grey and alpha; (H, W, 3) RGB;
        (H, W, 4) RGBA.
    encoding : Encoding

    Returns
    -------
    bytes

    Raises
    ------
    StarlightError
        For an unknown format, or samples that it cannot hold.
    """
    if encoding.format not in SUFFIXES:
        raise StarlightError(f"format: {encoding.format!r} is unknown, use one of {', '.join(SUFFIXES)}")
    if encoding.format == "jpeg":
        data = _jpeg_by_library(samples, encoding) if encoding.library else _saved(samples, encoding)
        return data if encoding.jfif else segments.without_jfif(data)
    return _saved(samples, encoding)


def _saved(samples: np.ndarray, encoding: Encoding) -> bytes:
    image, buffer = _image(samples, encoding), io.BytesIO()
    try:
        image.save(buffer, encoding.format.upper(), **_OPTIONS[encoding.format](encoding))
    except OSError as error:
        raise StarlightError(f"{encoding.format}: cannot hold samples of shape {samples.shape} ({error})") from error
    return buffer.getvalue()


def _jpeg_by_library(samples: np.ndarray, encoding: Encoding) -> bytes:
    data = jpeg_libraries.encode(
        samples, encoding.tables or encoding.quality, library=encoding.library, arithmetic=encoding.arithmetic,
        base=encoding.base, sampling=SAMPLINGS[encoding.subsampling], progressive=encoding.progressive,
        optimize=encoding.optimize,
    )  # fmt: skip
    return with_metadata(data, encoding)


def with_metadata(data: bytes, encoding: Encoding) -> bytes:
    """Put an encoding's comment, profile and EXIF into a JPEG file that has none."""
    if encoding.comment:
        data = segments.insert(data, 0xFE, encoding.comment.encode())
    if encoding.icc:
        data = segments.insert(data, 0xE2, b"ICC_PROFILE\0\1\1" + encoding.icc)
    return segments.set_exif(data, encoding.exif) if encoding.exif else data


def _image(samples: np.ndarray, encoding: Encoding) -> Image.Image:
    if samples.ndim == 3:
        return Image.fromarray(np.ascontiguousarray(samples), _MODES[samples.shape[2]])
    image = Image.fromarray(np.ascontiguousarray(samples), "L")
    if encoding.palette:
        if int(samples.max()) * 3 >= len(encoding.palette):
            raise StarlightError("palette: an index points past the last colour")
        image = Image.frombytes("P", image.size, samples.tobytes())
        image.putpalette(encoding.palette)
    return image


def _png(encoding: Encoding) -> dict:
    options: dict = {"compress_level": encoding.level}
    if encoding.comment:
        options["pnginfo"] = PngInfo()
        options["pnginfo"].add_text("Software", encoding.comment)
    if encoding.transparent >= 0:
        options["transparency"] = encoding.transparent
    return options | _blocks(encoding)


def _jpeg(encoding: Encoding) -> dict:
    options: dict = {
        "subsampling": encoding.subsampling,
        "progressive": encoding.progressive,
        "optimize": encoding.optimize,
        "restart_marker_rows": encoding.restart_rows,
    }
    if encoding.tables:
        options["qtables"] = [list(table) for table in encoding.tables]
    else:
        options["quality"] = encoding.quality
    if encoding.comment:
        options["comment"] = encoding.comment.encode()
    return options | _blocks(encoding)


def _gif(encoding: Encoding) -> dict:
    options: dict = {"optimize": False, "interlace": int(encoding.interlace)}
    if encoding.transparent >= 0:
        options["transparency"] = encoding.transparent
    if encoding.comment:
        options["comment"] = encoding.comment.encode()
    return options


def _webp(encoding: Encoding) -> dict:
    return {
        "lossless": encoding.lossless,
        "quality": encoding.quality,
        "method": encoding.level,
        "exact": True,  # or colours under full transparency are lost, and what they carry with them
    } | _blocks(encoding)


def _bmp(encoding: Encoding) -> dict:
    return {}


def _tiff(encoding: Encoding) -> dict:
    return {"compression": encoding.compression}


def _blocks(encoding: Encoding) -> dict:
    blocks = {"icc_profile": encoding.icc, "exif": encoding.exif}
    if encoding.exif and encoding.format == "jpeg":
        blocks["exif"] = b"Exif\0\0" + encoding.exif
    return {key: value for key, value in blocks.items() if value}


_OPTIONS = {"png": _png, "jpeg": _jpeg, "gif": _gif, "webp": _webp, "bmp": _bmp, "tiff": _tiff}
