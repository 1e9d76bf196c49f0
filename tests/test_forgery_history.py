"""Maps of earlier compressions: pasted blocks that have none, on any grid, once and twice compressed."""

import cv2
import numpy as np
import pytest
from forged import encoded, texture

from starlight.forgery.scene import MAX_PIXELS, prepare
from starlight.forgery.seams.history import HISTORY, history
from starlight.images.image import decode

INSIDE = (slice(96, 176), slice(120, 216))
CELLS = tuple(slice(s.start // 8 + 1, s.stop // 8 - 1) for s in INSIDE)


def compressed(pixels: np.ndarray, quality: int) -> np.ndarray:
    return decode(encoded(pixels, quality)).pixels[:, :, 0]


def maps_of(pixels: np.ndarray, quality: int | None = None) -> dict[str, np.ndarray]:
    scene = prepare(decode(encoded(pixels, quality)))
    found = history(scene)
    assert {plane.shape for plane in found} == {tuple(n // 8 for n in scene.grey.shape)}
    assert all(plane.dtype == np.float32 and np.isfinite(plane).all() for plane in found)
    return dict(zip(HISTORY, found, strict=True))


def spliced(at: tuple[int, int] = (0, 0)) -> np.ndarray:
    """A compressed picture, cut so that its grid starts at `at`, with a part that never was compressed."""
    wide = np.pad(texture(1), ((8, 0), (8, 0)), mode="reflect")
    host = compressed(wide, 75)[(8 - at[0]) % 8 :, (8 - at[1]) % 8 :][:256, :320].copy()
    host[INSIDE] = texture(2)[INSIDE]
    return host


@pytest.mark.parametrize("at", [(0, 0), (3, 6), (7, 1)])
def test_blocks_of_another_history_break_the_lattice(at):
    lattice = maps_of(spliced(at))["lattice"]
    assert lattice[CELLS].max() < 0.3 < 0.5 < np.median(lattice)


def test_values_that_the_rest_avoids_stand_out_after_a_second_compression():
    double = maps_of(spliced(), 90)["double"]
    outside = np.ones(double.shape, bool)
    outside[tuple(slice(s.start - 2, s.stop + 2) for s in CELLS)] = False
    assert double[CELLS].mean() < np.quantile(double[outside], 0.05)


def test_what_was_never_compressed_has_no_lattice():
    lattice = maps_of(texture(3)[:256, :320])["lattice"]
    assert np.abs(lattice).max() < 0.15


def test_nothing_is_said_of_what_is_looked_at_at_another_size_or_is_tiny():
    large = cv2.resize(compressed(texture(4), 75), (1600, 1200))
    assert large.shape[0] * large.shape[1] > MAX_PIXELS
    for pixels in (large, texture(5)[:24, :64]):
        assert not any(plane.any() for plane in maps_of(pixels).values())
