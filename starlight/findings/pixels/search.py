"""The search through the samples of an image: what someone wrote into them so that it can be read."""

from __future__ import annotations

import math
from collections.abc import Iterator

from starlight.findings.contents import read_text, signature
from starlight.findings.finding import Finding
from starlight.findings.pixels.body import place_price, windows
from starlight.findings.pixels.choose import Hit, distinct
from starlight.findings.pixels.extents import extent
from starlight.findings.pixels.heads import Hypothesis, candidates
from starlight.findings.pixels.judge import judge_text, promising, word
from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane, rank
from starlight.findings.pixels.payloads import before, signed_payload, text_payload
from starlight.findings.pixels.planes import Plane, planes
from starlight.findings.pixels.screen import MAGICS
from starlight.images.image import Image

__all__ = ["FALSE_HITS", "search", "threshold"]

FALSE_HITS = 1 / 20_000  # of an image without a payload, over all hypotheses together
_PARTS = 3  # the usual orders, all others, and text that begins anywhere have a third of it each
_USUAL = 64  # usual hypotheses: bit 0 and the low bits of all channels, row by row
_FEWEST = 8  # characters that are called text
_LOOK, _BRIEF = 8192, 1024  # bytes in which a signature is verified, and one of two letters, which noise often has
_SHORT = tuple(magic for magic in MAGICS if len(magic) == 2)
_ROOM = 1 << 24  # bytes of a lane that are read for a payload
_JUDGED = 64  # hypotheses of a plane that are judged, the usual ones first
_WINDOWS = 32  # places of a plane at which text may begin that are judged
_STARTS = (0, 1, 2, 3, 4, 5, 6, 8, 11, 16)  # bytes in front of a signature
_WEAK = ("Windows program", "JPEG image", "BMP image", "MP3 audio", "Flash film", "zlib data", "lzma data",
         "arj archive", "gzip data", "bzip2 data", "GIF image", "MP4 film")  # fmt: skip

_TEXTS = ("PEM or PGP block", "SSH key", "age cipher")  # which are read as texts


def threshold(hypotheses: int, usual: bool = False) -> float:
    """Nats from which text counts as written by someone, so that false hits stay rare over all that is tried.

    Parameters
    ----------
    hypotheses : int
        How many are tried.
    usual : bool
        One of the few that tools use most: these share a third of the false hits among themselves.

    Examples
    --------
    >>> threshold(5000) - threshold(500) > 2
    True
    """
    return math.log(_PARTS / FALSE_HITS) + math.log(min(hypotheses, _USUAL) if usual else max(1, hypotheses))


def search(image: Image) -> list[Finding]:
    """Payloads in the samples of an image: text in common encodings, files, what a count fits.

    Parameters
    ----------
    image : Image

    Returns
    -------
    list of Finding
        The most certain first, each payload once. Empty for an image whose colours a lossy codec made up, but for what
        lies in its alpha.
    """
    hits: list[Hit] = []
    for plane in planes(image):
        hits += _heads(plane)
        hits += _bodies(plane, hits)
    return [_finding(hit) for hit in distinct([hit for hit in hits if _long_enough(hit)])]


def _usual(lane: Lane, layout: Layout) -> bool:
    whole = lane.chosen in ((0, 1, 2), (0, 1, 2, 3)) or lane.plane.samples.shape[2] == 1
    return lane.order == "rows" and whole and layout.bits[-1] == 0 and not layout.ninth and len(layout.bits) < 3


def _heads(plane: Plane) -> list[Hit]:
    found, tried = candidates(plane)
    hits = []
    for one in found:
        if one.signed:
            hits += _signed(one)
    judged = [one for one in found if one.text or (one.signed and word(one.lane, one.layout))]
    judged.sort(key=lambda one: (not _usual(one.lane, one.layout), rank(one.lane)))
    asked = [(one.lane, one.layout, 0, threshold(tried, _usual(one.lane, one.layout))) for one in judged[:_JUDGED]]
    for (lane, layout, first, least), likely in zip(asked, promising(asked), strict=True):
        text = judge_text(lane, layout, first, least) if likely else None
        if text is not None:
            hits.append(_text_hit(lane, layout, 0, text.net - least, text.start, text.encoding))
    return hits


