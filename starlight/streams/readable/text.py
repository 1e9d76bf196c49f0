"""How much likelier bytes are as text than as what images leave in their low bits: sequential log-likelihood ratios.

Text is a mixture of simple models (`text_models`), each as it stands and as what a source starts from that learns from
the bytes before. What it is compared with is a mixture of uniform bytes and sources that learn (`sources`). So a flat,
dithered or striped image does not count as text however printable its bytes are, nor a text that repeats itself as a
pattern: both learn alike, and what tells them apart is the first time that a byte comes. Under each of these the
likelihood ratio is a non-negative martingale from the first byte on, and by Ville's inequality exceeds e^s at any
length with a probability of at most e^-s over the weight of that alternative.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from starlight.streams.readable import sources
from starlight.streams.readable.sources import NOWHERE, Counts, Surroundings
from starlight.streams.readable.text_models import MODELS, log_odds

__all__ = ["CANDIDATE", "TextScore", "learnt_gains", "score", "stretch", "tail"]

_STARTS = np.array([0, 1, 2, 3, 4, 5, 6, 8])  # bytes of a binary header that may precede the text
_PRICES = np.array([2 * math.log1p(i) for i in range(len(_STARTS))], np.float32)  # nats, of each start
CANDIDATE = 6.0  # nats from which bytes are compared with all of the alternatives to text


class TextScore:
    """Scores of V byte strings.

    Attributes
    ----------
    gain : (V,) largest log-likelihood ratio of text against uniform bytes over starts and lengths, in nats.
    net : (V,) as `gain`, against all of the alternatives; not over `gain`.
    start, stop : (V,) int, the stretch of bytes where `net` is reached.
    """

    def __init__(self, gain: np.ndarray, net: np.ndarray, start: np.ndarray, stop: np.ndarray) -> None:
        self.gain, self.net, self.start, self.stop = gain, net, start, stop


def learnt_gains(row: np.ndarray, counts: Counts) -> np.ndarray:
    """Cumulative log-likelihood ratio of text against uniform bytes, for sources that learn.

    Parameters
    ----------
    row : (n,) uint8
    counts : Counts
        Of `row`.

    Returns
    -------
    (starts, n + 1) float32
        From each of the possible starts on; -inf before it.
    """
    return _from_starts(_cumulative(_learnt_odds(row, counts)[:, None]))[0]


def tail(raw: bytes, most: int) -> bytes:
    """The end of some bytes, `most` at most, from where on they look most like text."""
    row = np.frombuffer(raw[-most:], np.uint8)[::-1]
    if not len(row):
        return b""
    return row[: int(np.cumsum(MODELS[:, row], axis=1).max(axis=0).argmax()) + 1][::-1].tobytes()


def stretch(row: np.ndarray, counts: Counts, start: int, stop: int) -> float:
    """Log-likelihood ratio of text against uniform bytes over all of a stretch.

    Parameters
    ----------
    row : (n,) uint8
    counts : Counts
        Of `row`.
    start, stop : int
        The stretch is `row[start:stop]`.

    Returns
    -------
    float
        In nats.
    """
    plain = np.asfortranarray(log_odds(row[None])[:, 0])  # summed byte by byte, as in all that is stored by now
    each = plain, _learnt_odds(row, counts)
    return max(float(steps[:, start:stop].sum(axis=1).max()) - math.log(2 * len(steps)) for steps in each)


def _learnt_odds(row: np.ndarray, counts: Counts) -> np.ndarray:
    """As `log_odds`, for one row and sources that start from a model of text and learn: (models, n)."""
    return sources.learnt(counts, log_odds(row[None])[:, 0]).reshape(-1, len(row)).astype(np.float32)


def _starts(n: int) -> np.ndarray:
    """Those that n bytes have."""
    return _STARTS[: np.searchsorted(_STARTS, n, side="right")]


def _cumulative(steps: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of the first 0 .. n bytes under each model, from steps (models, V, n).

    In memory bytes come first: what is summed over them, or compared, is then summed for all models and rows at once.
    """
    models, count, size = steps.shape
    sums = np.zeros((size + 1, models * count), np.float32)
    sums[1:] = steps.reshape(models * count, size).T
    before = sums[0]
    for after in sums[1:]:  # `cumsum` along the first axis goes column by column, and takes three times as long
        after += before
        before = after
    return sums.reshape(size + 1, models, count).transpose(1, 2, 0)


def _from_starts(cumulative: np.ndarray) -> np.ndarray:
    """Gain of the best of some models, (models, V, n + 1), from each of the possible starts on: (V, starts, n + 1)."""
    models, count, size = cumulative.shape
    starts = _starts(size - 1)
    out = np.empty((count, len(starts), size), np.float32)
    for i, s in enumerate(starts):
        out[:, i] = (cumulative - cumulative[:, :, s : s + 1]).max(axis=0) - math.log(2 * models) - _PRICES[i]
        out[:, i, :s] = -np.inf
    return out


def _best(cumulative: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is highest in each row of `_from_starts`, the index of its start, and its stop; the table is not made."""
    sums = cumulative.transpose(2, 0, 1)  # as it lies in memory
    size, models, count = sums.shape
    starts, rows = _starts(size - 1), np.arange(count)
    head = sums[: starts[-1] + 1]
    highest = head.copy()  # from each place on
    np.max(sums[starts[-1] :], axis=0, out=highest[-1])
    for here, after in zip(highest[-2::-1], highest[:0:-1], strict=True):
        np.maximum(here, after, out=here)
    gain = (highest - head).max(axis=1)[starts].T
    gain = gain - math.log(2 * models) - _PRICES[: len(starts)]
    start_at = gain.argmax(axis=1)
    start = starts[start_at]
    first = sums[start, :, rows].T
    since = np.subtract(sums.transpose(1, 0, 2), first[:, None], order="C").max(axis=0).T
    since = since - math.log(2 * models) - _PRICES[start_at][:, None]  # rounded as `gain` is: of equals the first
    since[np.arange(size) < start[:, None]] = -np.inf
    return gain[rows, start_at], start_at, since.argmax(axis=1)


def score(data: np.ndarray, lengths: np.ndarray, around: Callable[[int], Surroundings] | None = None) -> TextScore:
    """Score byte strings.

    Parameters
    ----------
    data : (V, n) uint8
    lengths : (V,) int
        Bytes of each row that are real.
    around : callable, optional
        Number of a row -> where its bits come from. Asked for the few rows that are compared with all alternatives.

    Rows whose gain is not over `CANDIDATE` are compared with uniform bytes alone.
    """
    steps = log_odds(data)
    if lengths.min(initial=data.shape[1]) < data.shape[1]:
        steps[:, np.arange(data.shape[1]) >= lengths[:, None]] = 0  # past the end nothing is gained
    cumulative = _cumulative(steps)
    gain, start_at, stop = _best(cumulative)
    net = gain.copy()
    for v in np.flatnonzero(gain > CANDIDATE):
        row, real = data[v, : lengths[v]], cumulative[:, v : v + 1, : lengths[v] + 1]
        counts, starts = sources.count(row), _starts(len(row))
        null = sources.null_gains(row, counts, around(v) if around else NOWHERE, starts)
        rows = np.maximum(_from_starts(real)[0], learnt_gains(row, counts))
        gain[v] = max(gain[v], rows.max())
        against = rows - null
        k = int(np.argmax(against))
        net[v] = min(float(against.flat[k]), gain[v])
        start_at[v], stop[v] = divmod(k, against.shape[1])
    return TextScore(gain, net, _STARTS[start_at], stop)
