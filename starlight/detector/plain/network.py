"""`UnifiedStarlightDetector` with trained weights, in NumPy: a test compares the two number by number.

Arrays go by the names that torch gives them. Shapes: b images, k tiles, t techniques.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from starlight.streams.collate import CROPS

__all__ = ["CLIP", "COUNTED", "IMPOSSIBLE", "VECTORS", "Network", "Part"]

VECTORS = ("palette", "format", "content", "dct")
COUNTED = ("content", "dct")  # whose statistics say how unlike training an image is
IMPOSSIBLE = -30.0  # logit of a technique that the container cannot carry
CLIP = 5.0  # standard deviations; what lies beyond says "unlike training", not "more so"

_FIRST = 6  # groups of a plane's beginning that the shortest text fills, roughly

Arrays = Mapping[str, np.ndarray]
_erf = np.frompyfunc(math.erf, 1, 1)


class Part(NamedTuple):
    """What a stream gives: its numbers (b, w), its map (b, k, m, 32, 32), what its experts say (b, t)."""

    numbers: np.ndarray
    cells: np.ndarray | None = None
    said: np.ndarray | None = None


class Network:
    """One detector of an ensemble.

    Parameters
    ----------
    config : mapping
        As `DetectorConfig` is stored.
    arrays : mapping of str to array
    """

    def __init__(self, config: Mapping[str, Any], arrays: Arrays) -> None:
        self.streams = tuple(config["streams"])
        self._masks, self._arrays = bool(config["constraint_mask"]), arrays
        self._has_expert, self._offset = arrays["has_expert"], arrays["offset"]
        self._encoders = {name: _below(arrays, f"encoders.{name}.") for name in self.streams}
        self.starts = tuple(config.get("starts", ()))
        self._starting = {name: _below(arrays, f"starts.{name}.") for name in self.starts}
        self._bar = config.get("map_bar")
        vectors = [name for name in self.streams if name in VECTORS]
        self.counted = [name for name in vectors if name in COUNTED]
        self._speaking = [n for n in vectors if self._encoders[n]["judges"].any() or self._encoders[n]["reads"].any()]
        self.quick = tuple(name for name in vectors if name in {*self._speaking, *self.counted})

    def alone(self, mask: np.ndarray) -> bool:
        """Whether each technique that the images can carry, bool (b, t), has an expert."""
        return not (self._possible(mask) & ~self._has_expert).any()

    def experts(self, batch: Arrays, mask: np.ndarray) -> np.ndarray:
        """(b, t) log-odds by the experts alone, from the streams in `quick`."""
        parts = {name: _vector(self._encoders[name], batch[name]) for name in self._speaking}
        return self._ruled_out(self._said(parts, len(mask)), mask)

    def unlikeness(self, batch: Arrays, count: int) -> np.ndarray:
        """(b,) share of the statistics that lie beyond all training images; 0 where none does."""
        beyond, size = np.zeros(count, np.float32), 0
        for name in self.counted:
            z = _standardised(self._encoders[name], batch[name])
            beyond += np.count_nonzero(np.abs(z) >= CLIP, axis=1)
            size += z.shape[1]
        return beyond / np.float32(max(1, size))

    def forward(self, batch: Arrays, mask: np.ndarray, blank: str | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Log-odds (b, t) and map (b, k, 32, 32) in [0, 1].

        Parameters
        ----------
        batch : mapping
            Vector streams (b, d), metadata (b, 2048), `<crop>_cells` (b, k, c, 32, 32), `tiles` (b,), and
            `<stream>_start` (b, bits) of those in `starts`.
        mask : (b, t) bool
        blank : str, optional
            A stream to leave out.
        """
        parts = {name: self._encode(name, batch) for name in self.streams}
        if blank in parts:
            parts[blank] = Part(*(None if value is None else np.zeros_like(value) for value in parts[blank]))
        said = self._said(parts, len(mask))
        numbers = [part.numbers for part in parts.values()]
        fused = _gelu(_linear(self._arrays, "fusion.0", np.concatenate([*numbers, np.tanh(said / 4)], axis=1)))
        logits = np.where(self._has_expert, said, _linear(self._arrays, "technique_head", fused))
        logits = self._ruled_out(logits, mask)
        return logits, self._map(parts, fused, logits)

    def _encode(self, name: str, batch: Arrays) -> Part:
        part = self._read(name, batch)
        if name in self.starts:
            return part._replace(numbers=part.numbers + _start(self._starting[name], batch[f"{name}_start"]))
        return part

    def _read(self, name: str, batch: Arrays) -> Part:
        own = self._encoders[name]
        if name in VECTORS:
            return _vector(own, batch[name])
        if name not in CROPS:
            return Part(_bytes(own, batch[name]))
        numbers, cells = _crops(own, batch[f"{name}_cells"])
        real = np.arange(numbers.shape[1]) < batch["tiles"][:, None]
        return Part((numbers * real[:, :, None]).sum(1) / batch["tiles"][:, None].astype(np.float32), cells)

    def _map(self, parts: Mapping[str, Part], fused: np.ndarray, logits: np.ndarray) -> np.ndarray:
        cells = np.concatenate([part.cells for part in parts.values() if part.cells is not None], axis=2)
        context = _linear(self._arrays, "map_context", fused)[:, None, :, None, None]
        context = np.broadcast_to(context, (*cells.shape[:2], context.shape[2], *cells.shape[3:]))
        hidden = _gelu(_pointwise(self._arrays, "map_head.0", np.concatenate([cells, context], axis=2)))
        found = _pointwise(self._arrays, "map_head.2", hidden)[:, :, 0]
        if self._bar is not None:
            found = np.minimum(found, (logits.max(axis=1) - np.float32(self._bar))[:, None, None, None])
        return 1 / (1 + np.exp(-found))

    def _said(self, parts: Mapping[str, Part], count: int) -> np.ndarray:
        said = np.tile(self._offset, (count, 1))
        for name in self._speaking:
            said += parts[name].said
        return said

    def _possible(self, mask: np.ndarray) -> np.ndarray:
        return mask if self._masks else np.ones_like(mask)

    def _ruled_out(self, logits: np.ndarray, mask: np.ndarray) -> np.ndarray:
        return np.where(self._possible(mask), logits, np.float32(IMPOSSIBLE))


