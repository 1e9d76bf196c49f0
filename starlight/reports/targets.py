"""Goals, and how far a figure is from them."""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from starlight.errors import StarlightError
from starlight.markdown import interval, number, percent, whole
from starlight.metrics import MET, MISSED, TOO_FEW, Figure, clopper_pearson, images_needed, judge

__all__ = ["Goal", "cell", "entries", "exact", "goals", "needed", "show_goal", "standing", "status"]

_SIGNS = {MET: "✅", MISSED: "❌", TOO_FEW: "❔"}
_ROUNDED = 1e-6
_ENTRY = re.compile(r"(\S+) *(<=|>=) *([-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?)")
_NO_FRACTION = re.compile(r"latency|_ms\b|\bauc|mcc|brier|per_second|bytes|\bimages$|\bcovers$|\bn$|psi")


@dataclass(frozen=True)
class Goal:
    """One entry of the roadmap: a figure of `metrics.json`, by its dotted name, and where it should be."""

    goal: str
    metric: str
    target: float
    direction: str
    milestone: str = ""


def entries(roadmap: Mapping[str, Mapping[str, str]]) -> list[dict]:
    """Entries for `goals` of the block `roadmap` of the parameters: milestone to goal to `figure <= target`.

    Raises
    ------
    StarlightError
        Names the goal whose text has another form.

    Examples
    --------
    >>> entries({"low false alarms": {"One in two thousand": "v4.fpr <= 0.0005"}})[0]["target"]
    0.0005
    """
    found = []
    for milestone, goals_of in roadmap.items():
        for goal, text in goals_of.items():
            said = _ENTRY.fullmatch(text.strip())
            if said is None:
                example = "v4.fpr <= 0.0005"
                raise StarlightError(
                    f"params.yaml: roadmap.{milestone}.{goal}: {text!r} is not of the form {example!r}"
                )
            metric, direction, target = said.groups()
            found.append({"goal": goal, "metric": metric, "target": float(target), "direction": direction,
                          "milestone": milestone})  # fmt: skip
    return found


def goals(entries: Iterable) -> list[Goal]:
    """Goals from mappings or objects with the same names.

    Raises
    ------
    StarlightError
        Where an entry lacks a key, has one too many, or a direction that is none.
    """
    found = []
    for place, entry in enumerate(entries):
        fields = (
            dict(entry) if isinstance(entry, Mapping) else {n: getattr(entry, n) for n in Goal.__dataclass_fields__}
        )
        try:
            goal = Goal(**fields)
        except TypeError as error:
            raise StarlightError(f"params.yaml: roadmap[{place}]: {error}") from error
        _check(goal, f"params.yaml: roadmap[{place}]")
        found.append(goal)
    return found


def _check(goal: Goal, where: str) -> None:
    for name in ("goal", "metric", "milestone"):
        if not isinstance(getattr(goal, name), str):
            raise StarlightError(f"{where}.{name}: {getattr(goal, name)!r} is no text")
    number = isinstance(goal.target, (int, float)) and not isinstance(goal.target, bool)
    if not number or not math.isfinite(goal.target):
        raise StarlightError(f"{where}.target: {goal.target!r} is no number")
    if goal.direction not in ("<=", ">="):
        raise StarlightError(f"{where}.direction: is {goal.direction!r}, allowed are '<=' and '>='")


def _is_fraction(metric: str) -> bool:
    return _NO_FRACTION.search(metric) is None


def show_goal(value: float, metric: str, digits: int = 2) -> str:
    """A value in the unit of its figure: rates as percentages, the rest as numbers.

    Parameters
    ----------
    value : float
    metric : str
        Key of the figure, which tells its unit.
    digits : int
        Of percentages.

    Returns
    -------
    str
    """
    return percent(value, digits) if _is_fraction(metric) else number(value)


def exact(found: Figure) -> Figure:
    """A rate and its ends from its counts, where they are what was rounded to six digits: rounding twice goes wrong."""
    if not found.n or found.k is None:
        return found
    counted = found.k / found.n, *clopper_pearson(found.k, found.n)
    near = [c if abs(c - v) <= _ROUNDED else v for c, v in zip(counted, found[:3], strict=True)]
    return Figure(*near, found.k, found.n)


def cell(found: Figure, metric: str, digits: int = 2) -> str:
    """Value with its interval, such as `1.20 % (0.40 to 2.80 %)`.

    Parameters
    ----------
    found : Figure
    metric : str
        Key of the figure, which tells its unit.
    digits : int
        Of percentages.

    Returns
    -------
    str
    """
    found = exact(found)
    text = show_goal(found.value, metric, digits)
    if math.isnan(found.low):
        return text
    if _is_fraction(metric):
        return f"{text} ({interval(found.low, found.high, digits)})"
    return f"{text} ({number(found.low)} to {number(found.high)})"


def standing(found: Figure, goal: Goal) -> str:
    """Met, missed, too few images to tell, or not measured; a figure without interval is judged by itself."""
    if math.isnan(found.low):
        return judge(found.value, found.value, goal.target, goal.direction)
    return judge(found.low, found.high, goal.target, goal.direction)


def needed(found: Figure, goal: Goal) -> str:
    """How many images it would take to tell."""
    if found.n is None:
        return "more images"
    target, rate = (goal.target, found.value) if goal.direction == "<=" else (1 - goal.target, 1 - found.value)
    if not 0 < target < 1:
        return "no number of images would do"
    enough, at_rate = images_needed(target), images_needed(target, rate) if rate > 0 else None
    takes = [f"{whole(enough)} without an error"] if found.n < enough else []
    takes += [f"{_about(at_rate)} at the rate seen"] if at_rate else []
    text = [f"it takes {', '.join(takes)}"] if takes else []
    beyond = ["the rate seen is beyond the target, maybe by chance"] if rate > 0 and not at_rate else []
    return "; ".join([*text, *beyond])


def _about(n: int) -> str:
    """Two leading digits: the rest of so uncertain a number is noise."""
    step = 10 ** max(0, len(str(n)) - 2)
    return f"about {-(-n // step) * step:,}"


def status(found: Figure, goal: Goal) -> str:
    """Standing with its sign, and what it would take where it cannot be told."""
    stands = standing(found, goal)
    text = f"{_SIGNS.get(stands, '')} {stands}".strip()
    if math.isnan(found.low) and stands in (MET, MISSED):
        return f"{text} (judged without an interval)"
    return f"{text}: {needed(found, goal)}" if stands == TOO_FEW else text
