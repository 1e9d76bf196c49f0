"""Covers: deterministic, varied, and physically what they say."""

import numpy as np
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.sample import covers
from starlight.sample.covers import alpha, camera, drawings, palettes, photos, processing
from starlight.sample.covers.cover import luma


@pytest.mark.parametrize("source", covers.SOURCES)
@pytest.mark.parametrize("side", [(64, 64), (97, 150)])
def test_a_cover_follows_from_its_seed(source, side):
    first, again, other = (covers.make(source, np.random.default_rng(seed), *side, "7") for seed in (1, 1, 2))
    assert first.pixels.dtype == np.uint8 and first.pixels.shape[:2] == side
    assert np.array_equal(first.pixels, again.pixels) and first.processing == again.processing
    assert not np.array_equal(first.pixels, other.pixels)


def test_photographs_are_installed_and_named():
    assert len(photos.PHOTOGRAPHS) >= 20
    ids = {photos.load(name)[1] for name in photos.PHOTOGRAPHS}
    assert "skimage/motorcycle" in ids and len(ids) == len(photos.PHOTOGRAPHS) - 1
    with pytest.raises(StarlightError, match="no_such"):
        photos.load("/no_such/picture.png")


def test_a_users_photographs_are_covers_too(tmp_path):
    with pytest.raises(StarlightError, match="no image file"):
        photos.folder_photographs(tmp_path)
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (200, 210, 3), np.uint8)).save(tmp_path / "mine.png")
    names = photos.folder_photographs(tmp_path)
    cover = covers.photograph(np.random.default_rng(3), 100, 100, "0", names=names)
    assert cover.cover_id == "user/mine.png" and cover.pixels.shape == (100, 100, 3)


@pytest.mark.parametrize("name", processing.STEPS)
@pytest.mark.parametrize("shape", [(40, 52), (40, 52, 3)])
def test_a_step_keeps_size_and_type(name, shape):
    pixels = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    made, note = processing.STEPS[name](pixels, np.random.default_rng(1))
    assert made.shape == shape and made.dtype == np.uint8 and note


@pytest.mark.parametrize("gradient_corrected", [False, True])
@pytest.mark.parametrize("pattern", range(4))
def test_demosaicing_restores_a_smooth_picture(pattern, gradient_corrected):
    y, x = np.mgrid[:32, :40].astype(np.float32) / 40
    rgb = np.stack([0.2 + 0.3 * x, 0.4 + 0.2 * y, 0.6 - 0.3 * x], axis=2)
    restored = camera.demosaic(camera._mosaic(rgb, pattern), pattern, gradient_corrected)
    inner = (slice(4, -4), slice(4, -4))
    assert np.abs(restored - rgb)[inner].max() < 1e-5


def test_sensor_noise_grows_with_light():
    shot = camera.Camera(
        blur_px=0.4, defocus_px=0, exposure=1, shot=5e-3, read=1e-3, bits=14, pattern=0, gradient_corrected=False,
        gains=(1, 1, 1), saturation=1, gamma=1, contrast=0, luma_denoise=0, chroma_denoise_px=0, sharpen=0,
        sharpen_px=1, bayer=False,
    )  # fmt: skip
    light = np.ones((128, 128, 3), np.float32)
    light[:, 64:] = 0.25
    made = camera.expose(light, np.zeros((128, 128), np.float32), shot, np.random.default_rng(0))
    bright, dark = made[:, :56].var(axis=(0, 1)).mean(), made[:, 72:].var(axis=(0, 1)).mean()
    assert bright / dark == pytest.approx(4, rel=0.1)  # variance is proportional to light


@pytest.mark.parametrize("kind", palettes.KINDS)
def test_indices_and_palette_show_the_picture(kind):
    pixels = covers.make("photo", np.random.default_rng(5), 60, 60, "0").pixels
    indices, palette, _ = palettes.index(pixels, np.random.default_rng(1), kind=kind)
    colours = np.frombuffer(palette, np.uint8).reshape(-1, 3)
    assert len(colours) % 2 == 0 and int(indices.max()) < len(colours) <= 256
    shown, meant = (p.reshape(10, 6, 10, 6).mean(axis=(1, 3)).ravel() for p in (luma(colours[indices]), luma(pixels)))
    assert np.corrcoef(shown, meant)[0, 1] > 0.6  # over blocks, because dither scatters single pixels


@pytest.mark.parametrize("kind", alpha.KINDS)
def test_natural_alpha_varies(kind):
    for seed in range(5):
        plane, _ = alpha.natural(np.random.default_rng(seed), 33, 70, kind=kind)
        assert plane.shape == (33, 70) and plane.min() < plane.max()


@pytest.mark.parametrize("kind", drawings.KINDS)
def test_drawings_have_the_size_asked_for(kind):
    assert drawings.draw(np.random.default_rng(1), 64, 99, "d", kind=kind).pixels.shape == (64, 99, 3)
