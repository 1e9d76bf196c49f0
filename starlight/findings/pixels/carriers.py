"""What a picture itself makes of the bits that a hypothesis reads: contexts and differences that predict them.

A high bit plane, or the samples of a drawing, are no coin tosses: the pixel beside and the one above foretell them.
Text that someone wrote there owes nothing to its surroundings. See `starlight.streams.readable.sources`.
"""

from __future__ import annotations

import numpy as np

from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane, head
from starlight.streams.readable.sources import Surroundings

__all__ = ["differences", "surroundings"]

_SCALES = (0.5, 1.0, 2.0, 4.0, 8.0, 12.0, 16.0, 24.0, 32.0)  # mean absolute differences of neighbours
_WIDTHS = (3.0, 9.0)  # in which values that came before make others likely
_ALPHA = 0.05  # Dirichlet prior of differences, for each as if all were as likely


def surroundings(lane: Lane, layout: Layout, first: int, count: int) -> Surroundings:
    """Where the bits of some bytes of a lane come from.

    Parameters
    ----------
    lane : Lane
    layout : Layout
    first : int
        Sample at which the bytes begin.
    count : int
        Bytes.

    Returns
    -------
    Surroundings
    """
    size = layout.samples_for(count)
    samples = lane.samples(first + size)
    step, own = len(lane.chosen), samples[first:].astype(np.int64)
    taken, place = layout.taken, (first + np.arange(len(own))) % step
    left, up = (_before(samples, first, by) for by in (step, lane.across))
    rest = own & ~taken
    same = (rest >> max(layout.bits)) == ((left & ~taken) >> max(layout.bits))
    each = [
        rest * step + place,
        _whole(lane, taken, first, len(own)) * step + place,
        ((left & taken) * 256 + (up & taken)) * step + place,
        (left * 2 + same) * step + place,
        ((left & taken) * 2 + same) * 256 + (_before(samples, first, 2 * step) & taken),
    ]
    if len(layout.bits) == 1:  # rows of eight samples, such as every 32nd pixel of 256 makes
        each.append(sum((_before(samples, first, by) & taken > 0) << i for i, by in enumerate((1, 8, 9, 16))))
    contexts = tuple(_by_bit(code, own, layout)[: 8 * count] for code in each)
    return Surroundings(_of_alpha(lane, layout), contexts, "little" if layout.flipped else "big")


