"""OutGuess 0.2: parity replacement along a pseudo-random walk, then corrections that restore the histogram; simulated.

N. Provos, "Defending Against Statistical Steganalysis", USENIX Security 2001. As the program does: every quantised
coefficient of every component except 0 and 1 (DC included, in the order of the encoder) carries a bit in its least
significant bit; the walk spreads the message over the whole image; of 256 walks the one with the least visible changes
is taken; each change 2k <-> 2k+1 beyond a tolerance is made up for by the opposite change of a coefficient behind it
that carries nothing.
"""

from dataclasses import replace

import numpy as np

from starlight.errors import StarlightError
from starlight.images.jpeg.coefficients import Coefficients

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "capacity_bits", "embed"]

NAME = "outguess"
CARRIER = "jpeg"
READABLE = False
SHOWN_IN = ("dct",)
RATES = "tool"

_HEADER_BITS, _HEADER_STEP, _WALKS = 32, 32, 256


def capacity_bits(cover: Coefficients) -> int:
    """Longest message in bits whose changes the program holds correctable."""
    return _capacity(_usable(cover)[1])


def embed(cover: Coefficients, rate: float, *, seed: int = 0) -> Coefficients:
    """Embed random bits as OutGuess would.

    Parameters
    ----------
    cover : Coefficients
    rate : float
        Fraction of `capacity_bits`, 0 to 1.
    seed : int

    Returns
    -------
    Coefficients
        All components may be changed.

    Raises
    ------
    StarlightError
        Rate out of range, or nothing to embed in.
    """
    if not 0 <= rate <= 1:
        raise StarlightError(f"embedding rate {rate} of capacity: allowed are 0 to 1")
    places, values = _usable(cover)
    if _capacity(values) < 8:
        raise StarlightError("no coefficients to embed in")
    stego = np.concatenate([plane.ravel() for plane in _planes(cover)])
    length = int(rate * _capacity(values)) // 8
    if length:
        carriers, bits = _best_walk(values, length, np.random.default_rng(seed))
        changed = carriers[(values[carriers] & 1) != bits]
        flips = np.concatenate([changed, _corrections(values, carriers, changed)])
        stego[places[flips]] ^= 1
    return _rebuild(cover, stego)


def _planes(cover: Coefficients) -> list[np.ndarray]:
    return [plane for plane in (cover.y, cover.cb, cover.cr) if plane is not None]


def _rebuild(cover: Coefficients, flat: np.ndarray) -> Coefficients:
    planes = _planes(cover)
    parts = np.split(flat, np.cumsum([plane.size for plane in planes])[:-1])
    parts = [part.reshape(plane.shape) for part, plane in zip(parts, planes, strict=True)]
    return replace(cover, **dict(zip(("y", "cb", "cr"), parts, strict=False)))


def _usable(cover: Coefficients) -> tuple[np.ndarray, np.ndarray]:
    """Places in the concatenated components, and values, of all coefficients but 0 and 1, in encoding order."""
    planes = _planes(cover)
    flat = np.concatenate([plane.ravel() for plane in planes])
    keys = [_mcu_keys(plane.shape, cover.y.shape, planes[-1].shape) for plane in planes]
    component = np.concatenate([np.full(plane.shape[0] * plane.shape[1], i) for i, plane in enumerate(planes)])
    row, column = (np.concatenate([key[axis] for key in keys]) for axis in (0, 1))
    blocks = np.lexsort((component, column, row))
    order = (blocks[:, None] * 64 + np.arange(64)).ravel()
    places = order[(flat[order] & ~1) != 0]
    return places, flat[places].astype(np.int8).astype(np.int16)  # the program keeps values in a byte


