"""Who writes a JPEG file, drawn as people's pictures are spread: libraries, devices, editors, messengers.

What an encoder chooses (its steps, above all) decides what coefficients look like before anything is hidden in them.
A detector that has only met libjpeg's tables takes those of cameras, and tables of ones and twos, for an embedding.
"""

import io
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PIL import Image

from starlight.images.writing import tables
from starlight.images.writing.encode import Encoding, encode
from starlight.images.writing.jpeg_libraries import MOZJPEG_BASES

__all__ = ["FAMILIES", "draw", "saved", "saved_before"]

_QUALITIES = (60, 70, 75, 75, 80, 80, 85, 90, 90, 92, 95, 95, 96, 97, 98, 99, 100)
_MESSENGERS = {"facebook": (71, 85), "telegram": (87, 87), "whatsapp": (70, 80), "instagram": (70, 76)}  # quality
_SHRINK = (1.6, 3.2)  # pixels of an original's side for one of the copy: 4,032 or so become 1,280 to 2,560
_MOST_PIXELS = 1_300_000  # of an original that is made up for a messenger; beyond, the time is better spent elsewhere

Drawn = tuple[Encoding, str]


def draw(rng: np.random.Generator, *, family: str = "") -> Drawn:
    """Draw an encoder and its settings.

    Parameters
    ----------
    rng : numpy.random.Generator
    family : str
        One of `FAMILIES`; drawn by their shares unless given.

    Returns
    -------
    Encoding
        Of format jpeg, without metadata.
    note : str
    """
    shares = np.array([share for share, _ in FAMILIES.values()])
    chosen = family or str(rng.choice(list(FAMILIES), p=shares / shares.sum()))
    return FAMILIES[chosen][1](rng)


def saved(samples: np.ndarray, encoding: Encoding) -> np.ndarray:
    """Samples after one compression."""
    with Image.open(io.BytesIO(encode(samples, encoding))) as image:
        return np.asarray(image)


def saved_before(pixels: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, str]:
    """Samples that were a JPEG file before: block grid as now, elsewhere, or of an original of more pixels.

    Returns
    -------
    pixels : ndarray of uint8, the shape it had
    note : str
    """
    encoding, note = draw(rng)
    kind = str(rng.choice(["aligned", "shifted", "messenger"], p=[0.5, 0.25, 0.25]))
    if kind == "shifted":
        dy, dx = (int(v) for v in rng.integers(0, 8, 2))
        padded = np.pad(pixels, ((dy, 0), (dx, 0)) + ((0, 0),) * (pixels.ndim - 2), mode="reflect")
        return np.ascontiguousarray(saved(padded, encoding)[dy:, dx:]), f"{note} shifted {dx},{dy}"
    if kind == "aligned":
        return saved(pixels, encoding), note
    height, width = pixels.shape[:2]
    factor = min(rng.uniform(*_SHRINK), (_MOST_PIXELS / pixels[..., :1].size) ** 0.5)
    if factor <= 1:
        return saved(pixels, encoding), note
    large = Image.fromarray(pixels).resize((round(width * factor), round(height * factor)), Image.Resampling.LANCZOS)
    small = Image.fromarray(saved(np.asarray(large), encoding))
    kind = Image.Resampling(int(rng.choice([1, 2, 3, 4])))  # Pillow's numbers: lanczos, bilinear, bicubic, box
    return np.asarray(small.resize((width, height), kind)), f"{note} at {factor:.2f} then {kind.name.lower()}"


def _library(rng: np.random.Generator) -> Drawn:
    quality = int(rng.choice(_QUALITIES)) if rng.random() < 0.6 else int(rng.integers(50, 101))
    sampling = int(rng.choice([0, 1, 2], p=[0.35, 0.1, 0.55]))
    return Encoding("jpeg", quality=quality, subsampling=sampling), f"q{quality}"


