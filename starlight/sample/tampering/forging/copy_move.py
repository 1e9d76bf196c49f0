"""Copy-move: a region of the picture pasted elsewhere in it, as it is, turned, mirrored, scaled, or with soft edges."""

import cv2
import numpy as np

from starlight.sample.tampering.forging.shapes import region
from starlight.sample.tampering.pictures.picture import Picture, blurred

__all__ = ["copy_move"]

_TRIES = 12  # places for the source of one target


def copy_move(picture: Picture, rng: np.random.Generator, way: str) -> tuple[np.ndarray, np.ndarray] | None:
    """Paste a region of a picture over another place of it.

    Parameters
    ----------
    picture : Picture
    rng : numpy.random.Generator
    way : {"shifted", "turned", "mirrored", "scaled", "soft"}
        A mirrored or soft copy may be turned a little too, a scaled one mirrored; a shifted one is nothing but moved.

    Returns
    -------
    pixels : uint8 (h, w, 3)
    mask : bool (h, w)
        Where the copy lies; what it shows lies elsewhere and is not marked. Outside it no pixel differs.
        None in place of both where the drawn target finds no place to be copied from.
    """
    target = region(rng, picture)
    height, width = target.shape
    rows, columns = np.nonzero(target)
    middle = np.array([columns.mean(), rows.mean()])
    corners = np.array([[columns.min(), rows.min()], [columns.max(), rows.min()],
                        [columns.min(), rows.max()], [columns.max(), rows.max()]], float)  # fmt: skip
    linear = _linear(rng, way)
    reach = (corners - middle) @ linear.T
    low, high = -reach.min(axis=0) + 1, np.array([width, height]) - reach.max(axis=0) - 2
    if (low >= high).any():
        return None
    for _ in range(_TRIES):
        origin = rng.uniform(low, high)
        if way == "shifted":
            origin = middle + np.rint(origin - middle)
        matrix = np.hstack([linear, (origin - linear @ middle)[:, None]])
        taken = cv2.warpAffine(target.astype(np.uint8), cv2.invertAffineTransform(matrix), (width, height)) > 0
        if np.count_nonzero(taken & target) <= 0.02 * np.count_nonzero(target):
            return _paste(picture.pixels, target, matrix, rng, soft=way == "soft")
    return None


def _linear(rng: np.random.Generator, way: str) -> np.ndarray:
    """(2, 2) map of offsets in the copy (x, y) to offsets in the source."""
    angle, scale, mirrored = 0.0, 1.0, False
    if way == "turned":
        angle = float(rng.choice([90, 180, 270])) if rng.random() < 0.3 else rng.uniform(8, 352)
    elif way == "mirrored":
        mirrored, angle = True, float(rng.choice([0, 0, 180, rng.uniform(-20, 20)]))
    elif way == "scaled":
        scale = float(np.exp(rng.choice([-1, 1]) * rng.uniform(np.log(1.08), np.log(1.6))))
        mirrored = rng.random() < 0.15
    elif way == "soft":
        angle = rng.uniform(-15, 15) if rng.random() < 0.4 else 0.0
    turn = np.deg2rad(angle)
    flip = np.diag([-1.0 if mirrored else 1.0, 1.0])
    return scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ flip


def _paste(pixels, target, matrix, rng: np.random.Generator, *, soft: bool) -> tuple[np.ndarray, np.ndarray]:
    size = target.shape[::-1]
    how = int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])) | cv2.WARP_INVERSE_MAP
    copied = cv2.warpAffine(pixels, matrix, size, flags=how, borderMode=cv2.BORDER_REFLECT)
    if not soft:
        return np.where(target[..., None], copied, pixels), target
    sigma = rng.uniform(1.0, 4.0)
    share = blurred(target, sigma)
    share[share < 0.03] = 0.0
    mixed = np.rint(pixels + share[..., None] * (copied.astype(np.float32) - pixels))
    return np.clip(mixed, 0, 255).astype(np.uint8), share > 0
