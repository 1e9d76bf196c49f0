"""How the bits of samples make bytes: one bit plane, several low bits together, or whole samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

__all__ = ["BASES", "FLIPPED", "Layout"]

FLIPPED = np.packbits(np.unpackbits(np.arange(256, dtype=np.uint8)[:, None], axis=1), axis=1, bitorder="little")[:, 0]

# Whole samples, or their upper halves, are what the picture shows: a rough surface has any printable values. What
# counts there is language: prose, code, and letters in UTF-8, of the models of text.
_SHOWN = 15.0  # nats that it must have more
_SEVERAL, _HIGH = 3.0, 4.0  # as well, for each further bit of a sample, and for planes over the lowest two


@dataclass(frozen=True)
class Layout:
    """Bits of each sample in the order in which they are read, and how eight of these make a byte.

    Attributes
    ----------
    bits : tuple of int
        Of a sample, 0 the least significant.
    flipped : bool
        The first bit is the least significant of its byte, not the most significant.
    inverted : bool
        Ones stand for zeros.
    ninth : bool
        Every ninth bit is left out: three pixels hold a byte, and the bit left over is 1 on the last one, or on all
        but the last one.
    """

    bits: tuple[int, ...]
    flipped: bool = False
    inverted: bool = False
    ninth: bool = False

    @cached_property
    def taken(self) -> int:
        """Mask of the bits that are read."""
        return sum(1 << bit for bit in self.bits)

    @cached_property
    def shown(self) -> bool:
        """Whether it reads what a picture shows: whole samples, or their upper halves."""
        return max(self.bits) == 7 and len(self.bits) > 3

    @cached_property
    def margin(self) -> float:
        """Nats that text must have more here than in one low bit of each sample."""
        if self.shown:
            return _SHOWN
        return _SEVERAL * (len(self.bits) - 1) + (_HIGH if min(self.bits) > 1 else 0.0)

    def samples_for(self, count: int) -> int:
        """Samples that hold `count` bytes."""
        return count * 9 if self.ninth else -(-8 * count // len(self.bits))

    def unpack(self, samples: np.ndarray) -> np.ndarray:
        """Bytes that samples hold.

        Parameters
        ----------
        samples : (..., n) uint8

        Returns
        -------
        (..., m) uint8
            Whole bytes only.
        """
        data = self._packed(samples)
        data = np.take(FLIPPED, data, mode="wrap") if self.flipped else data
        return ~data if self.inverted else data

    def _packed(self, samples: np.ndarray) -> np.ndarray:
        if len(self.bits) == 8:
            return samples if self.bits[0] == 7 else np.take(FLIPPED, samples, mode="wrap")
        lead, size = samples.shape[:-1], samples.shape[-1]
        if self.ninth:
            groups = samples[..., : size // 9 * 9].reshape(*lead, -1, 9)[..., :8]
            return np.packbits((groups & np.uint8(self.taken)).reshape(*lead, -1), axis=-1)
        whole = size * len(self.bits) // 8
        if len(self.bits) == 1:
            return np.packbits(samples & np.uint8(self.taken), axis=-1)[..., :whole]
        apart = np.empty((*samples.shape, len(self.bits)), np.uint8)
        for place, bit in enumerate(self.bits):  # in one operation, so short an axis takes six times as long
            np.bitwise_and(samples, np.uint8(1 << bit), out=apart[..., place])
        return np.packbits(apart.reshape(*lead, -1), axis=-1)[..., :whole]

    def __str__(self) -> str:
        words = _words(self.bits)
        order = "" if len(self.bits) == 8 else ", least significant bit first" if self.flipped else ""
        return words + (", every ninth left out" if self.ninth else "") + order + (", inverted" * self.inverted)


def _words(bits: tuple[int, ...]) -> str:
    if len(bits) == 8:
        return "whole samples"
    if len(bits) == 1:
        return f"bit {bits[0]}"
    if min(bits):
        return f"high {len(bits)} bits"
    return f"low {len(bits)} bits" + (" backwards" if bits[0] == 0 else "")


# Each is read in both bit orders.
BASES = (
    *(Layout((bit,)) for bit in range(8)), Layout((0,), ninth=True), Layout((1, 0)), Layout((0, 1)), Layout((2, 1, 0)),
    Layout((0, 1, 2)), Layout((3, 2, 1, 0)), Layout((0, 1, 2, 3)), *(Layout((*range(n, -1, -1),)) for n in (4, 5, 6)),
    Layout((7, 6, 5, 4)), Layout((7, 6, 5, 4, 3, 2, 1, 0)),
)  # fmt: skip
