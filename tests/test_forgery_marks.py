"""What people draw onto pictures, pictures in one dye, noise that came after a copy: kinds that misled the search."""

import cv2
import numpy as np
import pytest
from forged import copy_within, encoded, page, texture

from starlight.forgery.candidates import FEATURES, examine
from starlight.forgery.facts import FACTS
from starlight.forgery.scene import prepare
from starlight.forgery.scene.marks import frame_labels, ink, overlap_with_frame
from starlight.images.image import decode

BOX, TO = (40, 30, 90, 100), (190, 250)


def facts(candidate):
    return dict(zip(FEATURES, candidate.features, strict=True))


def iou(a, b):
    return (a & b).sum() / (a | b).sum()


def best(found, mask):
    return max(found, key=lambda c: max(iou(c.side(1), mask), iou(c.side(-1), mask)))


def calm(seed):
    """Shapes of some size and noise: what rules stand out from."""
    rng = np.random.default_rng(seed)
    smooth = cv2.GaussianBlur(texture(seed, noise=0), (0, 0), 2)
    return np.clip(40 + smooth // 2 + rng.normal(0, 2, smooth.shape), 0, 255).astype(np.uint8)


def inset(seed, *, framed):
    """A part of a picture enlarged in a corner of it, and a frame around both or around none."""
    pixels = calm(seed)
    shown = cv2.resize(pixels[30:80, 40:110], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    pixels[210:310, 250:390] = shown
    mask = np.zeros(pixels.shape, bool)
    mask[210:310, 250:390] = True
    for start, end in (((40, 30), (110, 80)), ((249, 209), (390, 310))) if framed else ():
        cv2.rectangle(pixels, start, end, 255, 2)
    return pixels, mask


@pytest.mark.parametrize("quality", [None, 75])
def test_the_frame_of_an_inset_is_seen(quality):
    known = [facts(best(examine(decode(encoded(p, quality))).candidates, m))
             for p, m in (inset(1, framed=True), inset(1, framed=False))]  # fmt: skip
    assert known[0]["frame_most"] > 0.6 and known[0]["frame_least"] > 0.4
    assert known[1]["frame_most"] == known[1]["frame_least"] == 0


def test_a_frame_is_closed_on_all_sides():
    plane = calm(2)
    assert not frame_labels(plane).any()
    open_one = plane.copy()
    cv2.polylines(open_one, [np.array([[60, 200], [60, 60], [200, 60], [200, 200]])], False, 0, 2)
    assert not frame_labels(open_one).any()
    cv2.line(open_one, (60, 200), (200, 200), 0, 2)
    labels = frame_labels(open_one)
    inside = np.zeros(plane.shape, bool)
    inside[62:199, 62:199] = True
    assert labels.max() == 1 and iou(labels == 1, inside) > 0.95
    assert overlap_with_frame(labels, inside) > 0.95 and overlap_with_frame(labels, np.roll(inside, 180, 1)) == 0


def test_letters_are_ink_and_texture_is_not():
    assert ink(page(3)).mean() > 0.02
    assert ink(calm(3)).mean() < 0.01 and not ink(np.full((90, 90), 7, np.uint8)).any()


def test_a_picture_in_one_dye_keeps_its_contrast():
    dye = np.zeros((320, 400, 3), np.uint8)
    dye[:, :, 2] = texture(4) // 2
    scene = prepare(decode(encoded(dye)))
    assert scene.salient.std() > 2.8 * scene.grey.std() and scene.salient.min() >= 0 and scene.salient.max() <= 255
    grey = prepare(decode(encoded(texture(4))))
    assert grey.salient is grey.grey


@pytest.mark.parametrize("seed", [5, 6, 7])
def test_a_copy_is_found_under_noise_that_came_after_it(seed):
    smooth = cv2.GaussianBlur(texture(seed, noise=0), (0, 0), 2)
    pixels, mask = copy_within(smooth, BOX, TO)
    noise = np.random.default_rng(seed).normal(0, 9, pixels.shape)
    found = examine(decode(encoded(np.clip(pixels + noise, 0, 255).astype(np.uint8)))).candidates
    assert found and max(iou(best(found, mask).side(k), mask) for k in (-1, 1)) > 0.7


def test_quiet_places_tell_a_copy_from_what_looks_the_same():
    smooth = cv2.GaussianBlur(texture(8, noise=0), (0, 0), 2)
    rng = np.random.default_rng(8)
    noise = rng.normal(0, 3, smooth.shape)
    copy, mask = copy_within(np.clip(smooth + noise, 0, 255).astype(np.uint8), BOX, TO)
    repeat = np.clip(copy_within(smooth, BOX, TO)[0] + noise, 0, 255).astype(np.uint8)
    drawn, _ = copy_within(cv2.GaussianBlur(smooth, (0, 0), 6), BOX, TO)
    said = [facts(best(examine(decode(encoded(p))).candidates, mask)) for p in (copy, repeat, drawn)]
    assert said[0]["quiet_agreement"] > 0.95 and said[0]["quiet_sigmas"] > 3
    assert abs(said[1]["quiet_agreement"]) < 0.2 and said[1]["quiet_sigmas"] < 2.3
    assert said[2]["quiet_agreement"] == 0 == said[2]["quiet_sigmas"]


def test_facts_of_an_image_count_what_was_drawn():
    pictures = (inset(9, framed=True)[0], calm(9))
    told = [dict(zip(FACTS, examine(decode(encoded(p))).facts, strict=True)) for p in pictures]
    assert told[0]["image_frames"] > np.log(2.5) and told[1]["image_frames"] == 0
