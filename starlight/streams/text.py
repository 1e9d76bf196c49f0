"""How much likelier bytes are as text than as what images leave in their low bits: sequential log-likelihood ratios.

Text is a mixture of simple models (prose, any printable characters, base64, code and addresses, hexadecimal digits,
tables of numbers, UTF-8 scripts), each as it stands and as what a source starts from that learns from the bytes before.
What it is compared with is a mixture too: uniform bytes, bytes of a skewed but unknown distribution, alone or given the
bytes before them, bytes that repeat at a fixed distance, and bits that depend on the bits before them or on their
place. So a flat, dithered or striped image does not count as text however printable its bytes are, nor a text that
repeats itself as a pattern: both learn alike, and what tells them apart is the first time that a byte comes. Under each
of these the likelihood ratio is a non-negative martingale from the first byte on, and by Ville's inequality exceeds e^s
at any length with a probability of at most e^-s over the weight of that alternative.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

__all__ = ["CANDIDATE", "PRINTABLE", "TextScore", "gains", "learnt_gains", "null_gains", "score", "stretch", "tail"]

_LETTERS = "etaoinshrdlucmwfgypbvkjxqz"
_BAD = 1e-3 / 256  # probability of a byte that a model of text rules out
_STARTS = (0, 1, 2, 3, 4, 5, 6, 8)  # bytes of a binary header that may precede the text
_LAGS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 15, 16, 24, 32, 48, 64)
_COPY = 0.9  # probability that a repeating source repeats
_ALPHA = 0.05  # Dirichlet prior of a source with an unknown distribution, for a byte that is as likely as any
_ORDERS = 3  # such sources: of single bytes, and of bytes given the one or two before
CANDIDATE = 6.0  # nats from which bytes are compared with all of the alternatives to text
_BIT_LAGS = ((1, 2, 3, 4), (3, 6, 9), (4, 8, 12))  # bits before it that a bit may depend on


def _printable() -> np.ndarray:
    table = np.zeros(256, bool)
    table[32:127] = table[[9, 10, 13]] = True
    return table


PRINTABLE = _printable()


def _models() -> np.ndarray:
    """Log-odds of each byte against a uniform one, (models, 256)."""
    prose = np.where(PRINTABLE, 0.04 / PRINTABLE.sum(), 0.0)
    weights = np.array([12.0, 9, 8.2, 7.6, 7, 6.8, 6.3, 6.2, 6, 4.3, 4, 2.8, 2.7, 2.5, 2.4, 2.3, 2, 2, 1.9, 1.5,
                        1, 0.8, 0.2, 0.2, 0.1, 0.1])  # fmt: skip
    codes = np.frombuffer(_LETTERS.encode(), np.uint8)
    prose[codes] += 0.72 * weights / weights.sum()
    prose[codes - 32] += 0.05 * weights / weights.sum()
    prose[32] += 0.15
    prose[[10, 44, 46]] += 0.0133
    any_printable = PRINTABLE / PRINTABLE.sum()
    base64 = np.zeros(256)
    base64[[43, 47, 61, *range(48, 58), *range(65, 91), *range(97, 123)]] = 1 / 65
    code = np.where(PRINTABLE, 0.24 / 32, 0.0)
    code[[10, 32]] = 0.04
    code[48:58] = 0.012
    code[65:91] = 0.07 / 26
    code[97:123] = 0.49 / 26
    lower, upper, numbers = np.zeros((3, 256))
    lower[[*range(48, 58), *range(97, 103)]] = upper[[*range(48, 58), *range(65, 71)]] = 1 / 16
    for table in (lower, upper):
        table[[10, 32, 45, 58]] = 0.01  # what sets groups of digits apart
    numbers[48:58] = 0.075
    numbers[[9, 10, 13, 32, 44, 45, 46, 59]] = 0.25 / 8
    utf8 = 0.4 * any_printable
    utf8[0x80:0xF5] += 0.6 / (0xF5 - 0x80)
    utf8[0xC0:0xC2] = 0
    stacked = np.stack([prose, any_printable, base64, code, lower, upper, numbers, utf8])
    return np.log(np.maximum(stacked / stacked.sum(axis=1, keepdims=True), _BAD) * 256).astype(np.float32)


_MODELS = _models()


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


def _steps(data: np.ndarray) -> np.ndarray:
    """Log-odds of each byte against a uniform one under each model of text, (models, V, n)."""
    return np.concatenate([_MODELS[:, data], _script_steps(data)])


def _script_steps(data: np.ndarray) -> np.ndarray:
    """Log-odds under UTF-8 of scripts with two and with three bytes a letter, and of prose with accents, (3, V, n).

    A letter's first byte is mostly that of the letter before (two bytes: Greek, Cyrillic, Hebrew, Arabic), or one of
    seven (three bytes: kana and Han), or of Latin with accents; the others are uniform over the 64 continuation bytes.
    """
    tail = (data & 0xC0) == 0x80
    broken = math.log(_BAD * 256)  # a letter that its next byte does not go on with
    steps = np.stack([_MODELS[1] + np.float32(math.log(0.3))] * 2 + [_MODELS[0] + np.float32(math.log(0.95))])[:, data]
    before, two = _shifted(data, 1), _shifted(data, 2)
    within = (before >= 0xC3) & (before < 0xE0)
    repeat = (data >= 0xC3) & (data < 0xE0)
    same = np.where((two | 1) == (data | 1), 0.35, 0.3 / 29) * 256
    steps[0] = np.where(within, np.where(tail, math.log(256 / 64), broken), np.where(repeat, np.log(same), steps[0]))
    inside = ((before >= 0xE3) & (before < 0xEA)) | ((two >= 0xE3) & (two < 0xEA) & _shifted(tail, 1))
    first = (data >= 0xE3) & (data < 0xEA)
    middle = (before >= 0xE3) & (before < 0xEA)
    again = np.where((_shifted(data, 3) | 1) == (data | 1), 0.2, 0.6 / 64) * 256
    inner = np.where(middle, np.log(again), math.log(256 / 64))
    start = np.where(first, math.log(0.7 / 7 * 256), steps[1])
    steps[1] = np.where(inside, np.where(tail, inner, broken), start)
    accent = ((data >= 0xC3) & (data < 0xC6)) * math.log(0.05 / 3 * 256)
    steps[2] = np.where(within, np.where(tail, math.log(256 / 64), broken), np.where(accent > 0, accent, steps[2]))
    return steps


def _shifted(data: np.ndarray, by: int) -> np.ndarray:
    out = np.zeros_like(data)
    out[:, by:] = data[:, :-by]
    return out


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
    out = _from_starts(_steps(data))
    out[np.broadcast_to(np.arange(out.shape[2]) > lengths[:, None, None], out.shape)] = -np.inf
    return out


def learnt_gains(row: np.ndarray) -> np.ndarray:
    """As `gains`, for one row (n,) and sources that start from a model of text and learn: (starts, n + 1)."""
    return _from_starts(_learnt_steps(row)[:, None])[0]


def tail(raw: bytes, most: int) -> bytes:
    """The end of some bytes, `most` at most, from where on they look most like text."""
    row = np.frombuffer(raw[-most:], np.uint8)[::-1]
    if not len(row):
        return b""
    return row[: int(np.cumsum(_MODELS[:, row], axis=1).max(axis=0).argmax()) + 1][::-1].tobytes()


def stretch(row: np.ndarray, start: int, stop: int) -> float:
    """Log-likelihood ratio of text against uniform bytes over all of `row[start:stop]`, in nats."""
    each = _steps(row[None])[:, 0], _learnt_steps(row)
    return max(float(steps[:, start:stop].sum(axis=1).max()) - math.log(2 * len(steps)) for steps in each)


def _learnt_steps(row: np.ndarray) -> np.ndarray:
    """As `_steps`, for one row and sources that start from a model of text and learn: (models, n)."""
    return _learnt(_counts(row), _steps(row[None])[:, 0]).reshape(-1, len(row)).astype(np.float32)


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


def _counts(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each byte came before after the same bytes, and how often any did: (_ORDERS, n) each."""
    n = len(row)
    same = row[:, None] == row[None, :]
    context = np.tril(np.ones((n, n), bool), -1)  # places before each one; then those of them after the same bytes
    alike, seen, total = same, [], []
    for _ in range(_ORDERS):
        seen.append((context & same).sum(axis=1))
        total.append(context.sum(axis=1))
        alike = np.pad(alike[:-1, :-1], ((1, 0), (1, 0)))
        context = context & alike
    return np.array(seen), np.array(total)