def _of_alpha(lane: Lane, layout: Layout) -> tuple[int, ...]:
    """Bits of each byte, 0 the most significant, that come from alpha among colours: it may hardly change."""
    depth = len(layout.bits)
    if not lane.plane.joint or len(lane.chosen) != 4 or depth > 2 or layout.ninth:
        return ()
    at = lane.chosen.index(3)
    bits = [depth * sample + i for sample in range(at, 8 // depth, 4) for i in range(depth)]
    return tuple(7 - bit if layout.flipped else bit for bit in bits)


def _before(samples: np.ndarray, first: int, by: int) -> np.ndarray:
    """Samples `by` places before those from `first` on; zeros where there are none."""
    out = np.zeros(len(samples) - first, np.int64)
    at = max(0, by - first)
    if by and at < len(out):
        out[at:] = samples[first + at - by : len(samples) - by]
    return out


def _whole(lane: Lane, taken: int, first: int, count: int) -> np.ndarray:
    """All channels of the pixel of each sample, but for what a payload changes."""
    step = len(lane.chosen)
    begin, end = first // step, -(-(first + count) // step)
    pixels = head(lane.plane.samples, lane.order, end)[begin:].astype(np.int64)
    pixels[:, list(lane.chosen)] &= ~taken & 0xFF
    codes = pixels @ (1 << 8 * np.arange(pixels.shape[1]))
    return codes.repeat(step)[first - begin * step :][:count]


def _by_bit(code: np.ndarray, own: np.ndarray, layout: Layout) -> np.ndarray:
    """A context of each bit that is read, from one of its sample: with the bits of the sample that were read before."""
    depth = len(layout.bits)
    if layout.ninth:
        return code[: len(code) // 9 * 9].reshape(-1, 9)[:, :8].reshape(-1)
    if depth == 1:
        return code
    out, known = np.empty((len(own), depth), np.int64), np.zeros(len(own), np.int64)
    for i, bit in enumerate(layout.bits):
        out[:, i] = ((code << 8) | known) * depth + i
        known = (known << 1) | ((own >> bit) & 1)
    return out.reshape(-1)


def differences(lane: Lane, layout: Layout, first: int, count: int) -> np.ndarray:
    """Cumulative log-likelihood ratios of bytes as what neighbouring samples foretell, against uniform bytes.

    Parameters
    ----------
    lane, layout
        Of three bits and more; for fewer, contexts say as much.
    first : int
        Sample at which the bytes begin.
    count : int
        Bytes.

    Returns
    -------
    (alternatives, count + 1) float64
        In nats: by the pixel before, the one across, or both with the one between, by the channel before, for
        differences of several widths.
    """
    depth = len(layout.bits)
    if depth < 3:
        return np.zeros((0, count + 1))
    samples = lane.samples(first + layout.samples_for(count))
    step, across = len(lane.chosen), lane.across
    value = samples >> min(layout.bits)
    own = value[first:].astype(np.int64) & ((1 << depth) - 1)
    left, up, corner = (_before(value, first, by) for by in (step, across, across + step if across else 0))
    predictors = [left, up, left + up - corner] if across else [left]
    if step > 1:  # in a picture near grey, or under an alpha that follows it, channels foretell each other
        beside, slope = (_before(value, first, by) for by in (1, step + 1))
        predictors += [beside, left + beside - slope]
    ends = -(-8 * np.arange(count + 1) // depth)
    out = []
    for predicted in predictors:
        residuals = (own - predicted) & ((1 << depth) - 1)
        out += [_adaptive(residuals, 1 << depth), *_laplace(residuals, depth)]
    place = (first + np.arange(len(own))) % step
    if depth == 8:
        out += _near(own)
    else:
        out += [_adaptive(own, 1 << depth, one) for one in (place, place * 256 + (left & ((1 << depth) - 1)))]
    sums = np.cumsum(np.pad(out, ((0, 0), (1, 0))), axis=1)
    return sums[:, np.minimum(ends, sums.shape[1] - 1)]


def _near(values: np.ndarray) -> list[np.ndarray]:
    """Log-likelihood ratio of each whole sample as one that is near some before it, for two widths of "near"."""
    far = np.abs(values[:, None] - values[None, :])
    before = np.tril(np.ones(far.shape, bool), -1)
    total = np.arange(len(values))
    out = []
    for width in _WIDTHS:
        mass = 1 + 2 * float(np.exp(-np.arange(1, 256) / width).sum())
        near = (np.exp(-far / width) * before).sum(axis=1) / mass
        out.append(np.log(256 * (near + 1 / 256) / (total + 1)))
    return out


def _laplace(residuals: np.ndarray, depth: int) -> list[np.ndarray]:
    """Log-likelihood ratio of each difference under Laplace distributions of several widths."""
    size = 1 << depth
    far = np.minimum(residuals, size - residuals)
    values = np.minimum(np.arange(size), size - np.arange(size))
    out = []
    for scale in _SCALES:
        if scale < size / 4:
            share = np.exp(-values / scale)
            out.append(np.log(size * share / share.sum())[far])
    return out


def _adaptive(symbols: np.ndarray, size: int, context: np.ndarray | int = 0) -> np.ndarray:
    """Log-likelihood ratio of each of `size` symbols under shares learnt from those before in the same context."""
    seen = _before_it(context * size + symbols)
    total = _before_it(np.zeros(len(symbols), np.int64) + context)
    return np.log(size * (seen + _ALPHA) / (total + _ALPHA * size))


def _before_it(values: np.ndarray) -> np.ndarray:
    """How often each value came before, (n,) int."""
    order = np.argsort(values, kind="stable")
    grouped = values[order]
    begins = np.flatnonzero(np.diff(grouped, prepend=-1))
    out = np.empty(len(values), np.int64)
    out[order] = np.arange(len(grouped)) - np.repeat(begins, np.diff(begins, append=len(grouped)))
    return out