def _device(rng: np.random.Generator) -> Drawn:
    """Tables that a make or a program was seen to write, as they are or made coarser or finer as devices do."""
    found = tables.known()[int(rng.integers(0, len(tables.known())))]
    steps, note = (found.luma, found.chroma), str(found)
    if rng.random() < 0.4:  # the same curve at another setting, or for a scene with more in it
        factor = float(np.exp(rng.uniform(-0.7, 0.7)))
        steps = tuple(tuple(np.clip(np.rint(np.array(t) * factor), 1, 255).astype(int).tolist()) for t in steps)
        note += f" x{factor:.2f}"
    seen = [tables.SAMPLINGS.index(name) for name in found.samplings]
    sampling = int(rng.choice(seen)) if rng.random() < 0.75 else int(rng.choice([0, 1, 2, 3], p=[0.2, 0.35, 0.35, 0.1]))
    arithmetic = str(rng.choice(["islow", "ifast", "float"], p=[0.5, 0.25, 0.25]))
    library = "turbo210" if sampling == 3 or arithmetic != "islow" else ""
    restart = int(rng.random() < 0.2) if not library else 0
    made = Encoding("jpeg", subsampling=sampling, tables=steps, library=library, arithmetic=arithmetic)
    return replace(made, restart_rows=restart, jfif=bool(rng.random() < 0.3)), note


def _shaped(rng: np.random.Generator) -> Drawn:
    """Tables that nobody was seen to write: the standard's shape made flatter, tilted, and a little uneven."""
    scale, tilt, shape = np.exp(rng.uniform(np.log(0.03), np.log(0.9))), rng.uniform(-0.4, 0.4), rng.uniform(0.1, 1.1)
    ramp = 1 + tilt * (np.add.outer(np.arange(8), np.arange(8)).reshape(-1) / 7 - 1)
    steps = 16 * scale * (np.array(tables.STANDARD[0]) / 16) ** shape * ramp
    steps *= np.exp(rng.uniform(0, 0.15) * rng.standard_normal(64))
    both = (np.clip(np.rint(steps * factor), 1, 255).astype(int) for factor in (1.0, rng.uniform(0.8, 2.0)))
    own = tuple(tuple(table.tolist()) for table in both)
    sampling = int(rng.choice([0, 1, 2], p=[0.3, 0.3, 0.4]))
    return Encoding("jpeg", subsampling=sampling, tables=own), f"own tables {scale:.2f} {shape:.2f}"


def _trellis(rng: np.random.Generator) -> Drawn:
    """mozjpeg, as web services run it: its own tables, a trellis, progressive."""
    quality, base = int(rng.integers(55, 96)), int(rng.choice([3, int(rng.integers(0, MOZJPEG_BASES))], p=[0.6, 0.4]))
    sampling = int(rng.choice([0, 2], p=[0.25, 0.75]))
    made = Encoding("jpeg", quality=quality, subsampling=sampling, library="mozjpeg403", base=base, progressive=True)
    return made, f"mozjpeg q{quality} base {base}"


def _aged(rng: np.random.Generator) -> Drawn:
    """libjpeg of other ages, whose chroma and transform are computed otherwise."""
    quality, library = int(rng.choice(_QUALITIES)), str(rng.choice(["6b", "9e"]))
    arithmetic = str(rng.choice(["islow", "ifast", "float"]))
    sampling = int(rng.choice([0, 1, 2]))
    made = Encoding("jpeg", quality=quality, subsampling=sampling, library=library, arithmetic=arithmetic)
    return made, f"libjpeg {library} {arithmetic} q{quality}"


def _messenger(rng: np.random.Generator) -> Drawn:
    """The last save of a messenger or a social network; `saved_before` makes the picture smaller."""
    name = str(rng.choice(list(_MESSENGERS)))
    low, high = _MESSENGERS[name]
    made = Encoding("jpeg", quality=int(rng.integers(low, high + 1)), progressive=bool(rng.random() < 0.5))
    return made, f"{name} q{made.quality}"


FAMILIES: dict[str, tuple[float, Callable[[np.random.Generator], Drawn]]] = {
    "library": (0.34, _library),
    "device": (0.32, _device),
    "shaped": (0.12, _shaped),
    "trellis": (0.08, _trellis),
    "aged": (0.07, _aged),
    "messenger": (0.07, _messenger),
}
