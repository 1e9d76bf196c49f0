"""steghide 0.5.1 on JPEG: parities of triples of coefficients, set by exchanging values between triples; simulated.

S. Hetzl, P. Mutzel, "A Graph-Theoretic Approach to Steganography", CMS 2005. As the program does: the non-zero
coefficients of all components (DC included) are drawn in pseudo-random order, three of them to one bit, the parity of
the sum of their magnitudes. Triples with the wrong parity are matched so that each pair exchanges two values that
differ by one in magnitude and have the same sign, which keeps the histogram; those left unmatched change one
coefficient by one, never to zero.
"""

from dataclasses import replace

import numpy as np

from starlight.errors import StarlightError
from starlight.images.jpeg.coefficients import Coefficients

__all__ = ["CARRIER", "NAME", "RATES", "READABLE", "SHOWN_IN", "capacity_bits", "embed"]

NAME = "steghide"
CARRIER = "jpeg"
READABLE = False
SHOWN_IN = ("dct",)
RATES = "tool"

_SAMPLES_PER_BIT = 3


def capacity_bits(cover: Coefficients) -> int:
    """Longest message in bits, the program's header included."""
    return sum(int(np.count_nonzero(plane)) for plane in _planes(cover)) // _SAMPLES_PER_BIT


def embed(cover: Coefficients, rate: float, *, seed: int = 0) -> Coefficients:
    """Embed random bits as steghide would.

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
    planes = _planes(cover)
    flat = np.concatenate([plane.ravel() for plane in planes])
    places = np.flatnonzero(flat)
    if places.size < _SAMPLES_PER_BIT:
        raise StarlightError("no coefficients to embed in")
    rng = np.random.default_rng(seed)
    bits = int(rate * (places.size // _SAMPLES_PER_BIT))
    triples = rng.permutation(places)[: bits * _SAMPLES_PER_BIT].reshape(bits, _SAMPLES_PER_BIT)
    wrong = (flat[triples].sum(axis=1) & 1) != rng.integers(0, 2, bits)
    _exchange(flat, triples[wrong], rng)
    parts = np.split(flat, np.cumsum([plane.size for plane in planes])[:-1])
    parts = [part.reshape(plane.shape) for part, plane in zip(parts, planes, strict=True)]
    return replace(cover, **dict(zip(("y", "cb", "cr"), parts, strict=False)))


def _planes(cover: Coefficients) -> list[np.ndarray]:
    return [plane for plane in (cover.y, cover.cb, cover.cr) if plane is not None]


def _exchange(flat: np.ndarray, triples: np.ndarray, rng: np.random.Generator) -> None:
    """Match triples, those with the fewest partners first, and exchange one value of each pair, in place."""
    values = flat[triples]
    partners = _partner_counts(values)
    order = np.argsort(partners.sum(axis=1), kind="stable")
    triples, values = triples[order], values[order].tolist()
    slots = rng.permuted(np.tile(np.arange(_SAMPLES_PER_BIT), (len(values), 1)), axis=1).tolist()
    queues, heads = _queues(values), {}
    done = [False] * len(values)
    for vertex, samples in enumerate(values):
        if done[vertex]:
            continue
        done[vertex] = True
        match = None
        for slot in slots[vertex]:
            match = _first_open(queues, heads, done, samples[slot])
            if match:
                break
        if match:
            partner, other = match
            done[partner] = True
            flat[triples[vertex, slot]], flat[triples[partner, other]] = values[partner][other], samples[slot]
        else:
            slot = int(rng.integers(_SAMPLES_PER_BIT))
            flat[triples[vertex, slot]] = _neighbour(samples[slot], rng)


def _partner_counts(values: np.ndarray) -> np.ndarray:
    """How many samples each sample could be exchanged with, int64, the shape of `values`."""
    if not values.size:
        return np.zeros(values.shape, np.int64)
    low = int(values.min()) - 1
    histogram = np.bincount((values - low).ravel(), minlength=int(values.max()) - low + 2)
    histogram[-low if low < 0 < histogram.size + low else 0] = 0
    return histogram[values - low - 1] + histogram[values - low + 1]


def _queues(values: list[list[int]]) -> dict[int, list[tuple[int, int]]]:
    queues: dict[int, list[tuple[int, int]]] = {}
    for vertex, samples in enumerate(values):
        for slot, value in enumerate(samples):
            queues.setdefault(value, []).append((vertex, slot))
    return queues


def _first_open(queues: dict, heads: dict, done: list, value: int) -> tuple[int, int] | None:
    """First unmatched (vertex, slot) whose value differs by one from `value`; zero never occurs as a value."""
    found = []
    for wanted in (value - 1, value + 1):
        queue, head = queues.get(wanted, ()), heads.get(wanted, 0)
        while head < len(queue) and done[queue[head][0]]:
            head += 1
        heads[wanted] = head
        if head < len(queue):
            found.append(queue[head])
    return min(found) if found else None


def _neighbour(value: int, rng: np.random.Generator) -> int:
    if abs(value) == 1:
        return 2 * value
    return value + (1 if rng.integers(2) else -1)
