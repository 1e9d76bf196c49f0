"""LSB matching in flat areas: told from noise by what it does not do."""

import numpy as np
import pytest

from starlight.findings.level_noise import level_noise
from starlight.images.image import Image, decode
from starlight.images.writing.encode import Encoding, encode
from starlight.techniques.spatial import lsbm
from tests.scenes import scene

RNG = np.random.default_rng


def image(samples: np.ndarray, encoding: Encoding = Encoding("png", level=1)) -> Image:  # noqa: B008 (frozen)
    return decode(encode(np.clip(np.rint(samples), 0, 255).astype(np.uint8), encoding))


def drawing(seed: int, side: int = 448, channels: int = 3) -> np.ndarray:
    """Flat rectangles of random colours."""
    rng = RNG(seed)
    made = np.full((side, side, channels), rng.integers(8, 248, channels), np.uint8)
    for _ in range(12):
        top, left = rng.integers(0, side - 90, 2)
        made[top : top + 120, left : left + 160] = rng.integers(8, 248, channels)
    return made


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.0])
def test_lsb_matching_in_a_drawing_is_found(rate):
    for seed in range(2):
        (found,) = level_noise(image(lsbm.embed(drawing(seed), rate, seed=seed)))
        assert found.technique == "lsbm" and found.hidden
        assert abs(float(found.what.split(" at ")[1].split()[0]) - rate) < 0.05
        assert level_noise(image(drawing(seed))) == []
    grey = lsbm.embed(drawing(3, 640, 1)[..., 0], rate, seed=1)
    assert level_noise(image(grey))[0].place == "in flat areas of grey"


@pytest.mark.parametrize("strength", [0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 3.0])
def test_normal_noise_is_not_taken_for_it(strength):
    for seed in range(2):
        noise = RNG(seed).normal(0, strength, (448, 448, 3))
        assert level_noise(image(drawing(seed) + noise)) == []
        assert level_noise(image(drawing(seed) + noise[..., :1])) == []


def test_noise_of_other_shapes_is_not_taken_for_it():
    base, rng = drawing(4), RNG(4)
    uniform = rng.integers(-1, 2, base.shape)
    upward = rng.random(base.shape) < 0.2
    shared = np.broadcast_to(
        rng.integers(-1, 2, (*base.shape[:2], 1)) * (rng.random((*base.shape[:2], 1)) < 0.6), base.shape
    )
    stripes = np.where(np.indices(base.shape).sum(axis=0) % 4 == 0, 1, 0)
    patches = uniform * (rng.random((56, 56, 1)).repeat(8, 0).repeat(8, 1) < 0.5)
    for noise in (uniform, upward, shared, stripes, stripes - np.roll(stripes, 1, 1), patches):
        assert level_noise(image(base + noise)) == []


def test_codecs_gradients_and_photographs_are_not_taken_for_it():
    lossy = decode(encode(drawing(5), Encoding("jpeg", quality=95, subsampling=0))).pixels
    ramp = np.linspace(20, 90, 448)[:, None, None] + np.linspace(0, 9, 448)[None, :, None] + np.array([0, 30, 60])
    dithered = np.floor(ramp + RNG(1).random(ramp.shape))
    for samples in (lossy, ramp, dithered, scene(1, 320, 400)):
        assert level_noise(image(samples)) == []
    assert level_noise(image(lsbm.embed(scene(1, 320, 400), 1.0, seed=0))) == []
