"""Whether a fine-tuned detector may replace its base: only where validation images show no harm.

A detector that learnt more from some authentic images may raise false alarms on others. At an operating threshold that
one image in thousands exceeds a validation split shows next to none of them; so they are counted at looser ones, each
detector finding as much stego as the base does.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from starlight.metrics.before_after import as_powerful
from starlight.metrics.paired import mcnemar

__all__ = ["RATES", "UNMINED", "Choice", "choose"]

RATES = (0.005, 0.01, 0.02, 0.05)  # of authentic images, that the base flags where the two are compared
_CHANCE = 0.05  # McNemar's p under which a difference is no chance


class Choice(NamedTuple):
    """Which detector is used, and why.

    use_tuned : bool
    reason : one sentence for people.
    alarms : rate to authentic images flagged, `{"base", "tuned"}`, and of submissions without stego `{"base_own",
        "tuned_own"}`.
    """

    use_tuned: bool
    reason: str
    alarms: dict[str, dict[str, int]]


UNMINED = Choice(False, "the base detector is used: nothing was mined", {})


def choose(base: np.ndarray, tuned: np.ndarray, labels: np.ndarray, own: np.ndarray) -> Choice:
    """Choose by false alarms on validation images.

    Where there are submissions without stego, which somebody brought for their false alarms, those decide, else all
    images do; a tie is the tuned detector's. More alarms on all images beyond chance are harm in any case.

    Parameters
    ----------
    base, tuned : (n,)
        Scores; the higher, the likelier stego.
    labels : (n,)
        1 for stego.
    own : (n,) bool
        Images of submissions without stego.

    Returns
    -------
    Choice
    """
    authentic, own = labels == 0, own & (labels == 0)
    alarms, gains, own_gains, harmed = {}, [], [], False
    for rate in RATES:
        before, after = (as_powerful(base, model, labels == 1, rate) for model in (base, tuned))
        counts = {"base": before, "tuned": after}
        alarms[f"{rate:g}"] = {name: int(f[authentic].sum()) for name, f in counts.items()} | {
            f"{name}_own": int(f[own].sum()) for name, f in counts.items()
        }
        gains.append(_gain(before[authentic], after[authentic]))
        own_gains.append(_gain(before[own], after[own]))
        paired = mcnemar(~after[authentic], ~before[authentic])
        harmed |= gains[-1] < 0 and paired.p_value < _CHANCE
    better = not harmed and sum(own_gains if own.any() else gains) >= 0
    what = "submissions without stego" if own.any() and not harmed else "authentic validation images"
    return Choice(better, _reason(better, harmed, what), alarms)


def _gain(before: np.ndarray, after: np.ndarray) -> float:
    """By how much of themselves the alarms are fewer; each rate counts alike."""
    return float(before.sum() - after.sum()) / max(1, int(before.sum()))


def _reason(better: bool, harmed: bool, what: str) -> str:
    if better:
        return f"the fine-tuned detector is used: it raises no more false alarms on {what}"
    certainty = ", beyond chance" if harmed else ""
    return f"the base detector is kept: fine-tuning raises more false alarms on {what}{certainty}"
