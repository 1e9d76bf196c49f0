"""How certain it is that what a hypothesis reads was written by someone: log-likelihood ratios, in nats."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from starlight.findings.pixels.carriers import differences, surroundings
from starlight.findings.pixels.codepoints import CONTROL, ENCODINGS, best_in_others, best_stretch, curve
from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane
from starlight.findings.pixels.screen import COMMON, LANGUAGE
from starlight.streams.readable import sources, text
from starlight.streams.readable.text_models import log_odds

__all__ = ["Text", "judge_text", "promising", "word"]

_STARTS = (0, 1, 2, 3, 4, 5, 6, 8)  # bytes of a header in front of a text, as `text.learnt_gains` takes them
_BYTES = 256  # that are judged
_CONTROLS = 1  # control characters in a taste, at the most: text has none, random bytes have five
_TASTE = 48  # of which encodings must make something first
_CANDIDATE = 6.0  # nats, namely
_ZEROS = 4096  # bytes, at the most, that may precede a text
_ROUNDING = 0.01  # nats by which sums in another order may differ

_KNOWN = (b"flag{", b"FLAG{", b"Flag{", b"ctf{", b"CTF{", b"picoCTF{", b"HTB{", b"THM{", b"http://", b"https://",
          b"AI42", b"<?xml ", b"<?php ", b"#!/bin/", b"-----BEGIN ", b"<html", b'{"', b"stegv3", b"data:",
          b"OPENSTEGO", b"stealth_")  # fmt: skip
_WORDS = re.compile(b"(" + b"|".join(map(re.escape, _KNOWN)) + rb")(?:(?<=[A-Za-z]\{)[ -~]{2,80}?\}|[ -~]{0,8})")


class Text(NamedTuple):
    """Text that was found in a lane.

    Attributes
    ----------
    net : float
        Log-likelihood ratio against all that images leave in their samples, in nats, less the prices of the choice of
        model, encoding and place.
    start, stop : int
        Bytes of the lane, from where it was judged on.
    encoding : str
        `utf-8` or one of `codepoints.ENCODINGS`.
    """

    net: float
    start: int
    stop: int
    encoding: str


def judge_text(lane: Lane, layout: Layout, first: int, least: float) -> Text | None:
    """Judge bytes of a lane as text.

    Parameters
    ----------
    lane, layout
    first : int
        Sample at which they begin.
    least : float
        Nats that count.

    Returns
    -------
    Text or None
        None where they are less certain than `least`.
    """
    zeros, at, row = _row(lane, layout, first)
    found = _judge_at(lane, layout, at, row, least + math.log1p(zeros))
    return found and Text(found.net, found.start + zeros, found.stop + zeros, found.encoding)


def promising(asked: Sequence[tuple[Lane, Layout, int, float]]) -> list[bool]:
    """Which of some bytes `judge_text` has to judge: of all others models of text, all at once, say too little.

    Parameters
    ----------
    asked : sequence of (Lane, Layout, int, float)
        Each as `judge_text` takes it.
    """
    out, rows, floors, numbers = [True] * len(asked), [], [], []
    for number, (lane, layout, first, least) in enumerate(asked):
        zeros, _, row = _row(lane, layout, first)
        raw = row.tobytes()
        if len(row) == _BYTES and not any(_WORDS.match(raw, start) for start in _STARTS):
            rows.append(row)
            floors.append(least + layout.margin + math.log1p(zeros) - _ROUNDING)
            numbers.append(number)
    if not rows:
        return out
    data = np.array(rows)
    each = best_stretch(log_odds(data))
    shown = np.array([asked[number][1].shown for number in numbers])
    language = each[LANGUAGE].max(axis=0) - math.log(2 * len(LANGUAGE))
    gain = np.where(shown, language, each.max(axis=0) - math.log(2 * len(each)))
    for number, likely in zip(numbers, np.maximum(gain, best_in_others(data)) >= np.array(floors), strict=True):
        out[number] = bool(likely)
    return out


def word(lane: Lane, layout: Layout) -> bool:
    """Whether one of the words that texts often begin with stands at the beginning of a lane."""
    data = layout.unpack(lane.samples(layout.samples_for(24))).tobytes()
    return any(_WORDS.match(data[start:]) for start in _STARTS)


def _row(lane: Lane, layout: Layout, first: int) -> tuple[int, int, np.ndarray]:
    """How many zeros precede the bytes that are judged, the sample at which these begin, and the bytes.

    Zeros are a multiple of four, for wide characters and samples.
    """
    row = layout.unpack(lane.stretch(first, layout.samples_for(_BYTES)))
    if layout.ninth or row[:4].any():
        return 0, first, np.ascontiguousarray(row[:_BYTES])
    other = np.flatnonzero(layout.unpack(lane.stretch(first, layout.samples_for(_ZEROS))))
    unit = 12 if len(layout.bits) == 3 else 4
    zeros = int(other[0]) // unit * unit if len(other) else 0
    at = first + zeros * 8 // len(layout.bits)
    row = layout.unpack(lane.stretch(at, layout.samples_for(_BYTES)))
    return zeros, at, np.ascontiguousarray(row[:_BYTES])


def _judge_at(lane: Lane, layout: Layout, first: int, row: np.ndarray, least: float) -> Text | None:
    if len(row) < 8:
        return None
    least += layout.margin
    steps = log_odds(row[None])[:, 0]
    plain = _from_starts(steps[LANGUAGE] if layout.shown else steps)
    plain = np.maximum(plain, _known(row, plain))
    readings = [(plain.max(), 0, "utf-8"), *(_readings(row) if best_in_others(row[None])[0] >= least else ())]
    if max(r[0] for r in readings) < least:
        return None
    counts = sources.count(row)
    starts = [s for s in _STARTS if s <= len(row)]
    gains = plain if layout.shown else np.maximum(plain, text.learnt_gains(row, counts))
    others = [(starts.index(start), start, encoding, curve(row[start:].tobytes(), encoding))
              for _, start, encoding in readings[1:]]  # fmt: skip
    if _against(gains, others, sources.least_null(counts, starts), starts).net < least:
        return None
    null = sources.null_gains(row, counts, surroundings(lane, layout, first, len(row)), starts)
    more = differences(lane, layout, first, len(row))
    null = _with(null, more if layout.shown else _learning(more, counts), starts)
    best = _against(gains, others, null, starts)
    return best._replace(net=best.net - layout.margin) if best.net >= least else None


def _against(
    gains: np.ndarray, others: list[tuple[int, int, str, np.ndarray]], null: np.ndarray, starts: list[int]
) -> Text:
    """The reading that is likeliest against what images leave: of `gains` (starts, n + 1), or of other encodings."""
    against = gains - null
    k, stop = divmod(int(against.argmax()), against.shape[1])
    best = Text(float(against[k, stop]), starts[k], stop, "utf-8")
    for place, start, encoding, gained in others:
        against = gained - null[place, start:]
        net = float(against.max()) - 2 * math.log1p(place)
        if net > best.net:
            best = Text(net, start, start + int(against.argmax()), encoding)
    return best


def _learning(more: np.ndarray, counts: sources.Counts) -> np.ndarray:
    """Alternatives (k, n + 1), and each as what a source starts from that learns: (4 k, n + 1).

    Slopes of a picture repeat themselves, as a text does, and their values need not be those that a text may have.
    """
    if not len(more):
        return more
    learnt = sources.learnt(counts, np.diff(more, axis=1)).reshape(-1, more.shape[1] - 1)
    return np.concatenate([more, np.cumsum(np.pad(learnt, ((0, 0), (1, 0))), axis=1)])


def _with(null: np.ndarray, more: np.ndarray, starts: list[int]) -> np.ndarray:
    """Null (starts, n + 1) with further alternatives (k, n + 1), which have half of the weight."""
    if not len(more):
        return null
    since = more[:, None] - more[:, starts][:, :, None]
    parts = np.concatenate([null[None] + math.log(0.5), since + math.log(0.5 / len(more))])
    return np.logaddexp.reduce(parts, axis=0)


def _from_starts(steps: np.ndarray) -> np.ndarray:
    """Gain of the best model from each start on, less the price of model and start: (starts, n + 1)."""
    models, size = steps.shape
    sums = np.zeros((models, size + 1))
    np.cumsum(steps, axis=1, out=sums[:, 1:])
    starts = [s for s in _STARTS if s <= size]
    out = np.empty((len(starts), size + 1))
    for i, start in enumerate(starts):
        out[i] = (sums - sums[:, start, None]).max(axis=0) - math.log(2 * models) - 2 * math.log1p(i)
        out[i, :start] = -np.inf
    return out


def _known(row: np.ndarray, plain: np.ndarray) -> np.ndarray:
    """As `plain`, of texts that begin with one of some words: its letters are worth eight bits each but for the choice.

    After the word come printable characters, up to a closing brace where it opened one.
    """
    raw, out = row.tobytes(), np.full_like(plain, -np.inf)
    for i, start in enumerate(s for s in _STARTS if s <= len(row)):
        found = _WORDS.match(raw[start : start + 96])
        if found:
            size, choice = len(found[1]), math.log(2 * len(_KNOWN)) + 2 * math.log1p(i)
            rest = (found.end() - size) * math.log(256 / 98)
            stop = start + found.end()
            out[i, stop] = size * math.log(256) + rest - choice
            out[i, stop:] = out[i, stop] + np.maximum(0, plain[i, stop:] - plain[i, stop])
    return out


def _readings(row: np.ndarray) -> list[tuple[float, int, str]]:
    """Gain, start and encoding of readings in other encodings, of those that the bytes may be in."""
    found = []
    raw = row.tobytes()
    for start in (0, 2, 4, 8):
        for encoding in _possible(row[start : start + _TASTE]):
            if curve(raw[start : start + _TASTE], encoding).max() > _CANDIDATE:
                gain = float(curve(raw[start:], encoding).max()) - 2 * math.log1p(_STARTS.index(start))
                found.append((gain, start, encoding))
    return sorted(found, reverse=True)[:3]


def _possible(row: np.ndarray) -> list[str]:
    """Encodings that are worth a try: those of wide characters by their high bytes, the others by high bits."""
    even, odd = row[0 : len(row) // 2 * 2 : 2], row[1::2]
    high = (row >= 0x80).mean()
    found = []
    if (row == 0).mean() > 0.4:
        found += ["utf-32-le", "utf-32-be"]
    if _usual(odd):
        found.append("utf-16-le")
    if _usual(even):
        found.append("utf-16-be")
    if CONTROL[row].sum() > _CONTROLS:
        return found
    if high > 0.25 or (high > 0.02 and ((row >= 32) & (row < 127)).mean() > 0.8):
        found += [e for e in ENCODINGS if not e.startswith("utf")]
    return found


def _usual(high: np.ndarray) -> bool:
    """Whether bytes may be the high ones of 16-bit characters."""
    return len(high) >= 4 and bool(COMMON[high].mean() > 0.85)
