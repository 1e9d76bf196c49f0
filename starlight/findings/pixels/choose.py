"""Of several readings of the same samples the one that was written: others are its mirror images and its parts."""

from __future__ import annotations

import base64
import dataclasses
import re
from typing import NamedTuple

import numpy as np

from starlight.findings.contents import signature
from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane, rank
from starlight.streams.readable.text_models import PRINTABLE

__all__ = ["Hit", "distinct"]

_LETTERS = "rgba"
_ENOUGH = 150.0  # nats from which one reading is as certain as another
_SHARED = 0.2  # of its samples, from which a reading is one of what has been read
_LOOK = 64  # digits of base64 that are unpacked
_SIZE = 4096  # bytes of a payload whose samples are compared, and by which its direction is told


class Hit(NamedTuple):
    """A payload, and where it was read.

    Attributes
    ----------
    net : float
        Nats over the threshold.
    lane, layout
    first : int
        Sample of the lane at which it begins.
    payload : bytes
    what : str
        As in a Finding.
    """

    net: float
    lane: Lane
    layout: Layout
    first: int
    payload: bytes
    what: str
    inside: bool = False


def distinct(hits: list[Hit]) -> list[Hit]:
    """The most likely reading of each payload, the most certain first."""
    kept: list[tuple[Hit, np.ndarray]] = []
    for hit in sorted(hits, key=_likelihood, reverse=True):
        if any(hit.payload == other.payload for other, _ in kept):
            continue
        own = _footprint(hit)
        if not any(_same_place(hit, other) and np.isin(own, used).mean() > _SHARED for other, used in kept):
            kept.append((hit, own))
    return [hit for hit, _ in kept]


def _likelihood(hit: Hit) -> float:
    odd = rank(hit.lane)
    usual = 1.0 - 0.02 * odd if odd < 3 else 0.75 - 0.01 * odd
    return min(hit.net, _ENOUGH) * (1 + _direction(hit.payload)) * usual * (0.6 if hit.inside else 1.0)


def _direction(payload: bytes) -> float:
    """From -1 for ASCII that reads backwards to 1.

    What follows a full stop or a comma is a space, a capital begins its word, and brackets open before they close.
    """
    raw = payload[:_SIZE].replace(b"\0", b"")
    if not raw.isascii():
        return 0.0
    packed = _BASE64.search(raw)
    if packed and len(packed[0]) > len(raw) // 2:
        return _of_base64(packed[0])
    ahead, back = len(_AHEAD.findall(raw)), len(_BACK.findall(raw))
    for pair in (b"()", b"[]", b"{}", b"<>"):
        opens, closes = raw.find(pair[:1]), raw.find(pair[1:])
        if min(opens, closes) >= 0:
            ahead, back = ahead + (opens < closes), back + (closes < opens)
    return (ahead - back) / (ahead + back + 1)


def _of_base64(digits: bytes) -> float:
    """As `_direction`: padding is what base64 ends with, and what it stands for is a text or a file one way alone."""
    ahead = digits.endswith(b"=") + _stands_for_something(digits)
    back = digits.startswith(b"=") + any(_stands_for_something(digits.strip(b"=")[::-1][at:]) for at in range(4))
    return (ahead - back) / (ahead + back + 0.2)


def _stands_for_something(digits: bytes) -> bool:
    some = digits.strip(b"=")[:_LOOK]
    data = base64.b64decode(some[: len(some) // 4 * 4])
    return signature(data) is not None or bool(PRINTABLE[np.frombuffer(data, np.uint8)].mean() > 0.9)


_BASE64 = re.compile(rb"={0,2}[A-Za-z0-9+/]{16,}={0,2}")
_AHEAD = re.compile(rb"[\w)\]\"'][,.;:!?](?=[ \n])|(?<![A-Za-z0-9+/])[A-Z](?=[a-z]{2})")
_BACK = re.compile(rb"(?<=[ \n])[,.;:!?](?=[\w(\[\"'])|[a-z]{2}[A-Z](?![A-Za-z0-9+/])")


def _same_place(hit: Hit, other: Hit) -> bool:
    return hit.lane.plane.group == other.lane.plane.group and bool(hit.layout.taken & other.layout.taken)


def _footprint(hit: Hit) -> np.ndarray:
    """Numbers of the samples that hold a payload, the same for all planes of a group."""
    plane = hit.lane.plane
    height, width, _ = plane.samples.shape
    channels = [max(0, _LETTERS.find(letter)) for letter in plane.letters]
    numbers = 4 * np.arange(height * width).reshape(height, width, 1) + channels
    lane = Lane(dataclasses.replace(plane, samples=numbers), hit.lane.order, hit.lane.chosen)
    count = hit.layout.samples_for(min(len(hit.payload), _SIZE))
    return lane.samples(hit.first + count)[hit.first :]
