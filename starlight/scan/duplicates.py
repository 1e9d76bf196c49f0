"""Which pictures are the same picture: equal pixels, or nearly so after re-encoding or resizing.

The perceptual hash is the sign pattern of the 8x8 lowest DCT frequencies of a 32x32 thumbnail (C. Zauner,
"Implementation and Benchmarking of Perceptual Image Hash Functions", 2010). A small Hamming distance only nominates
a pair; it counts when the 8x8 grey thumbnails agree too, brightness aside. Pictures with hardly any structure (flat,
faint) have no hash and are the same only where their pixels are equal. Crops, turns and mirrored copies are not
recognised.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from itertools import combinations, pairwise

import numpy as np
from PIL import Image as PillowImage
from scipy.fft import dctn

__all__ = ["Fingerprint", "UnionFind", "fingerprint", "near_pairs"]

MIN_SPREAD = 4.0  # standard deviation of the 32x32 grey thumbnail, grey levels, under which there is no hash
MAX_DIFFERENCE = 6.0  # mean absolute difference of 8x8 thumbnails less their means, grey levels
_WINDOW = 256  # neighbours compared in a bucket; beyond it likeness spreads from neighbour to neighbour
_BITS = 64
_AT_ONCE = 1 << 12  # pairs whose thumbnails are compared together


@dataclass(frozen=True)
class Fingerprint:
    """Of one picture: `phash` (64 bits, None without structure) and `thumb` (grey uint8, 8x8, flattened)."""

    phash: int | None
    thumb: bytes


def fingerprint(pixels: np.ndarray) -> Fingerprint:
    """Perceptual hash and thumbnail.

    Parameters
    ----------
    pixels : uint8 (h, w, c)
        c is 1 or 3.
    """
    colour = PillowImage.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
    # whole-number shrinking first: the box filter alone is slow on large pictures
    factor = max(1, min(colour.size) // 128)
    shrunk = (colour.reduce(factor) if factor > 1 else colour).convert("L")
    box = PillowImage.Resampling.BOX
    thumb = shrunk.resize((8, 8), box).tobytes()
    grey = np.asarray(shrunk.resize((32, 32), box), np.float32)
    if grey.std() < MIN_SPREAD:
        return Fingerprint(None, thumb)
    low = dctn(grey, norm="ortho")[:8, :8].ravel()
    bits = low > np.median(low[1:])
    bits[0] = False  # brightness says nothing about what is shown
    return Fingerprint(int.from_bytes(np.packbits(bits).tobytes(), "big"), thumb)


def near_pairs(hashes: np.ndarray, thumbs: np.ndarray, distance: int) -> np.ndarray:
    """Pairs of pictures that are nearly the same.

    Hashes are cut into `distance + 3` bands; two within `distance` bits share at least three bands, so only pictures
    that do are compared: near-linear in their number.

    Parameters
    ----------
    hashes : uint64 (n,)
    thumbs : uint8 (n, 64)
    distance : int
        Largest Hamming distance, in bits; negative finds none.

    Returns
    -------
    int64 (m, 2)
        Pairs of positions; likeness of large groups is given by chains, not by every pair.
    """
    if distance < 0 or len(hashes) < 2:
        return np.zeros((0, 2), np.int64)
    edges = np.linspace(0, _BITS, distance + 4).astype(int)
    masks = [(1 << int(b)) - (1 << int(a)) for a, b in pairwise(edges)]
    buckets = (np.uint64(sum(three)) for three in combinations(masks, 3))
    found = np.zeros(0, np.int64)  # a pair as one number; the nearest are found in every bucket, and kept once
    for bucket in buckets:
        first, second = _bucket_pairs(hashes, thumbs, bucket, distance).T
        found = np.unique(np.concatenate([found, first * len(hashes) + second]))
    return np.column_stack(np.divmod(found, len(hashes)))


def _bucket_pairs(hashes: np.ndarray, thumbs: np.ndarray, mask: np.uint64, distance: int) -> np.ndarray:
    keys = hashes & mask
    order = np.lexsort((hashes, keys))
    keys, sorted_hashes = keys[order], hashes[order]
    left = np.arange(len(keys) - 1)
    pairs = []
    for step in range(1, _WINDOW):
        left = left[left + step < len(keys)]
        left = left[keys[left] == keys[left + step]]
        if not len(left):
            break
        close = left[np.bitwise_count(sorted_hashes[left] ^ sorted_hashes[left + step]) <= distance]
        pairs.append(_agreeing(order[close], order[close + step], thumbs))
    return np.concatenate(pairs) if pairs else np.zeros((0, 2), np.int64)


def _agreeing(a: np.ndarray, b: np.ndarray, thumbs: np.ndarray) -> np.ndarray:
    kept = [np.zeros((0, 2), np.int64)]
    for start in range(0, len(a), _AT_ONCE):
        i, j = a[start : start + _AT_ONCE], b[start : start + _AT_ONCE]
        difference = thumbs[i].astype(np.float32) - thumbs[j]
        near = np.abs(difference - difference.mean(axis=1, keepdims=True)).mean(axis=1) <= MAX_DIFFERENCE
        kept.append(np.column_stack([np.minimum(i, j)[near], np.maximum(i, j)[near]]))
    return np.concatenate(kept)


class UnionFind:
    """Disjoint sets over 0 to n - 1; a set's root is its smallest member, whatever the order of unions."""

    def __init__(self, n: int) -> None:
        self.parent = array("q", range(n))

    def find(self, i: int) -> int:
        """Root of i's set."""
        while self.parent[i] != i:
            self.parent[i] = self.parent[self.parent[i]]
            i = self.parent[i]
        return i

    def union(self, i: int, j: int) -> None:
        """Unite the sets of i and j."""
        i, j = self.find(i), self.find(j)
        self.parent[max(i, j)] = min(i, j)
