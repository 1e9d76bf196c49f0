"""Answers with a small picture of the file, and for what was found a page that explains it. Runs in the workers."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image as PillowImage

from starlight.errors import StarlightError

__all__ = ["Pictured", "pictured", "thumbnail"]

_SIDE = 112  # pixels
_FORMATS = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
_FOUND = ("stego", "forged", "cannot tell")


class Pictured:
    """A detector whose records carry `picture`, and `explained` where a folder for such pages is given."""

    def __init__(self, detector: Any, folder: Path | None) -> None:
        self._detector, self._folder = detector, folder
        self.description = detector.description

    def detect(self, path: str) -> _Record:
        """The answer about one file, as a record."""
        record = self._detector.detect(path).to_dict()
        record["picture"] = None if record["verdict"] == "unreadable" else thumbnail(path)
        if self._folder is not None and record["verdict"] in _FOUND:
            record["explained"] = self._explain(path, record)
        return _Record(record)

    def _explain(self, path: str, record: dict[str, Any]) -> str:
        from starlight.detector.explain import explain

        name = f"{record['sample_id']}.html"
        page = self._folder / name
        if not page.exists():
            own = getattr(self._detector, "explain", None)  # what answers another task than hidden data
            text = own(path, record) if own else explain(self._detector, path)
            page.write_text(text, encoding="utf-8")
        return f"{self._folder.name}/{name}"


class _Record(dict):
    """A record that is its own dictionary, as the pool asks for it."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class _Load:
    load: Callable[[], Any]
    folder: Path | None

    def __call__(self) -> Pictured:
        return Pictured(self.load(), self.folder)


def pictured(load: Callable[[], Any], folder: Path | None) -> Callable[[], Pictured]:
    """A loader, fit for worker processes, of the same detector with pictures.

    Parameters
    ----------
    load : callable
        Gives the detector; can be pickled.
    folder : Path, optional
        Of pages that explain what was found; made if it is missing.
    """
    if folder is not None:
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise StarlightError(f"{folder}: cannot be made: {error.strerror}") from error
    return _Load(load, folder)


def thumbnail(path: str) -> bytes | None:
    """A small WEBP of an image, alpha ignored, without metadata; None where Pillow cannot make one."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with PillowImage.open(path, formats=_FORMATS) as image:
                image.draft("RGB", (2 * _SIDE, 2 * _SIDE))  # a JPEG is decoded at a fraction of its size
                picture = image.convert("RGBA" if "transparency" in image.info else "RGB").convert("RGB")
        picture.thumbnail((_SIDE, _SIDE), PillowImage.Resampling.BOX)
        out = io.BytesIO()
        picture.save(out, "webp", quality=55, method=2)
        return out.getvalue()
    except Exception:  # errors of a dozen kinds; the answer stands without a picture
        return None
