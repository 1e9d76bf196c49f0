"""Random low bits over flat high bits: found where they were written, not where noise or dithering made them."""

import numpy as np
import pytest
from PIL import Image as PillowImage

from starlight.findings.random_planes import random_planes
from starlight.images.image import Image, decode
from starlight.images.writing.encode import Encoding, encode
from tests.scenes import scene

RNG = np.random.default_rng


def image(samples: np.ndarray, encoding: Encoding = Encoding("png", level=1)) -> Image:  # noqa: B008 (frozen)
    return decode(encode(samples.astype(np.uint8), encoding))


def drawing(seed: int, channels: int = 3) -> np.ndarray:
    """Flat rectangles of random colours."""
    rng = RNG(seed)
    made = np.full((192, 192, channels), rng.integers(0, 256, channels), np.uint8)
    for _ in range(8):
        top, left = rng.integers(0, 150, 2)
        made[top : top + 60, left : left + 80] = rng.integers(0, 256, channels)
    return made


def written(samples: np.ndarray, bits: int, rows: int, seed: int = 0) -> np.ndarray:
    """Random bits in the lowest planes of the first rows."""
    made, mask = samples.copy(), 2**bits - 1
    part = made[:rows]
    part[:] = part & (255 - mask) | RNG(seed).integers(0, mask + 1, part.shape, dtype=np.uint8)
    return made


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("rows", [48, 192])
def test_random_planes_of_a_drawing_are_found(bits, rows):
    for seed in range(4):
        (found,) = random_planes(image(written(drawing(seed), bits, rows)))
        assert found.technique == ("lsbr" if bits == 1 else "other")
        assert ("lowest bit" if bits == 1 else f"lowest {bits} bits") in found.place
        assert found.hidden
        assert random_planes(image(drawing(seed))) == []


def test_nibbles_in_a_black_picture_are_found():
    (found,) = random_planes(image(RNG(0).integers(0, 16, (128, 128, 3))))
    assert found.place == "in the lowest 4 bits of red, green, blue, flat above"
    assert found.what.startswith("random bits in ")


def test_a_cipher_in_an_opaque_alpha_channel_is_found():
    samples = np.dstack([scene(1, 128, 128), np.full((128, 128), 255)])
    samples[..., 3:] = written(samples[..., 3:].astype(np.uint8), 1, 64)
    (found,) = random_planes(image(samples))
    assert found.technique == "alpha"
    assert random_planes(image(np.dstack([scene(1, 128, 128), np.full((128, 128), 255)]))) == []


def test_a_cipher_in_the_index_of_flat_pictures_is_found():
    palette = Encoding("gif", palette=RNG(1).integers(0, 256, 192, dtype=np.uint8).tobytes())
    indices = drawing(3, 1)[..., 0] >> 2
    (found,) = random_planes(image(written(indices[..., None], 1, 150)[..., 0], palette))
    assert found.technique == "palette"
    assert random_planes(image(indices, palette)) == []


@pytest.mark.parametrize("strength", [0.3, 0.5, 1.2, 4.0])
def test_noise_of_a_sensor_is_not_taken_for_it(strength):
    for seed in range(4):
        noise = RNG(seed).normal(0, strength, (192, 192, 3))
        for base in (drawing(seed), np.zeros((192, 192, 3)), np.full((192, 192, 3), 255), scene(seed, 192, 192)):
            assert random_planes(image(np.clip(np.rint(base + noise), 0, 255))) == []


def test_noise_of_two_values_that_are_not_equally_likely_is_not_taken_for_it():
    for share in (0.3, 0.45, 0.6):
        noise = RNG(5).random((192, 192, 3)) < share
        assert random_planes(image((drawing(5) & 254) + noise)) == []


def test_a_cipher_is_found_beside_drawn_detail_of_one_level():
    made = written(drawing(6) & 254, 1, 80)
    made[100:] += (np.indices(made[100:].shape).sum(0) // 8 % 2).astype(np.uint8)  # stripes
    assert random_planes(image(made))


def test_gradients_with_and_without_dithering_are_not_taken_for_it():
    ramp = np.linspace(20, 80, 256)[:, None, None] + np.linspace(0, 9, 192)[None, :, None] + np.array([0, 30, 60])
    bayer = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16
    random = RNG(3).random(ramp.shape)
    for threshold in (0.5, np.tile(bayer, (64, 48))[..., None], random, random[..., :1]):
        assert random_planes(image(np.floor(ramp + threshold))) == []


def test_hatching_and_repeated_tiles_are_not_taken_for_it():
    tile = RNG(4).integers(0, 2, (8, 8, 3))
    for pattern in (np.indices((128, 128)).sum(0)[..., None] % 2, np.tile(tile, (16, 16, 1))):
        assert random_planes(image(200 + np.broadcast_to(pattern, (128, 128, 3)))) == []


@pytest.mark.parametrize("width", [2, 3, 4, 7, 8, 16, 17, 32, 256])
def test_static_is_not_taken_for_it(width):
    rng = RNG(width)
    for low in rng.integers(1, max(2, 257 - width), 5):
        assert random_planes(image(rng.integers(low, min(low + width, 256), (128, 128, 3)))) == []


def test_a_lossy_picture_is_not_judged_by_its_colours():
    flat = written(drawing(1), 4, 192)
    assert random_planes(image(flat, Encoding("jpeg", quality=100, subsampling=0))) == []


def test_a_dithered_palette_is_not_taken_for_it():
    dithered = PillowImage.fromarray(scene(2, 192, 192)).quantize(32, dither=PillowImage.Dither.FLOYDSTEINBERG)
    encoding = Encoding("png", palette=bytes(dithered.getpalette())[:96])
    assert random_planes(image(np.asarray(dithered), encoding)) == []