def _below(arrays: Arrays, prefix: str) -> dict[str, np.ndarray]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _gelu(x: np.ndarray) -> np.ndarray:
    return x * (0.5 + 0.5 * _erf(x * math.sqrt(0.5)).astype(np.float32))


def _linear(own: Arrays, name: str, x: np.ndarray) -> np.ndarray:
    return x @ own[f"{name}.weight"].T + own[f"{name}.bias"]


def _standardised(own: Arrays, vector: np.ndarray) -> np.ndarray:
    z = (vector - own["mean"]) / own["std"]
    return np.clip(np.nan_to_num(z, nan=0.0, posinf=np.inf, neginf=-np.inf), -CLIP, CLIP)


def _vector(own: Arrays, vector: np.ndarray) -> Part:
    z = _standardised(own, vector)
    numbers = _gelu(_linear(own, "layers.4", _gelu(_linear(own, "layers.1", z))))
    said = z @ (own["linear"] * own["reads"]).T + _linear(own, "judge.1", numbers) * own["judges"]
    return Part(numbers, said=said)


def _bytes(own: Arrays, data: np.ndarray) -> np.ndarray:
    maps = data[:, None]
    for name, stride in (("layers.0", 8), ("layers.2", 2)):
        weight = own[f"{name}.weight"]
        windows = np.lib.stride_tricks.sliding_window_view(maps, weight.shape[2], axis=2)[:, :, ::stride]
        maps = _gelu(np.einsum("bcnw,ocw->bon", windows, weight, optimize=True) + own[f"{name}.bias"][:, None])
    return _gelu(_linear(own, "out", np.concatenate([maps.mean(-1), maps.max(-1)], axis=1)))


def _start(own: Arrays, bits: np.ndarray) -> np.ndarray:
    """Numbers of a plane's beginning, (b, w); zeros of one that is not there."""
    groups = bits.reshape(len(bits), -1, own["layers.0.weight"].shape[1] // 3)
    count = np.maximum(np.abs(groups).sum(axis=1), 1)
    read = np.concatenate([groups[:, :_FIRST].mean(axis=1), groups.sum(axis=1) / count, groups[:, 0]], axis=1)
    for layer in ("layers.0", "layers.2"):
        read = _gelu(_linear(own, layer, read))
    return read * (np.abs(bits).max(axis=1, keepdims=True) > 0)


def _crops(own: Arrays, cells: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers (b, k, w) and maps (b, k, m, 32, 32); zeros of a plane that an image does not have, as of no tile."""
    present = cells.any(axis=(2, 3, 4))
    some = _pointwise(own, "layers.0", (cells[present] - own["mean"]) / own["std"])
    some = _gelu(_around(own, "layers.2", _gelu(some)))
    some = _gelu(_pointwise(own, "layers.4", some))
    said = _gelu(_linear(own, "out", np.concatenate([some.mean((2, 3)), some.max((2, 3))], axis=1)))
    numbers = np.zeros((*present.shape, said.shape[1]), np.float32)
    maps = np.zeros((*present.shape, *some.shape[1:]), np.float32)
    numbers[present], maps[present] = said, some
    return numbers, maps


def _pointwise(own: Arrays, name: str, x: np.ndarray) -> np.ndarray:
    """A convolution of size one over (..., c, h, w)."""
    weight, bias = own[f"{name}.weight"][:, :, 0, 0], own[f"{name}.bias"]
    *_, h, w = x.shape
    flat = weight @ x.reshape(*x.shape[:-2], h * w) + bias[:, None]
    return flat.reshape(*flat.shape[:-1], h, w)


def _around(own: Arrays, name: str, x: np.ndarray) -> np.ndarray:
    """A convolution of size three over (n, c, h, w), zeros beyond the edge."""
    weight, (_, _, h, w) = own[f"{name}.weight"], x.shape
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    out = np.broadcast_to(own[f"{name}.bias"][:, None], (len(x), len(weight), h * w)).copy()
    for i in range(3):
        for j in range(3):
            out += weight[:, :, i, j] @ padded[:, :, i : i + h, j : j + w].reshape(*x.shape[:2], h * w)
    return out.reshape(*out.shape[:2], h, w)
