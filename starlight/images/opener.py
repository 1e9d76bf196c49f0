"""Pillow's decoders, opened in one place: whatever they raise on a hostile file means that it cannot be decoded."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Iterator

from PIL import (
    BmpImagePlugin,
    GifImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    TiffImagePlugin,
    WebPImagePlugin,
)
from PIL import Image as PillowImage

from starlight.errors import BadImage
from starlight.system.quiet import native_stderr

__all__ = ["opened"]

_OPENERS = {
    "jpeg": JpegImagePlugin.JpegImageFile, "png": PngImagePlugin.PngImageFile, "gif": GifImagePlugin.GifImageFile,
    "webp": WebPImagePlugin.WebPImageFile, "bmp": BmpImagePlugin.BmpImageFile, "tiff": TiffImagePlugin.TiffImageFile,
}  # fmt: skip


@contextlib.contextmanager
def opened(form: str, data: bytes) -> Iterator[PillowImage.Image]:
    """Open a file by the decoder of its format, and of no other; nothing is loaded yet.

    Parameters
    ----------
    form : str
        As `Container.format`.
    data : bytes

    Raises
    ------
    BadImage
        For any error of the block: decoders raise a dozen kinds of them.
    """
    native = native_stderr() if form == "tiff" else contextlib.nullcontext([])
    try:
        with native as words, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield _OPENERS[form](io.BytesIO(data))
    except BadImage:
        raise
    except Exception as error:
        text = " ".join([str(error), *words[:1]])
        raise BadImage(f"cannot be decoded: {type(error).__name__}: {' '.join(text.split())[:120]}") from error
