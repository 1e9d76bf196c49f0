"""How scanning and extracting grow with the number of images: time, memory, room on disk."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor
from PIL import Image

from starlight import manifest
from starlight.errors import StarlightError
from starlight.extract.extract import NEEDED, ExtractParams, extract
from starlight.params import section
from starlight.scan.scan import ScanParams, scan_into
from starlight.techniques import get

__all__ = ["FIELDS", "LEAST", "generate", "measure"]

FIELDS = ("phase", "images", "seconds", "share", "images_per_s", "main_mib", "worker_mib", "store_mib", "streams_mib")
SIDE = 128  # pixels
LEAST = 10  # images, among which are a stego image and its cover
_HOME = "scale_submission_2026"
_MIB = 1 << 20


def measure(folder: Path, count: int, raw: dict, *, workers: int = 0, seed: int = 0) -> list[dict]:
    """Generate images, then scan and extract them: from nothing, again, renamed, and with 1 % more.

    `share` is the time as a part of what the same work took from nothing. Every phase runs in a process of its own, so
    that its peak memory is its own.

    Parameters
    ----------
    folder : Path
        Empty; gets `datasets/`, `store/`, `artifacts/`.
    count : int
        Images.
    raw : dict
        What `starlight.params.read` returned.
    workers : int
        Processes; 0 means one for each core.
    seed : int

    Returns
    -------
    list of dict
        A row for each phase, with the keys of `FIELDS`.
    """
    folder = folder.absolute()
    more = max(LEAST, count // 100)
    changes = {
        "": lambda: generate(folder / "datasets", 0, count, seed, workers),
        ", nothing new": lambda: None,
        ", renamed": lambda: _rename(folder / "datasets"),
        ", 1 % new": lambda: generate(folder / "datasets", count, more, seed, workers),
    }
    rows = []
    for suffix, change in changes.items():
        change()
        get_reusable_executor().shutdown(wait=True)
        images = count + more if suffix == ", 1 % new" else count
        rows += [
            _phase(folder, f"{work}{suffix}", images, str(folder), raw, workers, seed) for work in ("scan", "extract")
        ]
    for row in rows:
        first = next(r for r in rows if r["phase"] == row["phase"].split(",")[0])
        row["share"] = round(row["seconds"] / first["seconds"], 3)
    return rows


def _rename(datasets: Path) -> None:
    """Every file gets another path, and keeps its content."""
    (datasets / _HOME).rename(datasets / f"renamed_{_HOME}")


def generate(datasets: Path | str, first: int, count: int, seed: int, workers: int) -> None:
    """Write small images: PNG, JPEG, and stego made from each tenth PNG.

    Parameters
    ----------
    datasets : path
    first : int
        Number of the first one.
    count : int
    seed : int
    workers : int
        Processes; 0 for one a core.
    """
    home = Path(datasets) / _HOME
    for sub in ("clean", "stego"):
        (home / sub).mkdir(parents=True, exist_ok=True)
    n_jobs = workers or -1
    starts = range(first, first + count, 256)
    Parallel(n_jobs=n_jobs)(
        delayed(_generate)(home, range(start, min(start + 256, first + count)), seed) for start in starts
    )


def _generate(home: Path, numbers: range, seed: int) -> None:
    for number in numbers:
        rng = np.random.default_rng([seed, number // 10 * 10 + 1 if number % 10 == 0 else number])
        coarse = Image.fromarray(rng.integers(0, 256, (9, 9, 3), dtype=np.uint8)).resize((SIDE, SIDE))
        noisy = np.asarray(coarse, np.int16) + rng.integers(-4, 5, (SIDE, SIDE, 3))
        pixels = np.clip(noisy, 0, 255).astype(np.uint8)
        name = f"{number:07}"
        if number % 10 == 0:  # a stego image of the cover that has the next number
            file = home / f"stego/{name}.png"
            Image.fromarray(get("lsbm").embed(pixels, 0.4, seed=number)).save(file, compress_level=1)
            said = {"embedding": {"category": "pixel", "technique": "lsbm"}, "clean_file": f"{number + 1:07}.png"}
            file.with_name(f"{name}.png.json").write_text(json.dumps(said))
        elif number % 10 <= 5:
            Image.fromarray(pixels).save(home / f"clean/{name}.png", compress_level=1)
        else:
            Image.fromarray(pixels).save(home / f"clean/{name}.jpg", quality=85)


def _scan(folder: str, raw: dict, workers: int, seed: int) -> None:
    home = Path(folder)
    params = replace(section(raw, "scan", ScanParams), workers=workers)
    scan_into(home / "artifacts/manifest.csv", home / "datasets", params, seed, store_root=home / "store")


def _extract(folder: str, raw: dict, workers: int, _: int) -> None:
    home = Path(folder)
    table = manifest.read(home / "artifacts/manifest.csv", NEEDED)
    params = replace(section(raw, "extract", ExtractParams), workers=workers)
    extract(table, home / "datasets", home / "artifacts/streams", params, home / "store")


def _phase(folder: Path, name: str, images: int, *arguments: str | int | dict) -> dict:
    """Run a phase in an interpreter of its own and measure it."""
    command = f"from starlight.lab.speed import scale; scale.in_child({name.split(',')[0]!r}, {arguments!r})"
    said = subprocess.run([sys.executable, "-c", command], stdout=subprocess.PIPE, text=True)
    if said.returncode:
        raise StarlightError(f"{name}: failed at {images} images, see above")
    seconds, main, worker = json.loads(said.stdout)
    values = (name, images, round(seconds, 2), None, round(images / seconds, 1), main, worker,
              _size(folder / "store"), _size(folder / "artifacts/streams"))  # fmt: skip
    return dict(zip(FIELDS, values, strict=True))


def in_child(phase: str, arguments: tuple) -> None:
    """Do a phase, and print its seconds and the peak memory of this process and of its largest worker, in MiB."""
    work = {"scan": _scan, "extract": _extract}[phase]
    start = time.perf_counter()
    work(*arguments)
    seconds = time.perf_counter() - start
    get_reusable_executor().shutdown(wait=True)
    unit = 1 if sys.platform == "darwin" else 1024  # bytes in which the system counts
    who = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    print(json.dumps([seconds, *(resource.getrusage(w).ru_maxrss * unit // _MIB for w in who)]))


def _size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) // _MIB if folder.exists() else 0
