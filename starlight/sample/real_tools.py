"""Stego files made by the programs that people use, and clean counterparts that went through the same encoder.

`outguess` and `steghide` are programs of the system, `stegano` and `stego_lsb` Python packages; none is a dependency.
The clean counterpart is what the program would have written without a payload. OutGuess compresses anew with libjpeg
at its own quality; steghide keeps the coefficients and writes them with libjpeg's standard tables and no metadata; the
two pixel tools save a PNG with Pillow.
"""

import importlib
import io
import json
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import jpeglib
import numpy as np
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.files import image_files
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.techniques.jpeg import outguess, steghide

__all__ = ["TOOLS", "Tool", "installed", "make_submission"]

OUTGUESS_QUALITIES = (75, 75, 75, 80, 85, 90, 95)  # one is drawn; 75 is the program's default, and the least it takes
_TIMEOUT_S = 120


@dataclass(frozen=True)
class Tool:
    """A program that hides data.

    Attributes
    ----------
    name, suffix : str
        As the sidecar calls the technique; extension of the files that it writes.
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
    found: Callable[[], bool]
    make: Callable[[Path, Path, bytes, int], None]
    clean: Callable[[Path, Path, int], None]
    capacity_bytes: Callable[[Path], int]


def installed() -> tuple[str, ...]:
    """Names of the tools that this machine has."""
    return tuple(name for name, tool in TOOLS.items() if tool.found())


def make_submission(
    covers: Iterable[Path] | Path,
    out_dir: Path,
    *,
    tools: tuple[str, ...] | None = None,
    rates: tuple[float, ...] = (0.25, 0.5, 1.0),
    seed: int = 0,
) -> dict[str, int]:
    """Write a submission: `clean/`, and `stego/` with sidecars, by every tool from every cover.

    Parameters
    ----------
    covers : folder or iterable of paths
        Any images that Pillow reads; steghide gets JPEG files of them.
    out_dir : Path
        New or empty; the pipeline finds `<contributor>_submission_<year>`.
    tools : tuple of str, optional
        Those that are installed, by default.
    rates : tuple of float
        Payload as a fraction of the tool's capacity; covers take turns.
    seed : int
        Of payloads, passwords and qualities.

    Returns
    -------
    dict
        Number of stego files by tool. Covers that a tool refuses are left out.

    Raises
    ------
    StarlightError
        A tool that is unknown or not installed, or a folder that is not empty.
    """
    made = dict.fromkeys(installed() if tools is None else tools, 0)
    _prepare(out_dir, tuple(made))
    paths = [covers / name for name in image_files(covers)[0]] if isinstance(covers, Path) else covers
    for index, path in enumerate(paths):
        for name in made:
            rng = np.random.default_rng([seed, index, list(TOOLS).index(name)])
            made[name] += _make_pair(TOOLS[name], path, out_dir, index, rates[index % len(rates)], rng)
    return made


def _prepare(out_dir: Path, tools: tuple[str, ...]) -> None:
    if missing := [name for name in tools if name not in installed()]:
        raise StarlightError(f"tool {missing[0]!r} is not installed; here are: {', '.join(installed()) or 'none'}")
    if out_dir.exists() and any(out_dir.iterdir()):
        raise StarlightError(f"{out_dir}: not empty")
    for kind in ("clean", "stego"):
        (out_dir / kind).mkdir(parents=True, exist_ok=True)


def _make_pair(tool: Tool, cover: Path, out_dir: Path, index: int, rate: float, rng: np.random.Generator) -> int:
    """Write one stego file, its sidecar and its clean counterpart; 0 where the cover cannot carry the payload."""
    base = f"{tool.name}_{cover.stem}_{index:04d}{tool.suffix}"
    clean, stego = out_dir / "clean" / base, out_dir / "stego" / base
    with tempfile.TemporaryDirectory() as folder:
        ready = _as_tool_wants(cover, Path(folder), tool, rng)
        key = int(rng.integers(2**31))
        tool.clean(ready, clean, key)
        length = int(tool.capacity_bytes(clean) * rate)
        try:
            if length < 1:
                raise StarlightError(f"{cover}: too small for {tool.name}")
            tool.make(ready, stego, rng.bytes(length), key)
        except StarlightError:
            clean.unlink()
            stego.unlink(missing_ok=True)
            return 0
    embedding = {"category": "pixel", "technique": tool.name, "ai42": False, "bit_order": "lsb-first"}
    sidecar = {"embedding": embedding, "clean_file": base, "payload_bits": 8 * length, "payload_rate": rate}
    text = json.dumps(sidecar, indent=2, sort_keys=True) + "\n"
    stego.with_name(base + ".json").write_text(text, encoding="utf-8", newline="\n")
    return 1


def _as_tool_wants(cover: Path, folder: Path, tool: Tool, rng: np.random.Generator) -> Path:
    """The cover itself, or a JPEG of it at a random quality where the tool takes JPEG alone."""
    with Image.open(cover) as image:
        if tool.name != "steghide" or image.format == "JPEG":
            return cover
        path = folder / "cover.jpg"
        quality = int(rng.integers(65, 96))
        image.convert("RGB").save(path, quality=quality, subsampling=int(rng.choice([0, 2])))
        return path


def _rgb(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def _run(*command: str) -> None:
    try:
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StarlightError(f"{command[0]}: {error}") from error
    if done.returncode:
        raise StarlightError(f"{command[0]}: {(done.stderr.strip() or 'failed').splitlines()[-1]}")


def _outguess(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        source, message, target = (Path(folder, name) for name in ("cover.ppm", "message", "out.jpg"))
        _rgb(cover).save(source)
        message.write_bytes(payload)
        quality = ("-p", str(_quality(seed)))
        _run("outguess", "-k", f"key{seed}", "-d", str(message), *quality, str(source), str(target))
        shutil.copyfile(target, out)


def _quality(seed: int) -> int:
    return OUTGUESS_QUALITIES[seed % len(OUTGUESS_QUALITIES)]


def _outguess_clean(cover: Path, out: Path, seed: int) -> None:
    jpeg = jpeglib.from_spatial(np.asarray(_rgb(cover)))
    jpeg.samp_factor = "4:2:0"
    jpeg.write_spatial(str(out), qt=_quality(seed))


def _steghide(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        message, target = Path(folder, "message"), Path(folder, "out.jpg")
        message.write_bytes(payload)
        files = ("-cf", str(cover), "-ef", str(message), "-sf", str(target))
        _run("steghide", "embed", *files, "-p", f"key{seed}", "-f", "-q", "-Z")
        shutil.copyfile(target, out)


def _steghide_clean(cover: Path, out: Path, seed: int) -> None:
    data = cover.read_bytes()
    out.write_bytes(write_coefficients(data, read_coefficients(data), metadata=False))


def _stegano(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    from stegano import lsb

    buffer = io.BytesIO()
    _rgb(cover).save(buffer, "PNG")
    lsb.hide(buffer, payload.hex()).save(out, "PNG")


def _stego_lsb(cover: Path, out: Path, payload: bytes, seed: int) -> None:
    from stego_lsb import LSBSteg

    LSBSteg.hide_message_in_image(_rgb(cover), payload, 1).save(out, "PNG")


def _png(cover: Path, out: Path, seed: int) -> None:
    _rgb(cover).save(out, "PNG")


def _pixel_capacity(path: Path) -> int:
    with Image.open(path) as image:
        return 3 * image.width * image.height // 8 - 32


def _has_program(name: str) -> Callable[[], bool]:
    return lambda: shutil.which(name) is not None


def _has_module(name: str) -> Callable[[], bool]:
    def found() -> bool:
        try:
            importlib.import_module(name)
        except ImportError:  # of itself, or of what it needs
            return False
        return True

    return found


def _jpeg_capacity(technique, overhead: int) -> Callable[[Path], int]:
    return lambda path: technique.capacity_bits(read_coefficients(path.read_bytes())) // 8 - overhead


TOOLS: dict[str, Tool] = {
    tool.name: tool
    for tool in (
        Tool("outguess", ".jpg", _has_program("outguess"), _outguess, _outguess_clean, _jpeg_capacity(outguess, 8)),
        Tool("steghide", ".jpg", _has_program("steghide"), _steghide, _steghide_clean, _jpeg_capacity(steghide, 64)),
        Tool("stegano", ".png", _has_module("stegano.lsb"), _stegano, _png, lambda path: _pixel_capacity(path) // 2),
        Tool("stego-lsb", ".png", _has_module("stego_lsb.LSBSteg"), _stego_lsb, _png, _pixel_capacity),
    )
}
