"""What tells the copy from its original, and what was put in from the rest: outlines, noise, and where regions end."""

import cv2
import numpy as np
import pytest
from forged import copy_within, encoded, filled, texture

from starlight.forgery import candidates as search
from starlight.forgery import direction
from starlight.forgery.copies.sides import STEPS, trimmed
from starlight.forgery.scene import prepare
from starlight.forgery.scene.contour import contour_facts, snapped
from starlight.forgery.seams.cooccurrence import UNLIKE, shares, unlike
from starlight.images.image import decode

BOX, TO = (40, 30, 90, 100), (190, 250)


def scene_of(pixels):
    return prepare(decode(encoded(pixels)))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def steps(candidate):
    facts = dict(zip(search.FEATURES, candidate.features, strict=True))
    return np.array([[facts[name] for name in STEPS]])


@pytest.mark.parametrize("quality", [None, 80])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_only_the_copy_has_an_outline(seed, quality):
    pixels, mask = copy_within(texture(seed), BOX, TO)
    original = np.roll(mask, (BOX[0] - TO[0], BOX[1] - TO[1]), (0, 1))
    scene = prepare(decode(encoded(pixels, quality)))
    copy, source = (contour_facts(scene, m)["contour"] for m in (mask, original))
    assert copy > source + 0.4 and abs(source) < 0.3


def test_an_outline_is_seen_where_it_really_lies():
    pixels, mask = copy_within(texture(4), BOX, TO)
    larger = cv2.dilate(mask.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    facts = contour_facts(scene_of(pixels), larger)
    assert facts["contour"] > 0.5 and facts["contour_at"] == pytest.approx(3.5, abs=1)


def test_an_outline_moves_to_the_edge_near_it():
    pixels = texture(5)
    pixels[100:180, 120:220] = texture(6)[:80, :100] // 3 + 160
    mask = np.zeros(pixels.shape, bool)
    mask[100:180, 120:220] = True
    rough = np.roll(mask, (4, -4), (0, 1))
    moved = snapped(scene_of(pixels), rough)
    assert iou(moved, mask) > 0.93 > iou(rough, mask)
    assert iou(snapped(scene_of(texture(5)), rough), rough) > 0.4  # nothing there: it stays about where it was


def test_a_region_of_no_size_is_no_error():
    scene = scene_of(texture(7))
    mask = np.zeros(scene.grey.shape, bool)
    mask[:3, :3] = True
    assert all(np.isfinite(v) for v in contour_facts(scene, mask).values())
    assert snapped(scene, mask).shape == mask.shape
    assert not contour_facts(scene, np.ones_like(mask))["contour"]


def test_noise_of_another_kind_stands_out():
    """As strong as that around it, but blurred: the size of the noise would not tell."""
    rng = np.random.default_rng(8)
    noise = rng.normal(0, 3, (320, 400)).astype(np.float32)
    smooth = cv2.GaussianBlur(rng.normal(0, 1, noise.shape).astype(np.float32), (0, 0), 0.8)
    noise[96:192, 160:256] = 3 * (smooth / smooth.std())[96:192, 160:256]
    maps = dict(zip(UNLIKE, unlike(shares(128 + noise, 8)), strict=True))
    inside = np.zeros((40, 50), bool)
    inside[13:23, 21:31] = True
    for name, plane in maps.items():
        assert plane.shape == inside.shape and np.isfinite(plane).all(), name
    far = maps["unlike_far"]
    assert np.median(far[inside]) > np.quantile(far[~inside], 0.97)
    assert all(np.isfinite(p).all() for p in unlike(shares(np.full((64, 80), 7, np.float32), 8)))


def test_regions_are_cut_where_they_end(monkeypatch):
    pixels, mask = copy_within(texture(9), BOX, TO)
    seen, facts = [], search.copy_facts
    monkeypatch.setattr(search, "copy_facts", lambda s, r, *more: (seen.append((s, r)), facts(s, r, *more))[1])
    search.examine(decode(encoded(pixels)))
    before = [max(iou(r.source, mask), iou(r.target, mask)) for _, r in seen]
    after = [max(iou(m, mask) for m in trimmed(s, r)) for s, r in seen]
    assert max(after) > 0.93 and max(after) >= max(before) - 0.01


def test_the_copy_is_told_whichever_way_round_it_was_found():
    rows, target = [], []
    for seed in range(10, 16):
        to = TO if seed % 2 else (20, 270)
        pixels, mask = copy_within(texture(seed), (150, 30, 90, 100), to, lambda part: part[:, ::-1])
        found = search.examine(decode(encoded(pixels))).candidates
        best = max(found, key=lambda c: max(iou(c.source, mask), iou(c.target, mask)))
        rows.append(steps(best)[0])
        target.append(iou(best.target, mask) > iou(best.source, mask))
    rows, target = np.array(rows), np.array(target)
    weights = direction.fit(rows[:4], target[:4])
    assert ((direction.probability(weights, rows) > 0.5) == target).all()
    assert np.allclose(direction.probability(weights, -rows), 1 - direction.probability(weights, rows))
    assert (direction.chosen(weights, np.zeros((1, len(STEPS)))) == 0).all()


def test_what_is_marked_of_a_copy():
    a, b = np.zeros((2, 4, 4), bool)
    a[0], b[2] = True, True
    copy = search.Candidate(search.COPY, a | b, np.zeros(len(search.FEATURES), np.float32), a, b)
    part = search.Candidate(search.SPLICE, a, np.zeros(len(search.FEATURES), np.float32))
    assert [copy.side(k).sum() for k in (-1, 0, 1)] == [4, 8, 4] and copy.side(1)[2].all()
    assert all((part.side(k) == a).all() for k in (-1, 0, 1))


def test_a_fill_keeps_its_outline_soft():
    pixels, mask = filled(texture(17), (60, 80, 90, 110))
    assert contour_facts(scene_of(pixels), mask)["grey_jump"] >= 0
