"""What kind of picture an image is: told alike with and without a payload, at every size and in grey."""

import io

import numpy as np
import pytest
from PIL import Image as Pillow
from scipy.ndimage import gaussian_filter

from starlight.detector.calibration.classes import CLASSES, DECODED, picture_class, stand_ins
from starlight.images.grid import grid
from starlight.images.image import decode
from starlight.images.picture import FACTS, facts
from starlight.techniques import get


def photograph(rng, height: int = 256, width: int = 256, noise: float = 2.0, smooth: float = 20.0) -> np.ndarray:
    """Slow changes of brightness under the noise of a sensor."""
    scene = gaussian_filter(rng.normal(size=(height, width)), smooth)
    scene = 128 + 60 * scene / np.abs(scene).max()
    channels = [scene + rng.normal(0, noise, scene.shape) for _ in range(3)]
    return np.clip(np.stack(channels, axis=2), 0, 255).astype(np.uint8)


def drawing(rng, side: int = 256) -> np.ndarray:
    out = np.full((side, side, 3), 250, np.uint8)
    for _ in range(60):
        (y, x), size = rng.integers(0, side - 10, 2), rng.integers(4, 60)
        out[y : y + size, x : x + size] = rng.integers(0, 256, 3)
    return out


def stored(pixels: np.ndarray, kind: str = "png", **options):
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, kind.upper(), **options)
    return facts(decode(buffer.getvalue()))


@pytest.mark.parametrize(
    ("make", "technique", "rate"), [(photograph, "lsbr", 1.0), (photograph, "lsbm", 0.4), (drawing, "lsbr", 1.0)]
)
def test_embedding_hardly_changes_what_a_picture_is(make, technique, rate):
    pixels = make(np.random.default_rng(1))
    clean, stego = stored(pixels), stored(get(technique).embed(pixels, rate, seed=1))
    assert picture_class(clean) == picture_class(stego)
    change = dict(zip(FACTS, np.abs(clean - stego), strict=True))
    assert change.pop("grid") < 1.5 and change.pop("repeats") <= clean[FACTS.index("repeats")]
    assert np.nanmax(list(change.values())) < (1e-6 if technique == "lsbr" else 0.2)


def reread(pixels: np.ndarray, **options) -> np.ndarray:
    buffer = io.BytesIO()
    Pillow.fromarray(pixels).save(buffer, "JPEG", **options)
    return np.asarray(Pillow.open(buffer))


