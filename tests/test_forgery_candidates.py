"""What the search for copies finds in pictures that were made for it, and the facts that it tells of them."""

import cv2
import numpy as np
import pytest
from forged import copy_within, encoded, page, texture, tiles

from starlight.forgery.candidates import COPY, FACTS, FEATURES, examine
from starlight.forgery.copies.correlation import ISOMETRIES
from starlight.forgery.copies.following import follow
from starlight.forgery.copies.keypoints import Matches, mirror
from starlight.forgery.copies.transforms import clusters, log_false_alarms
from starlight.forgery.scene.panels import panel_labels
from starlight.images.image import decode

BOX, TO = (40, 30, 90, 100), (190, 250)
CHANGES = {
    "shifted": lambda part: part,
    "mirrored": lambda part: part[:, ::-1],
    "turned": lambda part: np.rot90(part),
    "scaled": lambda part: cv2.resize(part, None, fx=1.25, fy=1.25, interpolation=cv2.INTER_CUBIC),
}


def facts(candidate):
    return dict(zip(FEATURES, candidate.features, strict=True))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def best(found, mask):
    return max(found, key=lambda c: max(iou(c.source, mask), iou(c.target, mask)), default=None)


@pytest.mark.parametrize("quality", [None, 85])
@pytest.mark.parametrize("change", CHANGES)
def test_a_copy_is_found_where_it_lies(change, quality):
    pixels, mask = copy_within(texture(1), BOX, TO, CHANGES[change])
    found = best(examine(decode(encoded(pixels, quality))).candidates, mask)
    assert found.kind == COPY
    assert max(iou(found.source, mask), iou(found.target, mask)) > 0.75
    assert (found.mask == (found.source | found.target)).all()
    assert bool(facts(found)["mirrored"]) == (change == "mirrored")
    assert facts(found)["log_scale"] == pytest.approx(0, abs=0.03) or change == "scaled"


def test_the_map_leads_from_one_region_to_the_other():
    pixels, mask = copy_within(texture(2), BOX, TO)
    found = best(examine(decode(encoded(pixels))).candidates, mask)
    shift = np.array([TO[1] - BOX[1], TO[0] - BOX[0]])
    assert np.abs(np.abs(found.matrix[:, 2]) - shift).max() < 0.5
    assert np.allclose(found.matrix[:, :2], np.eye(2), atol=0.01)


def test_a_copy_carries_its_noise_and_a_repeat_does_not():
    copied, mask = copy_within(texture(3), BOX, TO)
    copy = facts(best(examine(decode(encoded(copied))).candidates, mask))
    repeats = [facts(c) for c in examine(decode(encoded(tiles(3)))).candidates]
    assert copy["noise_agreement"] > 0.95 and copy["left_over"] < 0.2
    assert repeats and max(r["noise_agreement"] for r in repeats) < 0.5
    assert copy["rivals"] == 0 and min(r["rivals"] for r in repeats) > 4


def test_a_copy_of_noise_alone_is_found_without_keypoints():
    rng = np.random.default_rng(4)
    plain = np.clip(rng.normal(128, 4, (300, 400)), 0, 255).astype(np.uint8)
    pixels, mask = copy_within(plain, (20, 30, 110, 130), (160, 220))
    found = best(examine(decode(encoded(pixels))).candidates, mask)
    assert max(iou(found.source, mask), iou(found.target, mask)) > 0.7


def test_nothing_is_suspected_in_texture_and_noise():
    rng = np.random.default_rng(5)
    assert not examine(decode(encoded(texture(6)))).candidates
    assert not examine(decode(encoded(rng.integers(0, 256, (256, 256), np.uint8)))).candidates
    assert not examine(decode(encoded(np.full((200, 200), 80, np.uint8)))).candidates


def test_letters_of_a_page_have_many_rivals():
    found = [facts(c) for c in examine(decode(encoded(page(7)))).candidates]
    assert np.median([f["rival"] for f in found]) > 0.6


