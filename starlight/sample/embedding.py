"""Hide a random payload in a carrier, in one of the ways it is met, and say what was done as a sidecar does."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from starlight.errors import StarlightError
from starlight.images.jpeg.io import read_coefficients
from starlight.images.writing.encode import encode
from starlight.sample import payloads
from starlight.sample.carriers import Carrier, rewrite_jpeg
from starlight.techniques import category_of, get
from starlight.techniques.readable import lsb_framings
from starlight.techniques.spatial.adaptive import converging

__all__ = ["Rates", "Stego", "embed"]

_MIN_BYTES = 16
_TOOLS = (None, *lsb_framings.FRAMINGS)
_TOOL_WEIGHTS = (0.64, 0.11, 0.07, 0.06, 0.05, 0.07)
_CHANNELS = ((0,), (1,), (2,), (0, 1), (2, 1, 0), (1, 2))


@dataclass(frozen=True)
class Rates:
    """Embedding rates to choose from.

    Attributes
    ----------
    lsb, adaptive : tuple of float
        Bits per sample.
    jpeg : tuple of float
        Bits per non-zero AC coefficient of luma (bpnzAC).
    tool : tuple of float
        Fraction of the capacity of OutGuess and steghide.
    max_bytes : int
        Longest text, unless the carrier is filled.
    """

    lsb: tuple[float, ...]
    adaptive: tuple[float, ...]
    jpeg: tuple[float, ...]
    tool: tuple[float, ...]
    max_bytes: int


@dataclass(frozen=True)
class Stego:
    """A file with a payload: its bytes, its `embedding` block for the sidecar, and a word for the payload."""

    data: bytes
    embedding: dict
    payload_name: str


def embed(carrier: Carrier, technique: str, rng: np.random.Generator, rates: Rates) -> Stego:
    """Make a stego file.

    Parameters
    ----------
    carrier : Carrier
    technique : str
        One that the carrier's kind lists.
    rng : numpy.random.Generator
    rates : Rates

    Returns
    -------
    Stego

    Raises
    ------
    StarlightError
        If the carrier has no room, as a flat image has none for an adaptive technique.
    """
    data, facts, name = _way(technique)(carrier, rng, rates)
    # Bytes as a cipher makes them, without the protocol's mark or end, are no payload of the protocol's technique.
    called = f"encrypted.{technique}" if facts.get("payload_kind") == "random" else technique
    embedding = {"category": category_of(technique), "technique": called, "ai42": False} | facts
    return Stego(data, embedding, name)


def _payload(rng: np.random.Generator, capacity_bits: int, longest: int) -> tuple[bytes, str]:
    """Draw a text whose length is spread evenly over orders of magnitude; one in eight fills the carrier."""
    most = capacity_bits // 8 - 8
    if most < _MIN_BYTES:
        raise StarlightError(f"carrier: {capacity_bits} bits are too few for a text")
    full = rng.random() < 0.12 and most < 4 * longest
    size = most if full else int(np.exp(rng.uniform(np.log(_MIN_BYTES), np.log(min(most, longest)))))
    return payloads.text(rng, size)


def _reencode(carrier: Carrier, samples: np.ndarray) -> bytes:
    return encode(samples, carrier.encoding) + carrier.trailer


def _facts(payload: bytes, capacity_bits: int, kind: str, **more: object) -> dict:
    bits = 8 * len(payload)
    return more | {"payload_bits": bits, "payload_rate": round(bits / capacity_bits, 6), "payload_kind": kind}


def _options(rng: np.random.Generator, payload: bytes, kind: str, order: str, mark: bool, bare: float):
    """Leave the protocol now and then: bytes as a cipher makes them, without mark or end."""
    if rng.random() < bare:
        return rng.bytes(len(payload)), "random", {"bit_order": order, "mark": False, "framed": False}
    return payload, kind, {"bit_order": order, "mark": mark}


def _alpha(carrier: Carrier, rng: np.random.Generator, rates: Rates):
    module = get("alpha")
    capacity = module.capacity_bits(carrier.samples)
    payload, kind = _payload(rng, capacity, rates.max_bytes)
    order = "lsb-first" if rng.random() < 0.9 else "msb-first"
    payload, kind, options = _options(rng, payload, kind, order, rng.random() < 0.92, 0.04)
    data = _reencode(carrier, module.embed(carrier.samples, payload, **options))
    return data, _facts(payload, capacity, kind, ai42=options["mark"], bit_order=order), kind


def _palette(carrier: Carrier, rng: np.random.Generator, rates: Rates):
    module = get("palette")
    capacity = module.capacity_bits(carrier.samples)
    payload, kind = _payload(rng, capacity, rates.max_bytes)
    order = str(rng.choice(["lsb-first", "msb-first"]))
    payload, kind, options = _options(rng, payload, kind, order, rng.random() < 0.05, 0.04)
    data = _reencode(carrier, module.embed(carrier.samples, payload, **options))
    return data, _facts(payload, capacity, kind, ai42=options["mark"], bit_order=order), kind


def _lsb_rgb(carrier: Carrier, rng: np.random.Generator, rates: Rates):
    module = get("lsb.rgb")
    tool = _TOOLS[int(rng.choice(len(_TOOLS), p=_TOOL_WEIGHTS))]
    if tool:
        capacity = module.capacity_bits(carrier.samples, tool=tool)
        payload, kind = _payload(rng, capacity, rates.max_bytes)
        data = _reencode(carrier, module.embed(carrier.samples, payload, tool=tool))
        order = "lsb-first" if tool == "stegpy" else "msb-first"
        return data, _facts(payload, capacity, kind, bit_order=order, tool=tool), kind
    channels = (0, 1, 2) if rng.random() < 0.85 else _CHANNELS[int(rng.integers(0, len(_CHANNELS)))]
    capacity = module.capacity_bits(carrier.samples, channels=channels)
    payload, kind = _payload(rng, capacity, rates.max_bytes)
    order = "msb-first" if rng.random() < 0.6 else "lsb-first"
    payload, kind, options = _options(rng, payload, kind, order, rng.random() < 0.05, 0.05)
    data = _reencode(carrier, module.embed(carrier.samples, payload, channels=channels, **options))
    more = {"channels": "".join("RGB"[c] for c in channels)} if channels != (0, 1, 2) else {}
    return data, _facts(payload, capacity, kind, ai42=options["mark"], bit_order=order, **more), kind


def _exif(carrier: Carrier, rng: np.random.Generator, rates: Rates):
    module = get("exif")
    capacity = 8 * 32_000  # a JPEG segment holds 64 KB, and the other fields want room
    payload, kind = _payload(rng, capacity, rates.max_bytes)
    charset = str(rng.choice(list(module.CHARSETS), p=[0.7, 0.1, 0.05, 0.15]))
    data = module.embed(carrier.data, payload, charset=charset)  # unframed, it would be a caption like any other
    return data, _facts(payload, capacity, kind, charset=charset), kind


def _raw(carrier: Carrier, rng: np.random.Generator, rates: Rates):
    capacity = 8 * len(carrier.image)
    payload, kind = _payload(rng, max(capacity, 4096), rates.max_bytes)
    framed = bool(rng.random() < 0.75)
    if rng.random() < 0.12:
        payload, kind, framed = rng.bytes(len(payload)), "random", False
    return get("raw").embed(carrier.data, payload, framed=framed), _facts(payload, capacity, kind), kind


def _spatial(technique: str):
    def way(carrier: Carrier, rng: np.random.Generator, rates: Rates):
        module, samples = get(technique), carrier.samples
        rate = float(rng.choice(getattr(rates, module.RATES)))
        colour = samples[..., :3] if samples.ndim == 3 else samples
        seed, options = int(rng.integers(1, 2**31)), module.vary(rng) if hasattr(module, "vary") else {}
        stego = module.embed(np.ascontiguousarray(colour), rate, seed=seed, **options)
        if np.array_equal(stego, colour):
            raise StarlightError(f"{technique}: the cover has no place for a change")
        if samples.ndim == 3 and samples.shape[2] == 4:
            stego = np.dstack([stego, samples[..., 3]])
        bits = round(rate * colour.size) * options.get("depth", 1)
        facts = {"payload_bits": bits, "payload_rate": rate} | options
        return _reencode(carrier, stego), facts, f"r{round(100 * rate):03d}"

    return way


def _jpeg(technique: str):
    def way(carrier: Carrier, rng: np.random.Generator, rates: Rates):
        module, cover = get(technique), read_coefficients(carrier.image)
        by_capacity = module.RATES == "tool"
        rate = float(rng.choice(getattr(rates, module.RATES)))
        with converging():
            stego = module.embed(cover, rate, seed=int(rng.integers(1, 2**31)))
        if all(np.array_equal(a, b) for a, b in zip(_planes(cover), _planes(stego), strict=True)):
            raise StarlightError(f"{technique}: the cover has no coefficient to change")
        places = np.count_nonzero(cover.y) - np.count_nonzero(cover.y[..., 0, 0])
        bits = int(rate * module.capacity_bits(cover)) if by_capacity else round(rate * int(places))
        facts = {"payload_bits": bits, "payload_rate": rate}
        return rewrite_jpeg(carrier.image, stego) + carrier.trailer, facts, f"r{round(100 * rate):03d}"

    return way


def _planes(coefficients) -> list[np.ndarray]:
    return [p for p in (coefficients.y, coefficients.cb, coefficients.cr) if p is not None]


_WAYS: dict[str, Callable] = {
    "alpha": _alpha, "palette": _palette, "lsb.rgb": _lsb_rgb, "exif": _exif, "raw": _raw,
}  # fmt: skip
_BY_CARRIER = {"samples": _spatial, "jpeg": _jpeg}  # for all others


def _way(technique: str) -> Callable:
    return _WAYS.get(technique) or _BY_CARRIER[get(technique).CARRIER](technique)
