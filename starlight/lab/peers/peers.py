"""The detectors of the benchmark under one registry: each takes a path and gives a score, higher for stego.

A score is None where a detector does not judge this kind of file. The statistical attacks are sealwatch's.
"""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import numpy as np

from starlight.detector.detector import Detector
from starlight.errors import StarlightError
from starlight.images.image import read
from starlight.lab.peers.rules import BYTES, beside_the_image, lsb_text

__all__ = ["Peer", "attacks", "coefficients", "planes", "rules", "sealwatch", "starlight"]


@dataclass(frozen=True)
class Peer:
    """A detector of the benchmark.

    Attributes
    ----------
    name, about : str
        Of its column; what it is and on which files it works.
    score : callable (Path) -> float or None
        Whatever it raises counts as an image that it could not judge.
    threshold : float, optional
        Its own, from which it calls a file stego; None for one that leaves the choice to its user.
    """

    name: str
    about: str
    score: Callable[[Path], float | None]
    threshold: float | None = None


def starlight(detector: Detector) -> Peer:
    """Starlight's score, which is 0 at its own threshold."""
    return Peer("Starlight", "this detector, every file", functools.partial(_starlight, detector), 0.0)


def attacks() -> list[Peer]:
    """Sample pairs, weighted stego image, chi-square and F5's histogram attack."""
    pixels = "lossless grey and colour files, mean over the channels"
    return [
        Peer("SPA", f"sample pairs; {pixels}", functools.partial(_mean, _spa)),
        Peer("WS", f"weighted stego image; {pixels}", functools.partial(_mean, _ws)),
        Peer("chi-square", f"histogram of pairs of values; {pixels}", functools.partial(_mean, _chi_square)),
        Peer("F5 attack", "calibrated histograms of three luma modes; JPEG", _f5),
    ]


def rules() -> list[Peer]:
    """Extraction without statistics."""
    first = f"the first {BYTES} LSB bytes are text; lossless files"
    beside = "bytes behind the image, or a text as EXIF UserComment; every file"
    return [
        Peer("LSB text", first, lsb_text, 0.5),
        Peer("trailer or EXIF", beside, beside_the_image, 0.5),
    ]


@functools.cache
def sealwatch() -> ModuleType:
    """sealwatch, without torchvision.

    It imports torchvision for its neural networks, none of which is used here, and a torchvision of another build than
    torch's cannot be loaded at all: an empty stand-in serves while it is imported.

    Raises
    ------
    StarlightError
        sealwatch is not installed.
    """
    names = ("torchvision", "torchvision.transforms")
    before = {name: sys.modules[name] for name in names if name in sys.modules}
    stand_in, transforms = (ModuleType(name) for name in names)
    transforms.Grayscale = object  # type: ignore[attr-defined]
    stand_in.transforms = transforms  # type: ignore[attr-defined]
    sys.modules.update(zip(names, (stand_in, transforms), strict=True))
    try:
        return importlib.import_module("sealwatch")
    except ImportError as error:
        raise StarlightError(f"{error}: set the peers up with `make bench-detect`") from error
    finally:
        for name in names:
            del sys.modules[name]
        sys.modules.update(before)


def planes(path: Path) -> list[np.ndarray] | None:
    """Channels of a lossless file that is not indexed, each (height, width) uint8; None for any other."""
    image = read(path)
    if not image.container.lossless or image.container.indexed:
        return None
    return [np.ascontiguousarray(image.pixels[:, :, i]) for i in range(image.pixels.shape[2])]


def coefficients(path: Path) -> tuple[np.ndarray, np.ndarray] | None:
    """Quantised luma coefficients (rows, columns, 8, 8) of a JPEG and their table (8, 8); None for any other file."""
    stored = read(path).coefficients
    return None if stored is None else (stored.y, stored.qt[stored.qt_index[0]])


def _starlight(detector: Detector, path: Path) -> float:
    return float(detector.judge(path, maps=False).prediction.score[0])


def _mean(attack: Callable[[np.ndarray], float], path: Path) -> float | None:
    channels = planes(path)
    return None if channels is None else float(np.mean([attack(channel) for channel in channels]))


def _spa(channel: np.ndarray) -> float:
    return float(sealwatch().spa.attack(channel))


def _ws(channel: np.ndarray) -> float:
    return float(sealwatch().ws.attack(channel))


def _chi_square(channel: np.ndarray) -> float:
    """Minus the distance: in the order of the p-value, which is 0 in floating point for nearly every photograph."""
    return -float(sealwatch().chi2.attack(channel)[0])


def _f5(path: Path) -> float | None:
    luma = coefficients(path)
    return None if luma is None else float(sealwatch().F5.attack(*luma))
