"""What V3 finds on the kind of images that it was trained on, and what it makes of all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from starlight.markdown import code, interval, percent, table, whole
from starlight.metrics import MODELS, PROTOCOL, clopper_pearson, parts, view
from starlight.plots.style import TITLES
from starlight.reports.inputs import Run

__all__ = ["own_kind"]


def own_kind(run: Run) -> Iterator[str]:
    """A section of the baseline report; nothing where V3 was not measured.

    Each part of the test images, flagged by V3 and by the current model: the protocol's techniques and the clean images
    that they were not made of, which V3 knows, then twins by technique and look-alikes by category, which it does not.
    """
    first, last = MODELS[0], run.current
    if first not in run.models or first == last:
        return
    frames = [view(run.predictions, first), view(run.predictions, last)]
    yield "## V3 on its own kind of data, and on the rest"
    yield (
        f"{TITLES[first]} was trained on stego of the protocol and on clean images that none of it was "
        "made of, and flags what it holds for likelier stego than not. What came with a container, it takes for a "
        "payload: the same containers without one, and images that merely look suspicious, show it. Flagged, at each "
        f"detector's own threshold, and by {TITLES[first]} where it flags no more authentic images than {TITLES[last]}:"
    )
    frames.append(_as_strict(*frames))
    rows = [_row(name, chosen, frames) for name, chosen in _parts(frames[0])]
    header = ["Images", "Of", TITLES[first], TITLES[last], f"{TITLES[first]} as strict as {TITLES[last]}"]
    yield table(header, filter(None, rows), "lrrrr")


def _as_strict(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A detector at the highest threshold at which it flags no more authentic images than the other does."""
    scores = np.sort(frame.score[frame.label == 0].to_numpy(float))[::-1]
    alarms = int(other.flagged[other.label == 0].sum())
    return frame.assign(flagged=frame.score > (scores[alarms] if alarms < len(scores) else -np.inf))


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    authentic = frame.label == 0
    for name in PROTOCOL:
        yield f"stego, {code(name)}", (frame.technique == name) & (frame.tool == "")
    yield "clean, no twin of these", parts(frame)["clean"]
    yield "the same techniques as other programs lay them out", frame.technique.isin(PROTOCOL) & (frame.tool != "")
    for name in PROTOCOL:
        yield (
            f"payload-free twins of {code(name)}",
            authentic & frame.twin_of.str.split(";").map(lambda t, n=name: n in t),
        )
    for name in sorted(set(frame.category[authentic & (frame.kind == "negative")])):
        yield f"look-alikes, {code(name)}", authentic & (frame.category == name)


def _row(name: str, chosen: pd.Series, frames: list[pd.DataFrame]) -> list[str] | None:
    n = int(chosen.sum())
    if not n:
        return None
    found = [int(frame.flagged[chosen].sum()) for frame in frames]
    shares = [f"{percent(k / n)} ({interval(*clopper_pearson(k, n))})" for k in found]
    return [name, whole(n), *shares]
