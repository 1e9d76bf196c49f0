"""What images leave in their low bits, as sources that learn from the bytes before: sequential log-likelihood ratios.

The sources: uniform bytes, bytes of a skewed but unknown distribution, alone or given the bytes before them, bytes that
repeat at a fixed distance, and bits that depend on the bits before them, on their place, or on the rest of the sample
or pixel that they are taken from: in an image of few levels, what is left of a pixel says its lowest bits.
Text may learn as well: a source then starts from a model of text instead of from uniform bytes (see `text`).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["NOWHERE", "Counts", "Surroundings", "count", "learnt", "least_null", "null_gains"]

_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 24, 32, 48, 64)
_COPY = 0.9  # probability that a repeating source repeats
_ALPHA = 0.05  # Dirichlet prior of a source with an unknown distribution, for a byte that is as likely as any
_MOST_SOURCES = 128  # no fewer than share the weight with uniform bytes, in all that is made of `null_gains`
_ORDERS = 3  # such sources: of single bytes, and of bytes given the one or two before
_BIT_LAGS = ((1, 2, 3, 4), (3, 6, 9), (4, 8, 12))  # bits before it that a bit may depend on


class Surroundings(NamedTuple):
    """Where the bits of n bytes come from.

    Attributes
    ----------
    places : tuple of int
        Bits of each byte, 0 the most significant, that come from a channel that may never change.
    untouched : tuple of (8 n,) int
        For each bit, in the order in which `order` unpacks them, what a payload leaves alone there, such as a sample's
        higher bits: equal for bits that have it in common.
    order : {"big", "little"}
        As `numpy.unpackbits` takes it.
    """

    places: tuple[int, ...] = ()
    untouched: tuple[np.ndarray, ...] = ()
    order: str = "big"


NOWHERE = Surroundings()


class Counts(NamedTuple):
    """How often each byte of n came before after the same bytes, and how often any did: (orders, n) int each."""

    seen: np.ndarray
    total: np.ndarray


def count(row: np.ndarray) -> Counts:
    """Count what a source that learns has seen before each byte.

    Parameters
    ----------
    row : (n,) uint8

    Returns
    -------
    Counts
        Of single bytes, of bytes given the one before, and of bytes given the two before.
    """
    n, codes = len(row), row.astype(np.uint32)
    seen, total = np.zeros((2, _ORDERS, n), np.int64)
    seen[0], total[0] = _before(row), np.arange(n)
    for order in range(1, min(_ORDERS, n)):
        codes = codes[:-1] << np.uint32(8) | row[order:]  # of so many bytes and one more
        seen[order, order:] = _before(codes)
        total[order, 1:] = seen[order - 1, :-1]
    return Counts(seen, total)


def _before(codes: np.ndarray) -> np.ndarray:
    """How many of the codes (n,) before each one are the same."""
    order = np.argsort(codes, kind="stable")
    grouped, places = codes[order], np.arange(len(codes))
    begins = np.zeros(len(codes), np.int64)
    begins[1:] = np.where(grouped[1:] != grouped[:-1], places[1:], 0)
    out = np.empty(len(codes), np.int64)
    out[order] = places - np.maximum.accumulate(begins)
    return out


def learnt(counts: Counts, steps: np.ndarray) -> np.ndarray:
    """Log-odds of each byte against a uniform one under sources that start from models and learn.

    Parameters
    ----------
    counts : Counts
        Of a row of n bytes.
    steps : (..., n) float
        Log-odds of its bytes under the models; 0 for uniform bytes.

    Returns
    -------
    (orders, ..., n) float64
    """
    seen, total = (table.reshape(_ORDERS, *[1] * (steps.ndim - 1), -1) for table in counts)
    return np.log((256 * seen + 256 * _ALPHA * np.exp(steps)) / (total + 256 * _ALPHA))


def least_null(counts: Counts, starts: Sequence[int]) -> np.ndarray:
    """No more than `null_gains`, from some sources alone: (starts, n + 1) float64.

    Parameters
    ----------
    counts : Counts
    starts : sequence of int
    """
    n = counts.seen.shape[1]
    sums = np.zeros((_ORDERS, n + 1))
    np.cumsum(learnt(counts, np.zeros(n)), axis=1, out=sums[:, 1:])
    since = sums[:, None] - sums[:, list(starts)][:, :, None]
    return np.maximum(since.max(axis=0) - math.log(2 * _MOST_SOURCES), -2 * math.log(2))


def null_gains(
    row: np.ndarray, counts: Counts, around: Surroundings = NOWHERE, starts: Sequence[int] = (0,)
) -> np.ndarray:
    """Cumulative log-likelihood ratio of what images leave in low bits against uniform bytes.

    Parameters
    ----------
    row : (n,) uint8
    counts : Counts
        Of `row`.
    around : Surroundings
        Of `row`.
    starts : sequence of int
        From where on bytes count; those before are only learnt from.

    Returns
    -------
    (starts, n + 1) float64
        0 and less before each start.
    """
    n = len(row)
    steps = [np.zeros(n), *learnt(counts, np.zeros(n))]
    for lag in _LAGS:
        step = np.zeros(n)
        step[lag:] = np.where(row[lag:] == row[: max(0, n - lag)], math.log(_COPY * 256), math.log(1 - _COPY))
        steps.append(step)
    for order in ("big", "little"):
        bits = np.unpackbits(row, bitorder=order).view(bool)
        steps += [_bit_gains(bits, _lagged(bits, lags)).reshape(n, 8).sum(axis=1) for lags in _BIT_LAGS]
    for chosen in (around.places, range(8)) if around.places else ():
        bits = np.unpackbits(row).view(bool).reshape(n, 8)[:, list(chosen)].reshape(-1)
        place = np.tile(np.arange(len(chosen)), n)
        for context in (place, place + len(chosen) * _lagged(bits, (len(chosen),))):
            gained = _bit_gains(bits, context).reshape(n, -1).sum(axis=1)
            steps += [gained, *learnt(counts, gained)]
    if around.untouched:
        bits = np.unpackbits(row, bitorder=around.order).view(bool)
        steps += [_bit_gains(bits, context).reshape(n, 8).sum(axis=1) for context in around.untouched]
    cumulative = np.zeros((len(steps), 1, n + 1))
    np.cumsum(steps, axis=1, out=cumulative[:, 0, 1:])
    weights = np.full((len(steps), 1, 1), 0.5 / (len(steps) - 1))
    weights[0] = 0.5
    since = cumulative - cumulative[:, 0, list(starts)][:, :, None]
    return np.logaddexp.reduce(since + np.log(weights), axis=0)


def _lagged(bits: np.ndarray, lags: tuple[int, ...]) -> np.ndarray:
    """Context of each bit: those at some distances before it."""
    context = np.zeros(len(bits), np.int64)
    for k, lag in enumerate(lags):
        context[lag:] |= bits[:-lag].astype(np.int64) << k
    return context


def _bit_gains(bits: np.ndarray, context: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of each bit given its context, learnt on the way (Krichevsky-Trofimov estimator)."""
    size = len(bits)
    most = context.max(initial=0)
    narrow = np.uint8 if most < 1 << 8 else np.uint16 if most < 1 << 16 else context.dtype  # which sort in a quarter
    context = context.astype(narrow)
    order = np.argsort(context, kind="stable")
    grouped, sorted_ = bits[order], context[order]
    start = np.append(0, np.flatnonzero(sorted_[1:] != sorted_[:-1]) + 1)
    length = np.diff(start, append=size)
    total = np.arange(size) - np.repeat(start, length)
    before = np.cumsum(grouped) - grouped
    ones = before - np.repeat(before[start], length)
    likely = (np.where(grouped, ones, total - ones) + 0.5) / (total + 1)
    out = np.empty(size)
    out[order] = np.log(2 * likely)
    return out
