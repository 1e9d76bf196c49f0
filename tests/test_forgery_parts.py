"""How the network's map is cut into parts, and how images are cut for its training."""

import numpy as np
import pytest
from forged import encoded, texture

from starlight.forgery.scene import prepare
from starlight.forgery.seams.maps import MAPS
from starlight.forgery.seams.parts import parts
from starlight.images.image import decode

ROWS, COLUMNS = 40, 50
CORE, AROUND, FAINT = np.s_[10:14, 10:15], np.s_[6:18, 5:20], np.s_[26:34, 34:44]


def proposed(probability: np.ndarray) -> list[np.ndarray]:
    """Cells of the parts that are found in a picture without anything quiet."""
    values = np.zeros((2 * len(MAPS), ROWS, COLUMNS), np.float32)
    scene = prepare(decode(encoded(texture(1))))
    return [part.mask[4::8, 4::8] for part in parts(scene, values, probability)]


def overlap(found: list[np.ndarray], box: tuple[slice, slice]) -> float:
    true = np.zeros((ROWS, COLUMNS), bool)
    true[box] = True
    return max((float((f & true).sum() / (f | true).sum()) for f in found), default=0.0)


@pytest.fixture
def nested() -> np.ndarray:
    plane = np.full((ROWS, COLUMNS), 0.02, np.float32)
    plane[FAINT], plane[AROUND], plane[CORE] = 0.18, 0.35, 0.97
    return plane


def test_a_sure_core_what_is_around_it_and_a_faint_part_elsewhere_are_all_proposed(nested):
    found = proposed(nested)
    assert overlap(found, CORE) > 0.4
    assert overlap(found, AROUND) > 0.6 and overlap(found, FAINT) > 0.6
    assert len(found) <= 6


def test_what_stands_out_most_comes_first(nested):
    assert proposed(nested)[0][CORE].any() and overlap(proposed(nested)[:1], FAINT) == 0


def test_nothing_is_proposed_where_the_map_is_even():
    assert proposed(np.full((ROWS, COLUMNS), 0.3, np.float32)) == []


def test_training_sees_small_forgeries():
    torch_fit = pytest.importorskip("starlight.forgery.seams.fit", exc_type=ImportError)
    target = np.zeros((150, 150), np.float16)
    target[70:73, 20:23] = 1
    rng = np.random.default_rng(1)
    seen = [torch_fit._crop(np.zeros((1, 150, 150), np.float16), target, rng)[1].any() for _ in range(300)]
    assert 0.65 < np.mean(seen) < 0.95
