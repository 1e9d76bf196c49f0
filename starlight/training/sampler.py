"""Balanced batches of clean, stego and negative images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from starlight.errors import StarlightError

__all__ = ["NegativeSampler"]


class NegativeSampler:
    """Batches with a fixed share of negatives, stratified by category, deterministic from the seed.

    A batch of `batch_size` images holds `round(batch_size * negative_ratio)` negatives, an equal number from each
    category in turn; the rest is half stego, stratified by technique, and half clean. Half of the clean images are
    the payload-free twins of the stego images of the same batch, where they have one, so that nothing but the
    payload tells the two halves apart. An epoch shows every stego image once. A small pool is repeated, a large one
    is spread over epochs; no category is ever left out for being small, nor favoured for being large.

    Parameters
    ----------
    negative_ratio : float
        Share of negatives, 0 to 0.9.
    categories : sequence of str
        Negative categories to draw from; empty means all that the data have.
    kinds, groups : sequences of str, length n
        Of each image: `clean`, `stego` or `negative` (`forged` counts as stego), and its technique or category.
    twins : sequence of int, length n
        Index of each stego image's twin, -1 where there is none.
    batch_size, seed : int
    """

    def __init__(
        self,
        negative_ratio: float,
        categories: Sequence[str],
        *,
        kinds: Sequence[str],
        groups: Sequence[str],
        twins: Sequence[int],
        batch_size: int = 48,
        seed: int = 0,
    ) -> None:
        if not 0 <= negative_ratio <= 0.9:
            raise StarlightError(f"negative_ratio: {negative_ratio!r} is out of range, allowed is 0 to 0.9")
        kinds, groups = np.asarray(kinds, dtype=object), np.asarray(groups, dtype=object)
        self.twins, self.seed = np.asarray(twins, dtype=np.int64), seed
        self.clean = np.flatnonzero(kinds == "clean")
        self.stego = _by_group(np.isin(kinds, ("stego", "forged")), groups)
        negative = kinds == "negative"
        if len(categories):
            negative &= np.isin(groups, list(categories))
        self.negatives = _by_group(negative, groups)
        if not self.stego:
            raise StarlightError("training needs stego images, and the manifest's training split has none")
        if not len(self.clean) and not self.negatives:
            raise StarlightError("training needs clean images, and the manifest's training split has none")
        n_negative = round(batch_size * negative_ratio) if self.negatives else 0
        if not len(self.clean):
            n_negative = batch_size // 2
        n_stego = max(1, (batch_size - n_negative) // (2 if len(self.clean) else 1))
        self.shares = (batch_size - n_negative - n_stego, n_stego, n_negative)  # clean, stego, negatives

    def __len__(self) -> int:
        return -(-sum(len(g) for g in self.stego) // self.shares[1])

    def epoch(self, number: int) -> Iterator[np.ndarray]:
        """Batches of image indices of one epoch: stego first, then clean, then negatives."""
        rng = np.random.default_rng([self.seed, number])
        n_clean, n_stego, n_negative = self.shares
        stego = _interleave([rng.permutation(g) for g in self.stego])
        clean = _endless(self.clean, rng)
        pools = [_endless(g, rng) for g in self.negatives]
        turn = int(rng.integers(max(1, len(pools))))
        for start in range(0, len(stego), n_stego):
            chosen = stego[start : start + n_stego]
            twins = [int(t) for t in self.twins[chosen] if t >= 0]
            picked = list(rng.permutation(twins)[: n_clean // 2]) if twins else []
            picked += [next(clean) for _ in range(n_clean - len(picked))] if len(self.clean) else []
            negatives = [next(pools[(turn + i) % len(pools)]) for i in range(n_negative)]
            turn += n_negative
            yield np.concatenate([chosen, np.asarray(picked + negatives, dtype=np.int64)])


def _by_group(chosen: np.ndarray, groups: np.ndarray) -> list[np.ndarray]:
    return [np.flatnonzero(chosen & (groups == g)) for g in sorted(set(groups[chosen]))]


def _interleave(groups: list[np.ndarray]) -> np.ndarray:
    """One sequence in which every group is spread evenly from beginning to end."""
    place = np.concatenate([(np.arange(len(g)) + 0.5) / len(g) for g in groups])
    return np.concatenate(groups)[np.argsort(place, kind="stable")]


def _endless(pool: np.ndarray, rng: np.random.Generator) -> Iterator[int]:
    while len(pool):
        yield from (int(i) for i in rng.permutation(pool))