def null_gains(row: np.ndarray, places: tuple[int, ...] = (), starts: Sequence[int] = (0,)) -> np.ndarray:
    """Cumulative log-likelihood ratio of what images leave in low bits against uniform bytes.

    Parameters
    ----------
    row : (n,) uint8
    places : tuple of int
        Bits of each byte, 0 the most significant, that come from a channel that may never change.
    starts : sequence of int
        From where on bytes count; those before are only learnt from.

    Returns
    -------
    (starts, n + 1) float64
        0 and less before each start.
    """
    n, counts = len(row), _counts(row)
    steps = [np.zeros(n), *_learnt(counts, np.zeros(n))]
    for lag in _LAGS:
        step = np.zeros(n)
        step[lag:] = np.where(row[lag:] == row[: max(0, n - lag)], math.log(_COPY * 256), math.log(1 - _COPY))
        steps.append(step)
    for order in ("big", "little"):
        bits = np.unpackbits(row, bitorder=order).view(bool)
        steps += [_bit_gains(bits, _lagged(bits, lags)).reshape(n, 8).sum(axis=1) for lags in _BIT_LAGS]
    for chosen in (places, range(8)) if places else ():
        bits = np.unpackbits(row).view(bool).reshape(n, 8)[:, list(chosen)]
        gained = _bit_gains(bits.reshape(-1), np.tile(np.arange(len(chosen)), n)).reshape(n, -1).sum(axis=1)
        steps += [gained, *_learnt(counts, gained)]
    cumulative = np.zeros((len(steps), 1, n + 1))
    np.cumsum(steps, axis=1, out=cumulative[:, 0, 1:])
    weights = np.full((len(steps), 1, 1), 0.5 / (len(steps) - 1))
    weights[0] = 0.5
    since = cumulative - cumulative[:, 0, list(starts)][:, :, None]
    return np.logaddexp.reduce(since + np.log(weights), axis=0)