def test_the_same_image_gives_the_same_suspicions():
    data = encoded(copy_within(texture(8), BOX, TO)[0], 80)
    one, other = (examine(decode(data)).table for _ in range(2))
    assert one.shape[1] == len(FEATURES) + len(FACTS) and np.array_equal(one, other)


def test_masks_of_a_large_image_have_its_size():
    pixels, mask = copy_within(texture(9, 1300, 1400), (100, 100, 300, 350), (800, 700))
    found = best(examine(decode(encoded(pixels))).candidates, mask)
    assert found.mask.shape == (1300, 1400) and max(iou(found.source, mask), iou(found.target, mask)) > 0.75


def test_mirrored_descriptors_are_those_of_the_mirrored_image():
    plane = texture(10, 200, 200)
    sift = cv2.SIFT_create(nfeatures=200)
    point = [cv2.KeyPoint(100, 100, 12, 30)]
    flipped = [cv2.KeyPoint(99, 100, 12, 150)]
    _, ours = sift.compute(plane, point)
    _, theirs = sift.compute(plane[:, ::-1].copy(), flipped)
    assert np.corrcoef(mirror(ours)[0], theirs[0])[0, 1] > 0.97


def test_more_agreeing_matches_are_less_likely_by_chance():
    chance = [log_false_alarms(n, 200, (500, 500)) for n in (4, 6, 9, 12)]
    assert chance[0] > 0 > chance[-1] and chance == sorted(chance, reverse=True)


def test_three_matches_that_agree_make_a_hypothesis():
    """Of a small copy there are no more; two agree on a turn and a scale by chance."""
    rng = np.random.default_rng(3)
    source = rng.uniform(0, 60, (3, 2)).astype(np.float32)
    turn = np.float32(0.4)
    linear = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]], np.float32)
    for count in (2, 3):
        ours = source[:count]
        one = np.ones(count, np.float32)
        found = clusters(Matches(ours, ours @ linear.T + [200, 90], one, turn * one, False, 50), (300, 400))
        assert len(found) == (count == 3)
    assert np.allclose(found[0].matrix, np.c_[linear, [200, 90]], atol=1e-3)


def test_panels_are_cut_at_gutters():
    figure = np.full((210, 320), 255, np.uint8)
    figure[:100, :150], figure[:100, 170:], figure[110:, :] = texture(11, 100, 150), texture(12, 100, 150), 90
    figure[110:] = texture(13, 100, 320)
    labels = panel_labels(figure)
    assert labels.max() == 3 and labels[50, 160] == 0 and labels[105, 10] == 0
    assert len({int(labels[50, 50]), int(labels[50, 250]), int(labels[150, 150])}) == 3
    assert (panel_labels(texture(14)) == 1).all()


@pytest.mark.parametrize("linear", ISOMETRIES)
@pytest.mark.parametrize("shift", [(0, 0), (13, -7), (-50, 31), (70, 62), (200, 0)])
def test_a_map_of_pixels_to_pixels_copies_what_interpolation_would_give(linear, shift):
    plane = np.random.default_rng(5).random((61, 83)).astype(np.float32)
    whole, part = (slice(0, 61), slice(0, 83)), (slice(11, 40), slice(5, 66))
    for window in (whole, part):
        matrix = np.c_[np.array(linear, float), np.array(shift, float)]
        within = np.c_[matrix[:, :2], matrix[:, :2] @ [window[1].start, window[0].start] + matrix[:, 2]]
        size = window[1].stop - window[1].start, window[0].stop - window[0].start
        expected = cv2.warpAffine(plane, within, size, flags=cv2.INTER_CUBIC | cv2.WARP_INVERSE_MAP)
        assert np.array_equal(follow(plane, matrix, window), expected)


@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_gutters_are_rows_of_few_levels_but_for_some_pixels(count):
    rng = np.random.default_rng(2)
    grey = rng.integers(0, 256, (300, 200)).astype(np.uint8)
    grey[140:160] = 250 + rng.integers(0, 6, (20, 200))
    grey[140:160, rng.choice(200, count, replace=False)] = 9
    assert panel_labels(grey).max() == (2 if count < 2 else 1)
