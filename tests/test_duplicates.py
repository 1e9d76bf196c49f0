"""Near-duplicates: found after re-encoding, never for want of structure, and by a search that misses none."""

import io

import numpy as np
import pytest
from PIL import Image
from submission_factory import picture

from starlight.scan.duplicates import UnionFind, fingerprint, near_pairs


def bits(a, b):
    return int(np.bitwise_count(np.uint64(a.phash ^ b.phash)))


@pytest.mark.parametrize("seed", range(5))
def test_the_same_picture_stays_near_and_another_is_far(seed):
    rng = np.random.default_rng(seed)
    one, other = picture(rng, 128), picture(rng, 128)
    buffer = io.BytesIO()
    Image.fromarray(one).save(buffer, "JPEG", quality=40)
    again = np.asarray(Image.open(buffer).convert("RGB"))
    smaller = np.asarray(Image.fromarray(one).resize((70, 70), Image.Resampling.BICUBIC))
    assert bits(fingerprint(one), fingerprint(again)) <= 6
    assert bits(fingerprint(one), fingerprint(smaller)) <= 6
    assert bits(fingerprint(one), fingerprint(other)) > 10


def test_flat_pictures_have_no_hash():
    faint = np.random.default_rng(0).integers(100, 103, (64, 64, 1), dtype=np.uint8)
    assert fingerprint(faint).phash is None


@pytest.mark.parametrize("distance", [0, 3, 8])
def test_banded_search_finds_what_all_pairs_find(distance):
    rng = np.random.default_rng(distance)
    base = rng.integers(0, 2**63, 60, dtype=np.uint64)
    flips = np.array([np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, k).astype(np.uint64)) if k else 0
                      for k in rng.integers(0, 12, 240)], np.uint64)  # fmt: skip
    hashes = np.repeat(base, 4) ^ flips
    thumbs = np.zeros((len(hashes), 64), np.uint8)
    i, j = np.triu_indices(len(hashes), 1)
    near = np.bitwise_count(hashes[i] ^ hashes[j]) <= distance
    assert near.sum() > 0 or distance == 0
    assert near_pairs(hashes, thumbs, distance).tolist() == np.column_stack([i[near], j[near]]).tolist()


def test_thumbnails_must_agree():
    hashes = np.zeros(2, np.uint64)
    thumbs = np.zeros((2, 64), np.uint8)
    thumbs[1, :32] = 40
    assert len(near_pairs(hashes, thumbs, 8)) == 0


def test_union_find_names_a_set_by_its_smallest_member():
    sets = UnionFind(5)
    for i, j in ((4, 2), (2, 3), (1, 0)):
        sets.union(i, j)
    assert [sets.find(i) for i in range(5)] == [0, 0, 2, 2, 2]
