"""Scan orders: which samples, in which order, may hold the bits of a payload."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from starlight.images.image import Image
from starlight.streams.readable.sources import Surroundings

__all__ = ["HEAD", "ScanOrder", "head", "scan_orders", "stores_samples"]

HEAD = 256  # bytes at the start of a scan that are judged


@dataclass(frozen=True)
class ScanOrder:
    """One way to read bits off an image.

    Attributes
    ----------
    name : str
        Samples and order, such as `rgb.rows`, then the bit order.
    family : str
        `alpha`, `index`, `rgb` or `other`: what its features are pooled under.
    samples : callable
        Number of samples wanted (None for all) -> uint8 (m,).
    order : {"lsb-first", "msb-first"}
        Which bit of a byte comes first.
    layout : {"lsb", "plane1", "pairs", "nine"}
        Least significant bits; second bits; the low two bits of each sample, in the bit order; groups of nine least
        significant bits, eight of which are a byte.
    whole : callable, optional
        As `samples`, of all channels of the pixels that these are taken from, three or, with alpha, four.
    chosen : tuple of int
        Which of them are read.
    """

    name: str
    family: str
    samples: Callable[[int | None], np.ndarray]
    order: str
    layout: str = "lsb"
    whole: Callable[[int | None], np.ndarray] | None = None
    chosen: tuple[int, ...] = (0,)

    def around(self, count: int) -> Surroundings:
        """Where the bits of the first `count` bytes come from."""
        samples = self.samples(count * self.per_byte)
        step = len(self.chosen)
        kept, place = np.uint8(~self.taken & 0xFF), np.arange(len(samples)) % step
        untouched = [np.int64(samples & kept) * step + place]
        if self.whole is not None:
            channels = 4 if step == 4 else 3
            pixels = self.whole(-(-len(samples) // step) * channels).reshape(-1, channels).astype(np.int64)
            pixels[:, self.chosen] &= int(kept)
            codes = pixels @ (1 << 8 * np.arange(channels))
            untouched.append(codes.repeat(step)[: len(samples)] * step + place)
        if self.layout == "nine":
            untouched = [one[: len(one) // 9 * 9].reshape(-1, 9)[:, :8].reshape(-1) for one in untouched]
        elif self.layout == "pairs":
            untouched = [(2 * one[:, None] + [0, 1]).reshape(-1) for one in untouched]
        return Surroundings(self.places, tuple(one[: 8 * count] for one in untouched), self.bitorder)

    @property
    def bitorder(self) -> Literal["big", "little"]:
        """The order as NumPy names it."""
        return "big" if self.order == "msb-first" else "little"

    @property
    def taken(self) -> int:
        """Bits of a sample that hold the payload."""
        return {"pairs": 3, "plane1": 2}.get(self.layout, 1)

    @property
    def places(self) -> tuple[int, ...]:
        """Bits of each byte, 0 the most significant, that come from alpha where it is read along with colours."""
        if not self.name.startswith("rgba"):
            return ()
        stream = (6, 7) if self.layout == "pairs" else (3, 7)
        return stream if self.order == "msb-first" else tuple(7 - place for place in stream)

    def read(self, count: int | None) -> np.ndarray:
        """First `count` bytes, or all; uint8, fewer where the image ends."""
        wanted = None if count is None else count * self.per_byte
        return np.packbits(self.bits(self.samples(wanted)), bitorder=self.bitorder)

    @property
    def per_byte(self) -> int:
        """Samples that hold a byte."""
        return {"pairs": 4, "nine": 9}.get(self.layout, 8)

    def bits(self, samples: np.ndarray) -> np.ndarray:
        """Bits of whole bytes that samples hold, in file order; uint8, 0 or 1."""
        if self.layout == "pairs":
            low, high = samples & 1, (samples >> 1) & 1
            pair = (high, low) if self.order == "msb-first" else (low, high)
            bits = np.stack(pair, axis=1).reshape(-1)
        elif self.layout == "nine":
            bits = (samples[: len(samples) // 9 * 9].reshape(-1, 9)[:, :8] & 1).reshape(-1)
        else:
            bits = (samples >> 1 if self.layout == "plane1" else samples) & 1
        return bits[: len(bits) // 8 * 8]


def stores_samples(image: Image) -> bool:
    """Whether grey or colour samples are stored as such: neither as indices nor with loss."""
    return image.indices is None and image.container.lossless


def scan_orders(image: Image) -> list[ScanOrder]:
    """All scan orders that an image allows; none over samples that a lossy codec made up."""
    out = []
    if image.indices is not None:
        out += _plane("index", "index", image.indices)
    elif stores_samples(image) and image.pixels.shape[2] == 3:
        out += _colour(image.pixels)
    elif stores_samples(image):
        grey = image.pixels[:, :, 0]
        out += _plane("grey", "other", grey) + _both("grey.rows", "other", _rows(grey), layout="pairs")
    if image.alpha is not None:
        out += _plane("alpha", "alpha", image.alpha)
        varied = image.alpha.min() != image.alpha.max()  # else every fourth bit is the same
        if varied and image.pixels.shape[2] == 3 and stores_samples(image):
            for layout in ("lsb", "pairs"):
                out += _pixels("rgba.rows", "rgb", _rgba(image), layout=layout, chosen=(0, 1, 2, 3))
    return out


def head(found: list[ScanOrder]) -> tuple[np.ndarray, np.ndarray]:
    """First bytes of scans: uint8 (V, HEAD), zeros past the end, and the number of real ones (V,)."""
    bits, lengths = np.zeros((len(found), 8 * HEAD), np.uint8), np.zeros(len(found), np.int64)
    taken: dict[tuple[Callable, int], np.ndarray] = {}  # both bit orders are read off the same samples
    for i, scan in enumerate(found):
        key = scan.samples, scan.per_byte
        if key not in taken:
            taken[key] = scan.samples(HEAD * scan.per_byte)
        row = scan.bits(taken[key])
        bits[i, : len(row)], lengths[i] = row, len(row) // 8
    data = np.packbits(bits, axis=1)
    little = [i for i, scan in enumerate(found) if scan.bitorder == "little"]
    data[little] = np.packbits(bits[little], axis=1, bitorder="little")
    return data, lengths


def _colour(pixels: np.ndarray) -> list[ScanOrder]:
    across, down, flipped = _rows(pixels), _columns(pixels), slice(None, None, -1)
    out = _pixels("rgb.rows", "rgb", across) + _pixels("rgb.rows", "rgb", across, layout="pairs")
    out += [scan for scan in _pixels("rgb.rows", "rgb", across, layout="nine") if scan.order == "msb-first"]
    out += _pixels("bgr.rows", "rgb", _rows(pixels[:, :, flipped]))
    out += _pixels("rgb.rows", "other", across, layout="plane1")
    for c, name in enumerate("rgb"):
        plane = pixels[:, :, c]
        out += _both(f"{name}.rows", "other", _rows(plane), whole=across, chosen=(c,))
        out += _both(f"{name}.columns", "other", _columns(plane), whole=down, chosen=(c,))
    for name, pair in (("rg", (0, 1)), ("gb", (1, 2)), ("rb", (0, 2))):
        some = _rows(pixels[:, :, pair[0] : pair[1] + 1 : pair[1] - pair[0]])
        out += _both(f"{name}.rows", "other", some, whole=across, chosen=pair)
    for name, order in (("rgb", slice(None)), ("bgr", flipped)):
        out += _pixels(f"{name}.columns", "other", _columns(pixels[:, :, order]))
        out += _pixels(f"{name}.rows.up", "other", _rows(pixels[::-1, :, order]))
    return out


def _plane(name: str, family: str, plane: np.ndarray) -> list[ScanOrder]:
    """Rows of a single channel, and columns, which few tools write."""
    return _both(f"{name}.rows", family, _rows(plane)) + _both(f"{name}.columns", "other", _columns(plane))


def _pixels(
    name: str, family: str, samples: Callable, *, layout: str = "lsb", chosen: tuple[int, ...] = (0, 1, 2)
) -> list[ScanOrder]:  # fmt: skip
    """All channels of pixels, one after the other."""
    return _both(name, family, samples, layout=layout, whole=samples, chosen=chosen)


def _both(
    name: str, family: str, samples: Callable, *, layout: str = "lsb", whole: Callable | None = None,
    chosen: tuple[int, ...] = (0,),
) -> list[ScanOrder]:  # fmt: skip
    """A scan in either bit order."""
    label = name if layout == "lsb" else f"{name}.{layout}"
    orders = ("lsb-first", "msb-first")
    return [ScanOrder(f"{label}.{order}", family, samples, order, layout, whole, chosen) for order in orders]


def _rows(plane: np.ndarray) -> Callable[[int | None], np.ndarray]:
    per_row = plane[0].size

    def take(count: int | None) -> np.ndarray:
        if count is None:
            return np.ascontiguousarray(plane).reshape(-1)
        return np.ascontiguousarray(plane[: -(-count // per_row)]).reshape(-1)[:count]

    return take


def _columns(plane: np.ndarray) -> Callable[[int | None], np.ndarray]:
    return _rows(plane.swapaxes(0, 1))


def _rgba(image: Image) -> Callable[[int | None], np.ndarray]:
    per_row = 4 * image.alpha.shape[1]

    def take(count: int | None) -> np.ndarray:
        rows = None if count is None else -(-count // per_row)
        both = np.concatenate([image.pixels[:rows], image.alpha[:rows, :, None]], axis=2).reshape(-1)
        return both if count is None else both[:count]

    return take