def _learnt(counts: tuple[np.ndarray, np.ndarray], steps: np.ndarray) -> np.ndarray:
    """Log-odds (orders, ..., n) of sources that start from a model with log-odds (..., n) and learn."""
    seen, total = (count.reshape(_ORDERS, *[1] * (steps.ndim - 1), -1) for count in counts)
    return np.log((256 * seen + 256 * _ALPHA * np.exp(steps)) / (total + 256 * _ALPHA))


def _lagged(bits: np.ndarray, lags: tuple[int, ...]) -> np.ndarray:
    """Context of each bit: those at some distances before it."""
    context = np.zeros(len(bits), np.int64)
    for k, lag in enumerate(lags):
        context[lag:] |= bits[:-lag].astype(np.int64) << k
    return context


def _bit_gains(bits: np.ndarray, context: np.ndarray) -> np.ndarray:
    """Log-likelihood ratio of each bit given its context, learnt on the way (Krichevsky-Trofimov estimator)."""
    order = np.argsort(context, kind="stable")
    grouped, start = bits[order], np.flatnonzero(np.diff(context[order], prepend=-1))
    length = np.diff(start, append=len(bits))
    total = np.arange(len(bits)) - np.repeat(start, length)
    before = np.cumsum(grouped) - grouped
    ones = before - np.repeat(before[start], length)
    likely = (np.where(grouped, ones, total - ones) + 0.5) / (total + 1)
    out = np.empty(len(bits))
    out[order] = np.log(2 * likely)
    return out


def score(data: np.ndarray, lengths: np.ndarray, places: Sequence[tuple[int, ...]] | None = None) -> TextScore:
    """Score byte strings.

    Parameters
    ----------
    data : (V, n) uint8
    lengths : (V,) int
        Bytes of each row that are real.
    places : sequence of V tuples of int, optional
        As `null_gains` takes them.

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
        null = null_gains(row, places[v] if places else (), _starts(row))
        rows = np.maximum(table[v, : len(_starts(row)), : len(row) + 1], learnt_gains(row))
        gain[v] = max(gain[v], rows.max())
        against = rows - null
        k = int(np.argmax(against))
        net[v] = min(float(against.flat[k]), gain[v])
        start_at[v], stop[v] = divmod(k, against.shape[1])
    return TextScore(gain, net, np.array(_STARTS)[start_at], stop)
