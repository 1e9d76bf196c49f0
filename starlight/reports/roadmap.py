"""`research_roadmap.md`: goals, where they stand, how far there is to go."""

import math
from collections.abc import Sequence

from starlight.markdown import NOTHING, code, percent, table
from starlight.metrics import MISSED, UNMEASURED, figure
from starlight.reports.figures import current_values
from starlight.reports.inputs import Run
from starlight.reports.targets import Goal, cell, show_goal, standing, status
from starlight.reports.words import listing

__all__ = ["relative_gap", "roadmap"]


def relative_gap(value: float, goal: Goal) -> float:
    """How far a figure is from its target, as a share of the target; 0 where it is reached, NaN where unmeasured."""
    missing = value - goal.target if goal.direction == "<=" else goal.target - value
    if math.isnan(missing) or goal.target == 0:
        return math.nan if math.isnan(missing) else (math.inf if missing > 0 else 0.0)
    return max(0.0, missing / abs(goal.target))


def _row(run: Run, goal: Goal) -> tuple[tuple, list[str]]:
    found = figure(run.figures, goal.metric)
    share = relative_gap(found.value, goal)
    gap = max(0.0, found.value - goal.target if goal.direction == "<=" else goal.target - found.value)
    sign = "≤" if goal.direction == "<=" else "≥"
    text = show_goal(gap, goal.metric, 3) if not math.isnan(found.value) else NOTHING
    row = [
        goal.goal, code(goal.metric), cell(found, goal.metric, 3), f"{sign} {show_goal(goal.target, goal.metric, 3)}",
        text, NOTHING if math.isnan(share) else percent(share, 1), status(found, goal), goal.milestone,
    ]  # fmt: skip
    return (-(math.inf if math.isnan(share) else share), goal.milestone, goal.goal, goal.metric), row


def _sentence(run: Run, goals: Sequence[Goal]) -> str:
    stands = {goal: standing(figure(run.figures, goal.metric), goal) for goal in goals}
    missed = [goal.goal for goal in goals if stands[goal] == MISSED]
    unmeasured = [goal.goal for goal in goals if stands[goal] == UNMEASURED]
    text = f"{len(goals)} goals: {sum(s == 'met' for s in stands.values())} met, {len(missed)} missed"
    text += f", {sum(s not in ('met', MISSED, UNMEASURED) for s in stands.values())} open for want of images"
    text += f", {len(unmeasured)} not measured." if unmeasured else "."
    return f"{text} Missed: {listing(missed)}." if missed else text


def roadmap(run: Run) -> str:
    """The roadmap as Markdown; the goals farthest from their target, measured by the target, come first."""
    goals = [Goal(g.goal, g.metric, g.target, g.direction, g.milestone) for g in run.goals]
    rows = [row for _, row in sorted((_row(run, goal) for goal in goals), key=lambda pair: pair[0])]
    header = ["Goal", "Figure", "Now (95 %)", "Target", "Gap", "Gap / target", "Status", "Milestone"]
    parts = [
        "# Research roadmap",
        _sentence(run, goals),
        "Goals come from `roadmap:` in `params.yaml`, figures from this run; what is farthest from its target, by the "
        "size of the target, comes first. A goal counts as met only when the whole 95 % interval is on its side.",
        "## Goals, by gap",
        table(header, rows, "llrrrrll"),
        "## Where we stand",
        current_values(run),
    ]
    return "\n\n".join(parts) + "\n"
