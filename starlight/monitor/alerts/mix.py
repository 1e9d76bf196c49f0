"""The same detector on other images: what it would have shown had the mix of techniques been the present one.

Recall and accuracy over all images rise and fall with the share of hard techniques among them. An earlier evaluation is
therefore weighted anew, technique by technique, before the two are compared.
"""

import math
from collections.abc import Iterator, Mapping

from starlight.metrics import PROTOCOL, Figure, figure

__all__ = ["MIXED", "like_for_like", "other_mix"]

MIXED = frozenset({"accuracy", "recall", "protocol.detection"})  # figures that `like_for_like` can weight anew
_AUTHENTIC = "authentic"
_SAME = 0.05  # share of the images that may be of another kind before two mixes count as different


def _parts(metrics: Mapping, key: str) -> dict[str, tuple[int, Figure]]:
    """Number of images and share judged rightly of each part that a figure is over."""
    found = {}
    fpr = figure(metrics, "fpr")
    if key == "accuracy" and fpr.n:
        found[_AUTHENTIC] = fpr.n, Figure(1 - fpr.value, 1 - fpr.high, 1 - fpr.low)
    for name, part in sorted(metrics.get("techniques", {}).items()):
        if part.get("n") and (key != "protocol.detection" or name in PROTOCOL):
            found[f"stego {name}"] = part["n"], figure(part, "detection")
    return {name: part for name, part in found.items() if not math.isnan(part[1].value)}


def _weighted(parts: Mapping[str, tuple[int, Figure]], numbers: Mapping[str, int]) -> Figure:
    """The whole from its parts, so many images of each; ends of independent parts add like their squares."""
    total = sum(numbers.values())
    shares = [(number / total, parts[name][1]) for name, number in numbers.items()]
    value = sum(share * rate.value for share, rate in shares)
    below = math.hypot(*(share * (rate.value - rate.low) for share, rate in shares))
    above = math.hypot(*(share * (rate.high - rate.value) for share, rate in shares))
    return Figure(value, value - below, value + above)


def like_for_like(metrics: Mapping, baseline: Mapping, key: str) -> tuple[Figure, Figure]:
    """A figure now and before, over the parts that both have, each with its present share.

    Parameters
    ----------
    metrics, baseline : mapping
        Of one model, from `metrics.evaluate` or a line of the history.
    key : str
        One of `MIXED`.

    Returns
    -------
    now, before : Figure
        As they were measured where the mix is the same, or the baseline tells nothing of parts.
    """
    own, other = _parts(metrics, key), _parts(baseline, key)
    numbers = {name: own[name][0] for name in own if name in other}
    same = {name: n for name, (n, _) in own.items()} == {name: n for name, (n, _) in other.items()}
    if same or not numbers or not baseline.get("techniques"):
        return figure(metrics, key), figure(baseline, key)
    now = figure(metrics, key) if len(numbers) == len(own) else _weighted(own, numbers)
    return now, _weighted(other, numbers)


def _counts(metrics: Mapping) -> Iterator[tuple[str, int]]:
    negatives = {name: part.get("n") or 0 for name, part in metrics.get("negatives", {}).items()}
    yield from ((f"negative {name}", n) for name, n in negatives.items())
    yield _AUTHENTIC, (metrics.get("fpr_n") or 0) - sum(negatives.values())
    yield from ((f"stego {name}", part.get("n") or 0) for name, part in metrics.get("techniques", {}).items())


def other_mix(metrics: Mapping, baseline: Mapping) -> bool:
    """Whether so many images are of another kind that precision and AUC of the two cannot be compared."""
    own, other = dict(_counts(metrics)), dict(_counts(baseline))
    if not any(own.values()) or not baseline.get("techniques") or not any(other.values()):
        return False
    shares = [{name: n / sum(side.values()) for name, n in side.items()} for side in (own, other)]
    names = {*own, *other}
    return sum(abs(shares[0].get(name, 0) - shares[1].get(name, 0)) for name in names) / 2 > _SAME