@pytest.mark.parametrize("quality", [60, 80, 92])
@pytest.mark.parametrize("size", [(256, 256), (1100, 1500)])
def test_photographs_from_jpeg_files_are_told_wherever_they_were_cut_and_whatever_is_hidden_in_them(quality, size):
    scene = reread(photograph(np.random.default_rng(quality), *size, noise=4.0), quality=quality)[3:, 5:]
    for pixels in (scene, scene[:, :, 1], get("lsbm").embed(scene, 0.4, seed=1), get("lsbr").embed(scene, 1.0, seed=1)):
        assert picture_class(stored(pixels)).startswith(f"photograph, {DECODED}, ")
    half = Pillow.fromarray(scene).resize((size[1] // 2 + 9, size[0] // 2 + 9), Pillow.Resampling.LANCZOS)
    turned = Pillow.fromarray(scene).rotate(7, Pillow.Resampling.BICUBIC)
    for gone in (half, turned):
        assert DECODED not in picture_class(stored(np.asarray(gone)[40:-40, 40:-40]))


def test_no_grid_is_seen_where_there_is_none():
    """Noise, stripes as wide as a block in one direction, and sides too short to tell."""
    rng = np.random.default_rng(4)
    found = [grid(photograph(rng, 128, 160, noise=3.0)) for _ in range(200)]
    assert max(found) < 4
    tiles = np.tile(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8), (20, 20, 1))
    assert grid(tiles) == 0  # as plain as can be, and at several places of the block
    stripes = np.repeat(np.arange(32) % 2 * 40, 8)[None, :, None] + photograph(rng, 256, 256) // 2
    assert grid(stripes.astype(np.uint8)) < 4 and grid(photograph(rng, 30, 400)) == 0 == grid(
        np.zeros((64, 64, 1), np.uint8)
    )


def test_photographs_and_drawings_are_told_apart():
    rng = np.random.default_rng(2)
    assert picture_class(stored(photograph(rng))).startswith("photograph, lossless")
    assert picture_class(stored(drawing(rng))) == "drawing, lossless"
    assert picture_class(stored(np.full((200, 200, 3), 90, np.uint8))) == "flat, lossless"
    assert picture_class(stored(photograph(rng, 64, 64))) == "tiny, lossless"


def test_patterns_that_repeat_to_the_last_bit_are_drawings_until_something_is_hidden_in_them():
    """However busy they are: what is computed, and a photograph's part side by side with itself."""
    rng = np.random.default_rng(6)
    y, x = np.mgrid[:300, :220]
    computed = np.stack([60 + (x ^ y) % 256 * share for share in (0.3, 0.35, 0.1)], axis=2).astype(np.uint8)
    tiled = np.tile(photograph(rng, 40, 36), (6, 7, 1))
    for pixels in (computed, tiled, tiled[:, :, 1]):
        assert stored(pixels)[FACTS.index("turns")] > 0.06 and picture_class(stored(pixels)) == "drawing, lossless"
        stego = get("lsbm").embed(pixels, 0.4, seed=1)
        assert picture_class(stored(stego)).startswith("photograph, lossless")
    for pixels in (photograph(rng, noise=1.0, smooth=60.0), reread(photograph(rng, noise=3.0), quality=75)):
        assert stored(pixels)[FACTS.index("repeats")] < 0.1


def test_grey_and_smooth_photographs_are_photographs():
    rng = np.random.default_rng(3)
    for pixels in (photograph(rng)[:, :, 1], photograph(rng, 1200, 1600, noise=1.0, smooth=120.0)):
        assert picture_class(stored(pixels)).startswith("photograph, lossless")


def test_sizes_count_what_can_carry_a_payload():
    rng = np.random.default_rng(4)
    colour = photograph(rng, 320, 320)
    names = [picture_class(stored(p)) for p in (colour, colour[:, :, 0])]
    assert names == ["photograph, lossless, to 0.5 M", "photograph, lossless, to 0.1 M"]


def test_tables_that_libjpeg_does_not_write_are_a_class_of_their_own():
    pixels = photograph(np.random.default_rng(5), noise=8.0, smooth=2.0)
    own = [[3 + (i % 8) + (i // 8) for i in range(64)]] * 2
    for options, expected in (
        ({"quality": 75}, "photograph, jpeg, to 0.1 M"), ({"quality": 90}, "photograph, jpeg, to 0.1 M"),
        ({"quality": 100}, "photograph, jpeg with tables of its own, to 0.1 M"),
        ({"qtables": own}, "photograph, jpeg with tables of its own, to 0.1 M"),
    ):  # fmt: skip
        assert picture_class(stored(pixels, "jpeg", **options)) == expected
    assert stored(pixels, "jpeg", quality=83)[FACTS.index("unlike_libjpeg")] == 0


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 2), (3, 3)])
def test_the_smallest_images_have_facts_and_a_class(shape):
    found = stored(np.zeros((*shape, 3), np.uint8))
    assert picture_class(found) == "tiny, lossless" and np.isfinite(found[: FACTS.index("step")]).all()


def test_classes_are_known_and_those_that_stand_in_come_before_them():
    assert len(set(CLASSES)) == len(CLASSES)
    for name in CLASSES:
        chain = list(stand_ins(name))
        assert chain[0] == name and [CLASSES.index(one) for one in chain] == sorted(map(CLASSES.index, chain))[::-1]
    assert list(stand_ins("flat, jpeg")) == ["flat, jpeg", "drawing, jpeg"]
