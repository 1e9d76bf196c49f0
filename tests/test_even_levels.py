"""Groups of levels that are filled evenly: where a cipher was written in scan order, not in other histograms."""

import numpy as np
import pytest

from starlight.findings.even_levels import even_levels
from starlight.images.image import Image, decode
from starlight.images.writing.encode import Encoding, encode
from tests.scenes import scene

RNG = np.random.default_rng


def image(samples: np.ndarray, encoding: Encoding = Encoding("png", level=1)) -> Image:  # noqa: B008 (frozen)
    return decode(encode(samples.astype(np.uint8), encoding))


def uneven(seed: int, height: int = 320, width: int = 400, channels: int = 3) -> np.ndarray:
    """A noisy scene whose histogram is as rough as that of a photograph which was brightened."""
    rng = RNG(seed)
    rough = scene(seed, height, width).astype(float) + rng.normal(0, 2, (height, width, 3))
    made = np.clip(np.rint(rough), 0, 255).astype(np.uint8)
    curve = np.clip(np.arange(256) + np.cumsum(rng.integers(-1, 2, 256)), 0, 255).astype(np.uint8)
    return curve[made][..., :channels]


def written(samples: np.ndarray, bits: int, share: float, seed: int = 0) -> np.ndarray:
    """Random bits in the lowest planes of the first part of the samples, in scan order."""
    made = samples.copy()
    flat, mask = made.reshape(-1), 2**bits - 1
    size = int(share * flat.size)
    flat[:size] = flat[:size] & (255 - mask) | RNG(seed).integers(0, mask + 1, size, dtype=np.uint8)
    return made


@pytest.mark.parametrize("bits", [1, 2, 3, 4])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_a_cipher_in_scan_order_is_found_and_its_place_told(bits, share):
    for seed in range(2):
        (found,) = even_levels(image(written(uneven(seed), bits, share)))
        assert found.technique == ("lsbr" if bits == 1 else "other") and found.hidden
        assert ("lowest bit" if bits == 1 else f"lowest {bits} bits") in found.place
        first, last = map(int, found.place.split("rows ")[1].split(" to "))
        assert first <= 60 and 0.4 * share <= last / 320 <= share + 0.07
        assert even_levels(image(uneven(seed))) == []


def test_a_cipher_that_runs_down_the_columns_is_found():
    made = uneven(1).swapaxes(0, 1)
    (found,) = even_levels(image(written(np.ascontiguousarray(made), 2, 0.5).swapaxes(0, 1)))
    assert "columns 0 to" in found.place


def test_a_cipher_in_one_channel_is_found_in_that_one():
    samples = uneven(2)
    samples[..., 2] = written(samples[..., 2], 2, 1.0)
    (found,) = even_levels(image(samples))
    assert "of blue," in found.place


def test_a_cipher_in_grey_and_in_the_index_is_found():
    assert even_levels(image(written(uneven(3, channels=1), 2, 1.0)[..., 0]))
    palette = Encoding("gif", palette=RNG(1).integers(0, 256, 768, dtype=np.uint8).tobytes())
    indices = RNG(5).permutation(256).astype(np.uint8)[uneven(4, channels=1)[..., 0]]
    (found,) = even_levels(image(written(indices, 2, 0.6), palette))
    assert found.technique == "other" and "the index" in found.place
    assert even_levels(image(indices, palette)) == []


def test_smooth_histograms_and_lsb_matching_are_not_taken_for_it():
    for seed in range(2):
        smooth = np.clip(np.rint(scene(seed, 320, 400) + RNG(seed).normal(0, 6, (320, 400, 3))), 0, 255)
        assert even_levels(image(smooth)) == []
        noise = RNG(seed).integers(-1, 2, (320, 400, 3))
        assert even_levels(image(np.clip(uneven(seed).astype(int) + noise, 0, 255))) == []


def test_histograms_with_gaps_and_doubled_levels_are_not_taken_for_it():
    samples = scene(7, 320, 400)
    stretched = np.clip((samples.astype(float) - 40) * 1.7, 0, 255)
    for made in (
        stretched,
        samples // 2 * 2,
        samples // 4 * 4 + samples // 64,
        samples // 16 * 17,
        255 - samples // 3 * 3,
    ):
        assert even_levels(image(made)) == []


def test_two_levels_that_dithering_fills_evenly_are_not_taken_for_it():
    made = uneven(5)
    made[:160] = 100 + RNG(0).integers(0, 2, (160, 400, 3))
    assert even_levels(image(made)) == []
    assert even_levels(image(np.zeros((64, 64, 3)))) == []
    assert even_levels(image(np.zeros((3, 2, 3)))) == []


def test_a_lossy_picture_is_not_judged():
    assert even_levels(image(written(uneven(1), 3, 1.0), Encoding("jpeg", quality=100, subsampling=0))) == []
