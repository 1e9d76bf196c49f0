"""A submission made with the programs of this machine: stego files, their sidecars and clean counterparts."""

import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from starlight.errors import StarlightError
from starlight.images.files import image_files
from starlight.sample import payloads
from starlight.sample.tools import coefficients, samples
from starlight.sample.tools.tool import Tool, as_cover

__all__ = ["PAYLOADS", "TOOLS", "installed", "make_submission"]

PAYLOADS = ("cipher", "text")
TOOLS: dict[str, Tool] = {tool.name: tool for tool in (*coefficients.TOOLS, *samples.TOOLS)}


def installed() -> tuple[str, ...]:
    """Names of the tools that this machine has."""
    return tuple(name for name, tool in TOOLS.items() if tool.found())


def make_submission(
    covers: Iterable[Path] | Path,
    out_dir: Path,
    *,
    tools: tuple[str, ...] | None = None,
    rates: tuple[float, ...] = (0.25, 0.5, 1.0),
    kinds: tuple[str, ...] = ("cipher",),
    seed: int = 0,
) -> dict[str, int]:
    """Write a submission: `clean/`, and `stego/` with sidecars, by every tool from every cover.

    Parameters
    ----------
    covers : folder or iterable of paths
        Any images that Pillow reads; a tool that takes one format gets files of that.
    out_dir : Path
        New or empty; the pipeline finds `<contributor>_submission_<year>`.
    tools : tuple of str, optional
        Those that are installed, by default.
    rates : tuple of float
        Payload as a fraction of the tool's capacity; covers take turns.
    kinds : tuple of str
        Of payload, of `PAYLOADS`; covers take turns, each kind at every rate.
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
            kind, rate = kinds[index // len(rates) % len(kinds)], rates[index % len(rates)]
            made[name] += _make_pair(TOOLS[name], path, out_dir, index, (kind, rate), rng)
    return made


def _prepare(out_dir: Path, tools: tuple[str, ...]) -> None:
    if missing := [name for name in tools if name not in installed()]:
        raise StarlightError(f"tool {missing[0]!r} is not installed; here are: {', '.join(installed()) or 'none'}")
    if out_dir.exists() and any(out_dir.iterdir()):
        raise StarlightError(f"{out_dir}: not empty")
    for kind in ("clean", "stego"):
        (out_dir / kind).mkdir(parents=True, exist_ok=True)


def _make_pair(
    tool: Tool, cover: Path, out_dir: Path, index: int, what: tuple[str, float], rng: np.random.Generator
) -> int:
    """Write one stego file, its sidecar and its clean counterpart; 0 where the cover cannot carry the payload."""
    base = f"{tool.name}_{cover.stem}_{index:04d}{tool.suffix}"
    clean, stego = out_dir / "clean" / base, out_dir / "stego" / base
    kind, rate = what
    with tempfile.TemporaryDirectory() as folder:
        ready = as_cover(cover, Path(folder), tool.takes, rng)
        key = int(rng.integers(2**31))
        tool.clean(ready, clean, key)
        length = int(tool.capacity_bytes(clean) * rate)
        try:
            if length < 1:
                raise StarlightError(f"{cover}: too small for {tool.name}")
            tool.make(ready, stego, _payload(rng, length, kind), key)
        except StarlightError:
            clean.unlink()
            stego.unlink(missing_ok=True)
            return 0
    embedding = {"category": "pixel", "technique": tool.name, "ai42": False, "bit_order": "lsb-first"}
    sidecar = {"embedding": embedding, "clean_file": base, "payload_bits": 8 * length, "payload_rate": rate}
    text = json.dumps(sidecar, indent=2, sort_keys=True) + "\n"
    stego.with_name(base + ".json").write_text(text, encoding="utf-8", newline="\n")
    return 1


def _payload(rng: np.random.Generator, length: int, kind: str) -> bytes:
    return rng.bytes(length) if kind == "cipher" else payloads.text(rng, length, kind="prose")[0]
