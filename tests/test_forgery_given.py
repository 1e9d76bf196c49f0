"""What content explains of a cell is no suspicion, and what it does not explain is one."""

import numpy as np
import pytest

from starlight.forgery.scene import prepare
from starlight.forgery.seams.given import GIVEN
from starlight.forgery.seams.maps import MAPS, against, maps
from starlight.images.image import decode
from starlight.images.writing.encode import Encoding, encode

PATCH = (slice(100, 180), slice(150, 240))
INSIDE = (slice(14, 22), slice(20, 29))  # its cells, but for those at its border


def shot(seed, gain=0.02, patch_gain=None):
    """A picture whose noise grows with its light, as a sensor's does; a patch may come from another sensor."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:280, :360]
    light = 40 + 90 * (np.sin(x / 40) + 1) * (0.4 + 0.6 * y / 280)
    light[PATCH] = 200 if patch_gain is None else light[PATCH]
    gains = np.full(light.shape, gain)
    if patch_gain is not None:
        gains[PATCH] = patch_gain
    pixels = np.clip(light + np.sqrt(gains) * light / 10 * rng.standard_normal(light.shape) * 5, 0, 255)
    return np.repeat(np.rint(pixels).astype(np.uint8)[..., None], 3, axis=2)


def measured(pixels):
    values = maps(prepare(decode(encode(pixels, Encoding("png", level=1)))))
    return dict(zip((*MAPS, *GIVEN), values, strict=True)), against(values[: len(MAPS)])[MAPS.index("noise")]


def test_a_bright_part_is_noisy_for_a_reason():
    """The patch has more noise than most of the picture; given how bright it is, no more than the others."""
    found, ranked = measured(shot(1))
    assert ranked[INSIDE].mean() > np.quantile(ranked, 0.8)
    assert abs(2 * found["noise_given"][INSIDE].mean()) < 0.8


def test_noise_of_another_sensor_stands_out_where_its_light_does_not():
    """As strong as that of the brighter rest of the picture: only given its light it is too much."""
    found, ranked = measured(shot(2, patch_gain=0.08))
    outside = np.ones(ranked.shape, bool)
    outside[11:24, 17:31] = False
    assert abs(ranked[INSIDE].mean()) < 0.6
    for name in ("noise_given", "joint_7"):
        assert found[name][INSIDE].mean() > np.quantile(found[name][outside], 0.97), name


def test_texture_does_not_explain_the_noise_that_makes_it():
    """Else white noise of any strength would be what its own texture lets expect."""
    found, _ = measured(shot(2, patch_gain=0.004))
    assert 2 * found["noise_given"][INSIDE].mean() < -4


@pytest.mark.parametrize("shape", [(64, 64), (64, 640), (333, 71)])
def test_pictures_of_few_cells_and_flat_ones_have_finite_maps(shape):
    noisy = np.random.default_rng(3).integers(0, 256, (*shape, 3), np.uint8)
    for pixels in (
        noisy,
        np.full_like(noisy, 77),
        np.where(np.arange(shape[1])[:, None] < 20, noisy, 0).astype(np.uint8),
    ):
        values, _ = measured(pixels)
        assert all(np.isfinite(plane).all() for plane in values.values())
        assert all(plane.shape == (shape[0] // 8, shape[1] // 8) for plane in values.values())
        assert all(np.abs(values[name]).max() <= 3 for name in GIVEN[:19])
