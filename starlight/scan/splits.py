"""Train, validation and test: by cover, by hash, and the same when data are added."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping

__all__ = ["SPLITS", "assign", "place"]

SPLITS = ("train", "val", "test")
_ENOUGH = 3  # covers of a kind from which every split can have one


def place(seed: int, cover_id: str) -> float:
    """Where a cover falls in [0, 1): test lies at the lower end, then validation, then training."""
    digest = hashlib.sha256(f"{seed}:{cover_id}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def assign(
    covers: Mapping[str, Collection[str]], *, seed: int, test_fraction: float, val_fraction: float
) -> tuple[dict[str, str], list[str]]:
    """Split of every cover of one submission.

    A cover's split depends on its name and the seed alone, so new covers move no old one, and the fractions hold for
    every kind as they do for coin tosses. Where chance leaves a kind with at least three covers out of a split, the
    cover that lies nearest to that split moves there, and only that one. As each submission is split by itself, a new
    one never moves a cover of an old one.

    Parameters
    ----------
    covers : mapping
        cover_id to the kinds that were made from it (`clean`, `stego`, ...).
    seed : int
    test_fraction, val_fraction : float
        Of all covers.

    Returns
    -------
    splits : dict
        cover_id to `train`, `val` or `test`.
    notes : list of str
        What was moved.
    """
    bounds = {"test": (0.0, test_fraction), "val": (test_fraction, test_fraction + val_fraction)}
    bounds["train"] = (test_fraction + val_fraction, 1.0)
    splits = {cover: _split_of(place(seed, cover), bounds) for cover in covers}
    wanted = [name for name in ("test", "val", "train") if bounds[name][1] > bounds[name][0]]
    notes = []
    for kind in sorted({kind for of in covers.values() for kind in of}):
        members = sorted(cover for cover, of in covers.items() if kind in of)
        for split in wanted:
            if any(splits[cover] == split for cover in members):
                continue
            moved = _nearest(members, covers, splits, seed, bounds[split]) if len(members) >= _ENOUGH else None
            if moved is None:
                continue
            notes.append(f"split {split} had no {kind} images by hash: cover {moved} moved there from {splits[moved]}")
            splits[moved] = split
    return splits, notes


def _split_of(spot: float, bounds: Mapping[str, tuple[float, float]]) -> str:
    return next((name for name, (low, high) in bounds.items() if low <= spot < high), "train")


def _nearest(
    members: list[str],
    kinds: Mapping[str, Collection[str]],
    splits: Mapping[str, str],
    seed: int,
    bound: tuple[float, float],
) -> str | None:
    """The member nearest to a split, of those that leave no kind behind without one."""
    counts = Counter((splits[cover], kind) for cover, of in kinds.items() for kind in of)
    spare = [cover for cover in members if all(counts[splits[cover], kind] > 1 for kind in kinds[cover])]
    low, high = bound

    def distance(cover: str) -> float:
        spot = place(seed, cover)
        return max(low - spot, spot - high, 0.0)

    return min(spare, key=lambda cover: (distance(cover), cover), default=None)
