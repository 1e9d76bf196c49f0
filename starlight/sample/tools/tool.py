"""What the registry knows of a program that hides data, and how such programs are found and run."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from starlight.errors import StarlightError

__all__ = ["Tool", "as_cover", "has_module", "has_program", "rgb", "run", "through_files"]

_TIMEOUT_S = 120


@dataclass(frozen=True)
class Tool:
    """A program that hides data.

    Attributes
    ----------
    name, suffix : str
        As the sidecar calls the technique; extension of the files that it writes.
    takes : str
        Format of the cover that the program is given: `jpeg`, `png`, `bmp`, `webp`, `gif`; "" where any will do.
    found : callable () -> bool
    make : callable (cover_path, out_path, payload: bytes, seed: int) -> None
        Hide the payload. Raises StarlightError where the program refuses.
    clean : callable (cover_path, out_path, seed: int) -> None
        Write the clean counterpart of the file made with this seed.
    capacity_bytes : callable (clean_path) -> int
        Longest payload in the clean counterpart, less the program's headers.
    """

    name: str
    suffix: str
    takes: str
    found: Callable[[], bool]
    make: Callable[[Path, Path, bytes, int], None]
    clean: Callable[[Path, Path, int], None]
    capacity_bytes: Callable[[Path], int]


def as_cover(cover: Path, folder: Path, takes: str, rng: np.random.Generator) -> Path:
    """The cover in the format that a tool takes: itself where it is in that format, else one made of it."""
    with Image.open(cover) as image:
        if takes in ("", (image.format or "").lower()):
            return cover
        path = folder / f"cover.{takes}"
        if takes == "jpeg":
            quality = int(rng.integers(65, 96))
            image.convert("RGB").save(path, quality=quality, subsampling=int(rng.choice([0, 2])))
        elif takes == "gif":
            method, colours = Image.Quantize(int(rng.choice([0, 2]))), int(rng.choice([128, 256]))
            image.convert("RGB").quantize(colours, method).save(path)
        else:
            image.convert("RGB").save(path, **({"lossless": True} if takes == "webp" else {}))
        return path


def rgb(path: Path) -> Image.Image:
    """An image in RGB."""
    with Image.open(path) as image:
        return image.convert("RGB")


def run(*command: str) -> None:
    """Run a program; a StarlightError says what it complained of."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StarlightError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise StarlightError(f"{command[0]}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")


def through_files(
    command: Callable[[str, str, str, str], tuple[str, ...]], suffix: str
) -> Callable[[Path, Path, bytes, int], None]:
    """`Tool.make` of a program that takes files.

    Parameters
    ----------
    command : callable (cover, message, out, key) -> tuple of str
    suffix : str
        Of its output.
    """

    def make(cover: Path, out: Path, payload: bytes, seed: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            message, target = Path(folder, "message"), Path(folder, f"out{suffix}")
            message.write_bytes(payload)
            run(*command(str(cover), str(message), str(target), f"key{seed}"))
            if not target.is_file():  # a program that fails may say nothing
                raise StarlightError(f"{out.name}: nothing was written")
            shutil.copyfile(target, out)

    return make


def has_program(*names: str) -> Callable[[], bool]:
    """Whether all of these programs are there."""
    return lambda: all(shutil.which(name) for name in names)


def has_module(name: str) -> Callable[[], bool]:
    """Whether a Python package is there, with all that it needs."""

    def found() -> bool:
        try:
            importlib.import_module(name)
        except ImportError:  # of itself, or of what it needs
            return False
        return True

    return found
