"""The constraint mask: what a container cannot carry is never possible."""

import io

import numpy as np
import pytest
import scenes
from PIL import Image as PillowImage

from starlight.images.image import decode
from starlight.techniques import LABELS, OTHER, get
from starlight.techniques.constraints import constraint_mask

SPATIAL = {"lsbr", "lsbm", "hill", "suniward", "wow", "hugo", "mipod"}
DCT = {"f5", "nsf5", "outguess", "steghide", "juniward", "uerd"}


def possible(data: bytes) -> set[str]:
    mask = constraint_mask(decode(data))
    assert mask.shape == (19,) and mask.dtype == bool
    names = {name for name, can in zip(LABELS, mask, strict=True) if can}
    assert OTHER in names
    return names - {OTHER}


def test_each_container():
    colour, grey = scenes.scene(0, 40, 48), scenes.scene(0, 40, 48, 1)
    assert possible(scenes.file(colour)) == SPATIAL | {"lsb.rgb"}
    assert possible(scenes.file(grey)) == SPATIAL
    assert possible(scenes.file(colour, "JPEG")) == DCT
    assert possible(scenes.file(colour, "WEBP", quality=80)) == set()
    assert possible(scenes.file(colour, "WEBP", lossless=True)) == SPATIAL | {"lsb.rgb"}
    assert possible(scenes.file(colour, "BMP")) == SPATIAL | {"lsb.rgb"}


def test_uniform_alpha_is_no_alpha():
    colour = scenes.scene(0, 40, 48)
    alpha = np.full((40, 48, 1), 255, np.uint8)
    assert "alpha" not in possible(scenes.file(np.concatenate([colour, alpha], axis=2)))
    alpha[0, 0] = 254
    assert "alpha" in possible(scenes.file(np.concatenate([colour, alpha], axis=2)))


def test_palette_needs_two_used_colours():
    palette = np.arange(12).reshape(4, 3) * 20
    indices = np.random.default_rng(0).integers(0, 4, (20, 20), dtype=np.uint8)
    assert possible(scenes.indexed(indices, palette)) == {"palette"}
    assert possible(scenes.indexed(np.full_like(indices, 2), palette)) == set()


def test_metadata_and_trailer():
    data = scenes.file(scenes.scene(0, 40, 48), "JPEG")
    assert possible(get("exif").embed(data, b"hello")) == DCT | {"exif"}
    assert possible(get("raw").embed(data, b"hello")) == DCT | {"raw"}
    empty = get("exif").embed(data, b"", framed=False)
    assert "exif" not in possible(empty)


@pytest.mark.parametrize("name", sorted(SPATIAL | {"lsb.rgb"}))
def test_what_was_embedded_was_possible(name):
    cover = scenes.scene(1, 64, 64)
    stego = get(name).embed(cover, scenes.TEXT if name == "lsb.rgb" else 0.4, seed=1)
    assert name in possible(scenes.file(stego))


def test_gif_frames_are_indexed():
    out = io.BytesIO()
    PillowImage.fromarray(scenes.scene(2, 32, 32)).quantize(16).save(out, "GIF")
    assert possible(out.getvalue()) == {"palette"}
