"""Lossless images made from photographs: of all kinds, readable, the same for a seed; nothing is hidden in them."""

import numpy as np
from PIL import Image

from starlight.images.image import decode
from starlight.lab.clean.counting import count
from starlight.lab.clean.kinds import KINDS


def _photograph(folder, seed=0):
    rng = np.random.default_rng(seed)
    waves = sum(np.sin(np.outer(np.arange(150), np.ones(200)) / rng.uniform(3, 30) + i) for i in range(4))
    pixels = 128 + 25 * waves[:, :, None] + rng.normal(0, 9, (150, 200, 3))
    path = folder / "photograph.jpg"
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=90)
    return path


def test_every_kind_is_a_lossless_image(tmp_path):
    with Image.open(_photograph(tmp_path)) as photograph:
        for name, make in KINDS.items():
            image = decode(make(photograph.convert("RGB"), np.random.default_rng(0)))
            assert image.container.lossless or image.indices is not None, name


def test_images_are_counted_and_follow_from_the_seed(tmp_path):
    paths = [_photograph(tmp_path), tmp_path / "no.jpg"]
    paths[1].write_bytes(b"no image")
    first = [one for one, _ in zip(count(paths, seed=3, seconds=60), range(6), strict=False)]
    again = [one for one, _ in zip(count(paths, seed=3, seconds=60), range(6), strict=False)]
    assert [one[:3] for one in first] == [one[:3] for one in again]
    assert all(one.found == () and one.ms > 0 for one in first)
    assert list(count([paths[1]], seed=3, seconds=60)) == []
