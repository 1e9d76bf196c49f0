"""A submission made of a folder of real photographs: whole files, and parts of them with stego twins."""

from __future__ import annotations

import csv
import functools
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from starlight.errors import BadImage, StarlightError
from starlight.fanout import Engine, chunked, run
from starlight.images.image import decode
from starlight.images.writing.encode import Encoding, encode
from starlight.images.writing.jpeg_crop import crop
from starlight.release.evidence import device
from starlight.sample.carriers import Carrier
from starlight.sample.covers.photos import folder_photographs
from starlight.sample.embedding import Rates, embed

__all__ = ["KINDS", "makes", "submission"]

KINDS = {
    "whole": "whole files",
    "cut": "parts of their JPEG blocks, 512x384",
    "saved": "parts at half size, stored without loss, 512x384",
}
_SIDES = (384, 512)  # rows, columns of a part
_CARRIED = {"cut": ("f5", "nsf5", "outguess", "steghide"), "saved": ("lsbr", "lsbm")}  # one part for each
_RATES = Rates(lsb=(0.2,), adaptive=(0.4,), jpeg=(0.4,), tool=(0.5,), max_bytes=8192)
_LEAST, _OTHERS, _UNNAMED = 8, "others", "no make named"


def makes(folders: Sequence[Path]) -> dict[str, str]:
    """Make of each photograph, by its path: as the file names it; makes of few files together.

    Raises
    ------
    StarlightError
        A folder holds no image file, or all are of one make.
    """
    named = {path: device(Path(path)) or _UNNAMED for folder in folders for path in folder_photographs(folder)}
    counts = Counter(named.values())
    found = {path: make if counts[make] >= _LEAST else _OTHERS for path, make in named.items()}
    if len(set(found.values())) < 2:
        raise StarlightError(f"{', '.join(map(str, folders))}: photographs of two makes at least are needed")
    return found


def submission(photographs: dict[str, str], folder: Path, *, workers: int = 1) -> Path:
    """Write whole files, parts and stego made from parts, the same for the same photographs.

    Parameters
    ----------
    photographs : dict
        Path to make.
    folder : Path
        Gets `clean/<kind>_<number>`, `stego/` with sidecars, and `sources.csv`, whose source is the make.
    workers : int
        Processes.

    Returns
    -------
    Path
        `folder`.
    """
    for name in ("clean", "stego"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    items, engine = list(enumerate(photographs.items())), Engine(workers)
    parts = run(engine, functools.partial(_write, folder), chunked(items, engine), label="photographs")
    rows = sorted(row for part in parts for row in part)
    with (folder / "sources.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerows([("filename", "cover_id", "source"), *rows])
    return folder


def _write(folder: Path, items: Sequence[tuple[int, tuple[str, str]]]) -> list[tuple[str, str, str]]:
    rows = []
    for number, (path, make) in items:
        data = Path(path).read_bytes()
        try:
            carriers = list(_parts(data))
        except BadImage:
            continue  # the scan says why
        name = f"whole_{number:04d}{Path(path).suffix.lower()}"
        (folder / "clean" / name).write_bytes(data)
        names = [name]
        for place, (technique, carrier) in enumerate(carriers):
            names.append(_write_part(folder, f"{carrier.kind}_{number:04d}_{place}", technique, carrier))
        rows += [(f"clean/{one}", f"user/{number:04d}", make) for one in names]
    return rows


def _write_part(folder: Path, stem: str, technique: str, carrier: Carrier) -> str:
    """The part and, where it has room, the stego made from it."""
    name = f"{stem}.{'jpg' if carrier.encoding.format == 'jpeg' else 'png'}"
    (folder / "clean" / name).write_bytes(carrier.data)
    try:
        stego = embed(carrier, technique, np.random.default_rng(zlib.crc32(stem.encode())), _RATES)
    except StarlightError:  # a flat part
        return name
    (folder / "stego" / name).write_bytes(stego.data)
    said = {"embedding": stego.embedding, "clean_file": name}
    (folder / "stego" / f"{name}.json").write_text(json.dumps(said, sort_keys=True), encoding="utf-8")
    return name


def _parts(data: bytes) -> Iterator[tuple[str, Carrier]]:
    """Parts of a photograph and the technique that each carries; none of what has alpha or a palette."""
    image = decode(data)
    if image.indices is not None or image.alpha is not None:
        return
    rng = np.random.default_rng(zlib.crc32(data))
    if image.container.format == "jpeg":
        for technique in _CARRIED["cut"]:
            try:
                cut = crop(data, tuple(rng.random(2).tolist()), *_SIDES)
            except BadImage:  # tables that the writer does not write
                break
            yield technique, Carrier("cut", image.pixels[:1, :1], Encoding("jpeg"), cut, b"", "", "")
    picture = Pillow.fromarray(image.pixels if image.pixels.shape[2] == 3 else image.pixels[:, :, 0])
    half = picture.resize([max(1, n // 2) for n in picture.size], Pillow.Resampling.LANCZOS)
    samples = np.asarray(half)
    if samples.shape[0] < _SIDES[0] or samples.shape[1] < _SIDES[1]:
        return
    for technique in _CARRIED["saved"]:
        y, x = (int(rng.integers(n - k + 1)) for n, k in zip(samples.shape, _SIDES, strict=False))
        part = np.ascontiguousarray(samples[y : y + _SIDES[0], x : x + _SIDES[1]])
        encoding = Encoding("png")
        yield technique, Carrier("saved", part, encoding, encode(part, encoding), b"", "", "")
