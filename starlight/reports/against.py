"""One detector against another in a sentence or two: false alarms on what, found of what, at which rate."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd

from starlight.markdown import percent, whole
from starlight.metrics import PROTOCOL, detection_at_fpr, mcnemar, view
from starlight.plots.style import TITLES
from starlight.reports.words import listing, p_text, plural

__all__ = ["against"]

_ALARMS, _FOUND = "false alarms", "stego found"


class _Rate(NamedTuple):
    """Flagged images of a part, by both detectors, and McNemar's p."""

    name: str
    n: int
    first: int
    second: int
    p: float

    @property
    def change(self) -> int:
        """-1, 0 or 1: fewer, no difference shown, or more images flagged by the second."""
        return 0 if self.p >= 0.05 or self.first == self.second else 1 if self.second > self.first else -1

    def words(self, other: str, *, p: bool = True) -> str:
        """Such as `1 of 1,309 authentic images, 0.08 % (V3: 477, 36.44 %; p < 0.001)`."""
        of = f"{whole(self.second)} of {whole(self.n)} {self.name}, {percent(self.second / self.n)}"
        said = p_text(self.p)
        real = f"; p {said if said.startswith('<') else f'= {said}'}" if p else ""
        return f"{of} ({other}: {whole(self.first)}, {percent(self.first / self.n)}{real})"


def against(predictions: pd.DataFrame, first: str, second: str) -> str:
    """What changed for whoever uses the second detector in place of the first, in words made from the figures.

    A difference is called one where McNemar's exact test on the same images finds it (p < 0.05); figures stand side by
    side in any case.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    first, second : str
        Models.
    """
    frames = view(predictions, first), view(predictions, second)
    label = frames[0].label
    alarms = _rate("authentic images", label == 0, frames)
    found = _rate("stego images", label == 1, frames)
    lead = _degenerate(alarms, found, second) or _lead(alarms, found, first, second)
    told = f"{lead} on the same {plural(len(predictions), 'image')}."
    return " ".join([told, *_told(frames, alarms, found, first, second)])


def _told(
    frames: tuple[pd.DataFrame, pd.DataFrame], alarms: _Rate, found: _Rate, first: str, second: str
) -> Iterator[str]:
    label, kind, other = frames[0].label, frames[0].kind, TITLES[first]
    if alarms.n:
        parts = [
            _rate("payload-free twins", (label == 0) & (frames[0].twin_of != ""), frames),
            _rate("look-alikes", (label == 0) & (kind == "negative"), frames),
        ]
        among = [part.words(other, p=False) for part in parts if part.n]
        yield f"False alarms: {alarms.words(other)}{f'; among them {listing(among)}' if among else ''}."
    if found.n:
        of_protocol = _rate("payloads of the protocol", (label == 1) & frames[0].technique.isin(PROTOCOL), frames)
        parts = [part.words(other) for part in (of_protocol, found) if part.n]
        same = _at_the_same_rate(*frames, other, TITLES[second]) if alarms.n else ""
        yield f"Found: {listing(parts)}{same}."


def _at_the_same_rate(first: pd.DataFrame, second: pd.DataFrame, other: str, name: str) -> str:
    fpr = float(second.flagged[second.label == 0].mean())
    share = float(detection_at_fpr(first.label, first.score, fpr)[0])
    return f"; flagging no more authentic images than {name}, {other} finds {percent(share)} of all stego"


def _rate(name: str, chosen: pd.Series, frames: tuple[pd.DataFrame, pd.DataFrame]) -> _Rate:
    flagged = [frame.flagged[chosen] for frame in frames]
    p = mcnemar(*flagged).p_value if len(flagged[0]) else 1.0
    return _Rate(name, int(chosen.sum()), int(flagged[0].sum()), int(flagged[1].sum()), p)


def _lead(alarms: _Rate, found: _Rate, first: str, second: str) -> str:
    name, other = TITLES[second], TITLES[first]
    said = [
        f"{verb} {'more' if rate.change > 0 else 'fewer' if verb == 'raises' else 'less'}"
        f" {_ALARMS if verb == 'raises' else 'stego'}"
        for verb, rate in (("raises", alarms), ("finds", found))
        if rate.n and rate.change
    ]
    same = [what for what, rate in ((_ALARMS, alarms), (_FOUND, found)) if rate.n and not rate.change]
    odd = "".join(
        f"; no {what} to judge by" for what, rate in (("authentic image", alarms), ("stego", found)) if not rate.n
    )
    if not said:
        return f"**No difference shown between {name} and {other} in {listing(same)}{odd}**"
    shown = f"; no difference shown in {listing(same)}" if same else ""
    return f"**{name} {listing(said)} than {other}{shown}{odd}**"


def _degenerate(alarms: _Rate, found: _Rate, second: str) -> str:
    """What a detector that says the same of all images is called, whatever else it is better in; else empty."""
    name = TITLES[second]
    if found.n and not found.second:
        return f"**{name} finds no stego at all**"
    if alarms.n and alarms.second == alarms.n and found.second == found.n:
        return f"**{name} flags every image**"
    more = alarms.n and found.n and alarms.second / alarms.n > found.second / found.n
    return f"**{name} flags authentic images more often than stego**" if more else ""