def _mcu_keys(shape: tuple, luma: tuple, chroma: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of the MCU of each block of a component."""
    step = [-(-luma[axis] // chroma[axis]) if shape[axis] == luma[axis] else 1 for axis in (0, 1)]
    rows, columns = np.indices(shape[:2])
    return (rows // step[0]).ravel(), (columns // step[1]).ravel()


def _capacity(values: np.ndarray) -> int:
    """What the program holds correctable. It sets no limit where -2 outnumbers -1, as after an earlier compression."""
    ones, twos = np.count_nonzero(values == -1), np.count_nonzero(values == -2)
    correctable = 2 * values.size * twos // (ones + twos) if ones >= twos and ones else values.size
    return max(0, min(correctable, values.size // 2) // 8 * 8 - 2 * _HEADER_BITS)


def _best_walk(values: np.ndarray, length: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Carriers and message bits of the least visible of the walks that the program tries."""
    bits = rng.integers(0, 2, _HEADER_BITS + 8 * length, dtype=np.int16)
    start = rng.integers(_HEADER_STEP) + np.cumsum(rng.integers(1, _HEADER_STEP + 1, _HEADER_BITS)) - 1
    walks = np.empty((_WALKS, bits.size), np.int32)
    walks[:, :_HEADER_BITS] = start
    offset = np.full(_WALKS, start[-1] + 1)
    for k in range(length):
        left = np.maximum(values.size - offset, 0)  # a walk past the end goes on in single steps, and is left out below
        reach = np.clip(left * np.minimum(2, 1 + left / (values.size / 32)) / (8 * (length - k)), 1, None).astype(int)
        steps = np.cumsum((rng.random((_WALKS, 8)) * reach[:, None]).astype(int) + 1, axis=1)
        walks[:, _HEADER_BITS + 8 * k : _HEADER_BITS + 8 * k + 8] = offset[:, None] + steps - 1
        offset += steps[:, -1]
    magnitude = np.abs(values)
    visibility = 3 - (magnitude >= 3).astype(np.int8) - (magnitude >= 4) - (magnitude >= 37)
    inside = walks[:, -1] < values.size
    if not inside.any():
        raise StarlightError("message too long for these coefficients")
    walks = walks[inside]
    cost = [(visibility[walk] * ((values[walk] & 1) != bits)).sum() for walk in walks]
    return walks[int(np.argmin(cost))], bits


def _corrections(values: np.ndarray, carriers: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Places, carrying nothing, to be flipped so that the histogram of `values` is kept."""
    free = np.ones(values.size, bool)
    free[carriers] = False
    flips = [
        _correct_pair(values, changed[values[changed] >> 1 == pair], free, int(pair))
        for pair in np.unique(values[changed] >> 1)
    ]
    return np.concatenate(flips).astype(np.int64) if flips else np.zeros(0, np.int64)


def _correct_pair(values: np.ndarray, changed: np.ndarray, free: np.ndarray, pair: int) -> list[int]:
    ready = [np.flatnonzero(free & (values == 2 * pair + parity)) for parity in (0, 1)]
    counts = [np.count_nonzero(values == 2 * pair + parity) for parity in (0, 1)]
    tolerance = [max(2, int(int(count / (values.size / 5000)) / 33)) for count in counts]
    reached = [np.searchsorted(ready[parity], changed).tolist() for parity in (0, 1)]
    stacks, pushed, excess, flips = ([], []), [0, 0], [0, 0], []
    for k, parity in enumerate((values[changed] & 1).tolist()):
        other = 1 - parity
        if excess[parity]:
            excess[parity] -= 1
        elif excess[other] < tolerance[other]:
            excess[other] += 1
        else:
            stacks[other].extend(ready[other][pushed[other] : reached[other][k]].tolist())
            pushed[other] = max(pushed[other], reached[other][k])
            if stacks[other]:
                flips.append(stacks[other].pop())
            else:
                excess[other] += 1
    for parity in (0, 1):
        left = stacks[parity] + ready[parity][pushed[parity] :].tolist()
        flips += left[len(left) - min(excess[parity], len(left)) :]
    return flips
