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
from collections.abc import Sequence

import numpy as np

from starlight.streams import sources
from starlight.streams.sources import Counts
from starlight.streams.text_models import MODELS, log_odds

__all__ = ["CANDIDATE", "TextScore", "gains", "learnt_gains", "score", "stretch", "tail"]

_STARTS = (0, 1, 2, 3, 4, 5, 6, 8)  # bytes of a binary header that may precede the text
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


def gains(data: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Cumulative log-likelihood ratio of text against uniform bytes.

    Parameters
    ----------
    data : (V, n) uint8
    lengths : (V,) int
        Bytes of each row that are real.

    Returns
    -------
    (V, starts, n + 1) float32
        From each of the possible starts on; -inf before it and past the end.
    """
    out = _from_starts(log_odds(data))
    out[np.broadcast_to(np.arange(out.shape[2]) > lengths[:, None, None], out.shape)] = -np.inf
    return out


def learnt_gains(row: np.ndarray, counts: Counts) -> np.ndarray:
    """As `gains`, for one row and sources that start from a model of text and learn.

    Parameters
    ----------
    row : (n,) uint8
    counts : Counts
        Of `row`.

    Returns
    -------
    (starts, n + 1) float32
    """
    return _from_starts(_learnt_odds(row, counts)[:, None])[0]


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
    each = log_odds(row[None])[:, 0], _learnt_odds(row, counts)
    return max(float(steps[:, start:stop].sum(axis=1).max()) - math.log(2 * len(steps)) for steps in each)


def _learnt_odds(row: np.ndarray, counts: Counts) -> np.ndarray:
    """As `log_odds`, for one row and sources that start from a model of text and learn: (models, n)."""
    return sources.learnt(counts, log_odds(row[None])[:, 0]).reshape(-1, len(row)).astype(np.float32)


def _from_starts(steps: np.ndarray) -> np.ndarray:
    """Gain of the best of some models, (models, V, n), from each of the possible starts on: (V, starts, n + 1)."""
    models, count, n = steps.shape
    cumulative = np.zeros((models, count, n + 1), np.float32)
    np.cumsum(steps, axis=2, out=cumulative[:, :, 1:])
    starts = [s for s in _STARTS if s <= n]
    out = np.empty((count, len(starts), n + 1), np.float32)
    for i, s in enumerate(starts):
        top = (cumulative - cumulative[:, :, s : s + 1]).max(axis=0)
        out[:, i] = top - math.log(2 * models) - math.log1p(i) * 2
        out[:, i, :s] = -np.inf
    return out


def _starts(row: np.ndarray) -> list[int]:
    return [s for s in _STARTS if s <= len(row)]


def score(data: np.ndarray, lengths: np.ndarray, places: Sequence[tuple[int, ...]] | None = None) -> TextScore:
    """Score byte strings.

    Parameters
    ----------
    data : (V, n) uint8
    lengths : (V,) int
        Bytes of each row that are real.
    places : sequence of V tuples of int, optional
        As `sources.null_gains` takes them.

    Rows whose gain is not over `CANDIDATE` are compared with uniform bytes alone.
    """
    table = gains(data, lengths)
    flat = table.reshape(len(data), table.shape[1] * table.shape[2])
    best = flat.argmax(axis=1)
    gain = flat[np.arange(len(data)), best]
    start_at, stop = np.divmod(best, table.shape[2])
    net = gain.copy()
    for v in np.flatnonzero(gain > CANDIDATE):
        row = data[v, : lengths[v]]
        counts, starts = sources.count(row), _starts(row)
        null = sources.null_gains(row, counts, places[v] if places else (), starts)
        rows = np.maximum(table[v, : len(starts), : len(row) + 1], learnt_gains(row, counts))
        gain[v] = max(gain[v], rows.max())
        against = rows - null
        k = int(np.argmax(against))
        net[v] = min(float(against.flat[k]), gain[v])
        start_at[v], stop[v] = divmod(k, against.shape[1])
    return TextScore(gain, net, np.array(_STARTS)[start_at], stop)