def _bodies(plane: Plane, known: list[Hit]) -> Iterator[Hit]:
    least = threshold(1) + place_price(plane)
    found: list[Hit] = []
    asked = [(*window, least) for window in windows(plane)[:_WINDOWS]]
    for (lane, layout, first, _), likely in zip(asked, promising(asked), strict=True):
        if not likely or any(_covers(hit, lane, layout, first) for hit in (*known, *found)):
            continue
        text = judge_text(lane, layout, first, least)
        if text is not None:
            phase = first % (8 // len(layout.bits))
            data = layout.unpack(lane.samples()[phase:])
            found.append(_body_hit(lane, layout, first, text.net - least, data.tobytes()))
    yield from found


def _body_hit(lane: Lane, layout: Layout, first: int, net: float, data: bytes) -> Hit:
    phase = first % (8 // len(layout.bits))
    at = (first - phase) * len(layout.bits) // 8
    start, stop = text_payload(data, before(data[: at + 16], at + 16), "utf-8", layout.shown)
    payload = data[start:stop]
    return Hit(net, lane, layout, phase + start * 8 // len(layout.bits), payload, _named(payload, "utf-8"), True)


def _covers(hit: Hit, lane: Lane, layout: Layout, first: int) -> bool:
    """Whether a hit has been read off the same samples already."""
    size = hit.layout.samples_for(len(hit.payload))
    return hit.lane == lane and hit.layout == layout and hit.first <= first < hit.first + size


def _text_hit(lane: Lane, layout: Layout, first: int, net: float, start: int, encoding: str) -> Hit:
    data = layout.unpack(lane.samples(layout.samples_for(_ROOM))).tobytes()
    begin, stop = text_payload(data, start, encoding, layout.shown)
    payload = data[begin:stop]
    return Hit(net, lane, layout, layout.samples_for(begin), payload, _named(payload, encoding))


def _long_enough(hit: Hit) -> bool:
    """Whether a text is worth the name; a marked one may be short."""
    return len(hit.payload) >= _FEWEST or (len(hit.payload) > 0 and word(hit.lane, hit.layout))


def _named(payload: bytes, encoding: str) -> str:
    signed = signature(payload)
    if signed:
        return signed[1]
    read = read_text(payload)
    name = read[1] if read else encoding
    return f"text of {len(payload)} bytes" + ("" if name in ("utf-8", "ascii") else f" in {name.upper()}")


def _signed(one: Hypothesis) -> Iterator[Hit]:
    brief = one.layout.unpack(one.lane.samples(one.layout.samples_for(_BRIEF))).tobytes()
    starts = [at for at in _STARTS if brief.startswith(MAGICS, at)]
    starts = [at for at in starts if not brief.startswith(_SHORT, at) or signature(brief[at:])]
    if not starts:
        return
    data = one.layout.unpack(one.lane.samples(one.layout.samples_for(_LOOK))).tobytes()
    for start in starts:
        signed = signature(data[start:])
        if not signed or signed[1] in _TEXTS or len(set(data[start : start + 16])) < 6:
            continue
        data = one.layout.unpack(one.lane.samples(one.layout.samples_for(_ROOM))).tobytes()
        if signed[1] in _WEAK and extent(data[start:]) is None:
            continue
        begin, stop = signed_payload(data, start)
        yield Hit(math.inf, one.lane, one.layout, one.layout.samples_for(begin), data[begin:stop], signed[1])
        return


def _finding(hit: Hit) -> Finding:
    start = f", from sample {hit.first}" if hit.first else ""
    return Finding(hit.lane.plane.technique, f"in {hit.layout} {hit.lane}{start}", hit.what, hit.payload)
