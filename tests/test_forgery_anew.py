"""Authentic images forged anew: only the mask differs, donors are of the same half, nothing is made of nothing."""

import numpy as np
import pandas as pd
import pytest

from starlight.forgery.scene import MAX_PIXELS
from starlight.images.writing.encode import Encoding
from starlight.sample.tampering import after
from starlight.training.forgery import anew, seams


@pytest.fixture
def unprocessed(monkeypatch):
    monkeypatch.setattr(after, "draw", lambda _: after.Processing((), ()))
    monkeypatch.setattr(after, "encoding", lambda _: Encoding("png", level=1))


def picture(seed: int, channels: int = 3) -> np.ndarray:
    """Blocks of grey levels under noise: there is something to copy everywhere."""
    rng = np.random.default_rng(seed)
    blocks = np.kron(rng.integers(40, 216, (12, 16)), np.ones((12, 12)))[..., None]
    return np.clip(blocks + rng.normal(0, 4, (144, 192, channels)), 0, 255).astype(np.uint8)


def test_what_is_outside_the_mask_stays(unprocessed):
    pixels, donor = picture(1), picture(2)
    shares, made = [], {}
    for k in range(12):
        image, mask = anew.forged_anew(pixels, donor, f"name {k}")
        assert np.array_equal(image.pixels[~mask], pixels[~mask])
        assert np.abs(image.pixels[mask].astype(int) - pixels[mask]).mean() > 3
        shares.append(mask.mean())
        made[k] = image.data
    assert 0.002 <= min(shares) < max(shares) <= 0.2 and len(set(made.values())) > 10
    assert anew.forged_anew(pixels, donor, "name 3")[0].data == made[3]


def test_grey_stays_grey_where_it_can(unprocessed):
    grey = picture(3, channels=1)
    assert {anew.forged_anew(grey, grey[::-1].copy(), f"{k}")[0].pixels.shape[2] for k in range(4)} == {1}


def test_masks_go_with_what_is_done_afterwards():
    for k in range(6):
        image, mask = anew.forged_anew(picture(4), picture(5), f"processed {k}")
        assert mask.shape == image.pixels.shape[:2] and mask.any()


def test_of_a_large_image_the_middle_is_taken(unprocessed):
    large = np.tile(picture(6), (9, 9, 1))
    image, mask = anew.forged_anew(large, picture(7), "large")
    high, wide = mask.shape
    assert MAX_PIXELS * 0.99 < high * wide <= MAX_PIXELS
    top, left = (large.shape[0] - high) // 2, (large.shape[1] - wide) // 2
    assert np.array_equal(image.pixels[~mask], large[top : top + high, left : left + wide][~mask])


def test_nothing_is_made_where_there_is_no_place():
    assert anew.forged_anew(picture(1)[:40], picture(2), "small") is None
    flat = np.full((144, 192, 3), 255, np.uint8)
    assert all(anew.forged_anew(flat, flat, f"flat {k}") is None for k in range(4))


def test_donors_are_of_the_same_half_and_another_cover(tmp_path):
    covers = [f"c{i % 9}" for i in range(40)]
    names = [f"{i:016x}" for i in range(40)]
    masks = ["mask.png" if i % 4 == 0 else "" for i in range(40)]
    rows = pd.DataFrame({"sample_id": names, "path": names, "cover_id": covers, "mask": masks})
    folds = np.array([seams.fold_of(cover) for cover in covers])
    cover_of, fold = dict(zip(names, covers, strict=True)), dict(zip(names, folds, strict=True))
    jobs, places = seams._jobs_anew(rows, folds, tmp_path, 1.0)
    assert len(jobs) == 30 and (rows["mask"].to_numpy()[places] == "").all()
    for path, donor, name in jobs:
        assert path.name == name and cover_of[donor.name] != cover_of[name] and fold[donor.name] == fold[name]
    some, _ = seams._jobs_anew(rows, folds, tmp_path, 0.5)
    assert set(some) < set(jobs) and 5 < len(some) < 25 and seams._jobs_anew(rows, folds, tmp_path, 0.0)[0] == []
