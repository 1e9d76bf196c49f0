"""Photographs that installed packages ship as files: scikit-image, scikit-learn and matplotlib.

Nothing is downloaded. A photograph's name, `package/file`, is its cover_id; the two halves of a stereo pair share one.
"""

import functools
import importlib.util
from pathlib import Path

import numpy as np
from PIL import Image, UnidentifiedImageError

from starlight.errors import StarlightError
from starlight.images.writing.jpeg_crop import crop

__all__ = ["LARGEST_CUT", "PHOTOGRAPHS", "cover_id", "cut", "folder_photographs", "is_jpeg", "load", "names_of_size"]

_SKIMAGE = [
    "astronaut.png", "camera.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png",
    "motorcycle_right.png", "hubble_deep_field.jpg", "retina.jpg", "ihc.png", "moon.png", "cell.png", "coins.png",
    "brick.png", "grass.png", "gravel.png", "page.png", "text.png", "clock_motion.png", "color.png",
]  # fmt: skip
_FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "matplotlib": "mpl-data/sample_data"}
_FILES = {
    "skimage": _SKIMAGE,
    "sklearn": ["china.jpg", "flower.jpg"],
    "matplotlib": ["grace_hopper.jpg"],
}
_STEREO = {"skimage/motorcycle_left.png": "skimage/motorcycle", "skimage/motorcycle_right.png": "skimage/motorcycle"}
PHOTOGRAPHS = tuple(f"{package}/{name}" for package, names in _FILES.items() for name in names)
LARGEST_CUT, _LARGE_SHARE = 4096, 0.12  # pixels of a side; share of cuts that are larger than asked for
_SUFFIXES = {".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".webp"}


def folder_photographs(folder: Path) -> tuple[str, ...]:
    """List a user's own photographs, to be used as further covers.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    tuple of str
        Paths, sorted by name.

    Raises
    ------
    StarlightError
        If the folder has no image file.
    """
    found = sorted(str(p) for p in Path(folder).rglob("*") if p.suffix.lower() in _SUFFIXES and p.is_file())
    if not found:
        raise StarlightError(f"{folder}: no image file to use as a cover")
    return tuple(found)


def load(name: str) -> tuple[np.ndarray, str]:
    """Read a photograph.

    Parameters
    ----------
    name : str
        One of `PHOTOGRAPHS`, or a path of `folder_photographs`.

    Returns
    -------
    pixels : ndarray of uint8, shape (H, W) or (H, W, 3)
    cover_id : str

    Raises
    ------
    StarlightError
        If the file is missing or no image.
    """
    read = _packaged_pixels if name in PHOTOGRAPHS else _own_pixels
    return read(name), cover_id(name)


@functools.lru_cache(maxsize=64)
def _packaged_pixels(name: str) -> np.ndarray:
    return _pixels(_packaged(name))


@functools.lru_cache(maxsize=4)  # one may have twelve megapixels
def _own_pixels(name: str) -> np.ndarray:
    return _pixels(Path(name))


def _pixels(path: Path) -> np.ndarray:
    try:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("L" if image.mode in ("1", "L", "LA", "I;16") else "RGB"))
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        raise StarlightError(f"{path}: cannot be read as a cover ({error})") from error
    pixels.setflags(write=False)
    return pixels


def cover_id(name: str) -> str:
    """What the covers made from a photograph share."""
    return _STEREO.get(name, name if name in PHOTOGRAPHS else f"user/{Path(name).name}")


def is_jpeg(name: str) -> bool:
    """Whether a user's photograph is a JPEG file, by its name."""
    return Path(name).suffix.lower() in (".jpg", ".jpeg")


def cut(
    name: str, rng: np.random.Generator, height: int, width: int, *, largest: int = LARGEST_CUT
) -> tuple[bytes, str]:
    """Cut a JPEG file out of a user's one, coefficients as they are; now and then one as large as people have them.

    Parameters
    ----------
    name : str
        A path of `folder_photographs`.
    rng : numpy.random.Generator
    height, width : int
        Pixels of the part, most of the time.
    largest : int
        Pixels of a side that it may have.

    Returns
    -------
    data : bytes
    note : str

    Raises
    ------
    StarlightError
        If the file cannot be read, or is not one whose blocks can be cut out.
    """
    try:
        data = Path(name).read_bytes()
    except OSError as error:
        raise StarlightError(f"{name}: cannot be read as a cover ({error.strerror})") from error
    if rng.random() < _LARGE_SHARE:
        factor = float(np.exp(rng.uniform(0, np.log(max(1, largest / max(height, width))))))
        height, width = round(height * factor), round(width * factor)
    place = tuple(rng.random(2).tolist())
    return crop(data, place, height, width), f"cut {width}x{height} at {place[1]:.3f} {place[0]:.3f}"


@functools.cache
def names_of_size(side: int) -> tuple[str, ...]:
    """Name the packaged photographs whose shorter side is at least `side` pixels."""
    return tuple(name for name in PHOTOGRAPHS if min(load(name)[0].shape[:2]) >= side)


def _packaged(name: str) -> Path:
    package, file = name.split("/")
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StarlightError(f"{name}: the package {package} is not installed")
    return Path(spec.submodule_search_locations[0]) / _FOLDERS[package] / file
