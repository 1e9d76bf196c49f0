"""From log-odds to scores, verdicts and calibrated probabilities, by class of picture.

Each technique's expert has a threshold in log-odds for each class of picture, set for a stated false-positive rate
(`thresholds`). A score is the log-odds over that threshold: at 0 and over the image is flagged. An expert is silent in
a class where it finds nothing at this rate, so that its false alarms cost the others nothing, and in a class that it
was not calibrated on.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from starlight.detector.calibration.classes import stand_ins
from starlight.errors import StarlightError

__all__ = ["ABSENT", "ALL", "FINDS_NOTHING", "SPEAKS", "UNKNOWN", "Calibration", "Row", "nearest"]

ABSENT = -29.0  # log-odds at or under which a technique was masked out
SPEAKS, FINDS_NOTHING, UNKNOWN = 0, 1, 2  # an expert's standing in a class
ALL = "all"  # the row of what was calibrated on no class of its own
_BEHIND = 2.0  # what a silent expert's score stays under the threshold at least; below, its images keep their order


@dataclasses.dataclass(frozen=True)
class Row:
    """What holds in a class, one entry a technique.

    Attributes
    ----------
    end : log-odds that raise an alarm
    standing : `SPEAKS`, `FINDS_NOTHING` or `UNKNOWN`
    images : how many authentic images it was calibrated on
    """

    end: tuple[float, ...]
    standing: tuple[int, ...]
    images: int

    def ends(self) -> list[float]:
        """Log-odds that raise an alarm, infinity where nobody knows."""
        return [np.inf if why == UNKNOWN else end for end, why in zip(self.end, self.standing, strict=True)]


def nearest(name: str, rows: Mapping[str, Row]) -> Row | None:
    """The row of a class, else that of the best class that stands in for it; None where there is none."""
    return next((rows[one] for one in stand_ins(name) if one in rows), None)


@dataclasses.dataclass(frozen=True)
class Calibration:
    """Turns log-odds into scores, verdicts and probabilities; made by `thresholds.fit`.

    Attributes
    ----------
    techniques : tuple of str
    rows : mapping of class to Row
        `all` besides, for what no class says.
    slope, intercept : float
        Of the logistic map from the score to a probability.
    target_fpr : float
        Image-level false-positive rate that thresholds were set for, in every class.
    authentic : int
        Number of authentic images that they were set on.
    others : tuple of Calibration
        The same for other rates, which people may ask for.
    """

    techniques: tuple[str, ...]
    rows: Mapping[str, Row]
    slope: float
    intercept: float
    target_fpr: float
    authentic: int
    others: tuple[Calibration, ...] = ()

    def at(self, rate: float | None) -> Calibration:
        """What holds at another false-positive rate; itself for None.

        Raises
        ------
        StarlightError
            No thresholds are kept for that rate.
        """
        kept = {one.target_fpr: one for one in (self, *self.others)}
        if rate is not None and rate not in kept:
            raise StarlightError(f"fpr: {rate:g} is none of the rates that these weights have thresholds for: "
                                 f"{', '.join(f'{one:g}' for one in sorted(kept))}")  # fmt: skip
        return self if rate is None else kept[rate]

    def row(self, name: str) -> Row:
        """What holds in a class: its own row, else that of a class that stands in for it, else that of all."""
        return nearest(name, self.rows) or self.rows[ALL]

    def with_thresholds(self, names: Sequence[str], other: Calibration) -> Calibration:
        """The same but for thresholds of some techniques, another's in each class, for the rates that both keep."""
        places = [other.techniques.index(name) if name in names else -1 for name in self.techniques]
        rows = {}
        for name, row in self.rows.items():
            found = other.row(name)
            pairs = [(row.end, found.end), (row.standing, found.standing)]
            end, standing = (tuple(b[k] if k >= 0 else a[i] for i, k in enumerate(places)) for a, b in pairs)
            rows[name] = dataclasses.replace(row, end=end, standing=standing)
        known = {one.target_fpr: one for one in (other, *other.others)}
        others = tuple(
            one.with_thresholds(names, known[one.target_fpr]) if one.target_fpr in known else one for one in self.others
        )
        return dataclasses.replace(self, rows=rows, others=others)

    def technique_scores(self, logits: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
        """(n, t) scores, an expert's over the threshold only where it may speak; -inf where masked out."""
        scores = self.raw_scores(logits, classes)
        return np.where(self.standing(classes) == SPEAKS, scores, np.minimum(scores, 0.0) - _BEHIND)

    def raw_scores(self, logits: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
        """(n, t) scores as if every expert might speak."""
        logits = np.asarray(logits, dtype=float)
        end = self._column("end", classes).reshape(logits.shape)
        return np.where(logits <= ABSENT, -np.inf, logits - end)

    def standing(self, classes: Sequence[str]) -> NDArray[np.int64]:
        """(n, t) whether each expert speaks, finds nothing, or is unknown there."""
        return self._column("standing", classes).reshape(len(classes), len(self.techniques))

    def score(self, logits: ArrayLike, classes: Sequence[str]) -> NDArray[np.float64]:
        """(n,) highest technique score; at 0 and over the image is flagged."""
        return self.technique_scores(logits, classes).max(axis=1)

    def probability(self, score: ArrayLike) -> NDArray[np.float64]:
        """Calibrated probability that an image with this score carries a payload."""
        z = self.slope * np.asarray(score, dtype=float) + self.intercept
        return 1.0 / (1.0 + np.exp(-np.clip(z, -30.0, 30.0)))

    def _column(self, field: str, classes: Sequence[str]) -> NDArray:
        known = {name: getattr(self.row(name), field) for name in set(classes)}
        return np.array([known[name] for name in classes])

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Calibration:
        """Read what `to_json` wrote; ValueError, KeyError or TypeError for anything else."""
        return cls._of(json.loads(text))

    @classmethod
    def _of(cls, raw: dict[str, Any]) -> Calibration:
        if "rows" not in raw:
            raise ValueError("its thresholds are of an earlier version: train again with `dvc repro`")
        others = tuple(map(cls._of, raw.pop("others", ())))
        rows = {
            name: Row(tuple(row["end"]), tuple(row["standing"]), row["images"]) for name, row in raw.pop("rows").items()
        }
        return cls(tuple(raw.pop("techniques")), rows, **raw, others=others)
