"""The verifier: how likely a suspicion is a forgery, by its facts and those of the image."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from starlight.errors import StarlightError
from starlight.forgery import direction
from starlight.forgery.boosting import Settings, Trees, boost, log_odds
from starlight.forgery.candidates import FACTS, FEATURES
from starlight.forgery.copies.sides import STEPS

__all__ = ["COLUMNS", "Verifier", "ensemble", "finetune", "load_network", "threshold_at", "told_apart", "train"]

COLUMNS = (*FEATURES, *FACTS)
_TUNING = Settings(trees=60, rate=0.03)
_PREFIX = "seams."
_IS_COPY, _STEPS = COLUMNS.index("is_copy"), [COLUMNS.index(name) for name in STEPS]


@dataclasses.dataclass(frozen=True)
class Verifier:
    """An ensemble of boosted trees.

    Attributes
    ----------
    members : tuple of (Trees, float, float)
        Trees, their log-odds before any tree, and their weight in the average of log-odds.
    threshold : float
        Probability from which an image is called forged.
    caution : float
        Log-odds taken off suspicions that are no copies.
    sides : (2, k) float or None
        What tells a copy from its source: see `starlight.forgery.direction`.
    meta : dict
        What made it; goes into the file.
    """

    members: tuple[tuple[Trees, float, float], ...]
    threshold: float = 0.5
    caution: float = 0.0
    sides: np.ndarray | None = None
    meta: dict[str, Any] = dataclasses.field(default_factory=dict)

    def log_odds(self, table: np.ndarray) -> np.ndarray:
        """(n,) float64 for a (n, len(COLUMNS)) table."""
        total = sum(weight for _, _, weight in self.members)
        said = sum((bias + log_odds(trees, table)) * (weight / total) for trees, bias, weight in self.members)
        return said - self.caution * (table[:, _IS_COPY] == 0)

    def probability(self, table: np.ndarray) -> np.ndarray:
        """(n,) float64 in [0, 1]: how likely each candidate is a forgery."""
        return 1 / (1 + np.exp(-np.clip(self.log_odds(table), -30, 30)))

    def chosen(self, table: np.ndarray) -> np.ndarray:
        """Which region of each suspicion is marked, int (n,): 1 the target of a copy, -1 its source, 0 all of it."""
        if self.sides is None:
            return np.zeros(len(table), int)
        return np.where(table[:, _IS_COPY] > 0, direction.chosen(self.sides, table[:, _STEPS]), 0)

    def save(self, path: Path | str, network: Mapping[str, np.ndarray] | None = None) -> None:
        """Write a safetensors file, with the network that finds splices, if there is one."""
        arrays = {name: np.ascontiguousarray(value) for name, value in (network or {}).items()}
        for i, (trees, _, _) in enumerate(self.members):
            arrays |= {f"{i}.{name}": np.ascontiguousarray(part) for name, part in trees._asdict().items()}
        if self.sides is not None:
            arrays["sides"] = self.sides
        about = {
            "columns": COLUMNS, "members": [(bias, weight) for _, bias, weight in self.members],
            "threshold": self.threshold, "caution": self.caution, "meta": self.meta,
        }  # fmt: skip
        Path(path).write_bytes(save(arrays, {"forgery": json.dumps(about, sort_keys=True)}))

    @classmethod
    def load(cls, path: Path | str) -> Verifier:
        """Read what `save` wrote.

        Raises
        ------
        StarlightError
            There is no such file, it is no verifier, or it was made for other facts than are computed here.
        """
        arrays, about = _read(path)
        if tuple(about["columns"]) != COLUMNS:
            raise StarlightError(f"{path}: made for other facts than this version computes; train it again")
        if about["meta"].get("nothing"):
            raise StarlightError(f"{path}: holds no detector; nothing to learn from: {about['meta']['nothing']}")
        members = tuple(
            (Trees(*(arrays[f"{i}.{name}"] for name in Trees._fields)), bias, weight)
            for i, (bias, weight) in enumerate(about["members"])
        )
        return cls(members, about["threshold"], about["caution"], arrays.get("sides"), about["meta"])


def load_network(path: Path | str) -> dict[str, np.ndarray] | None:
    """The network that finds splices, from a file that `Verifier.save` wrote; None where it holds none."""
    arrays, _ = _read(path)
    return {name: value for name, value in arrays.items() if name.startswith(_PREFIX)} or None


def train(
    table: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, seed: int = 0,
    settings: Settings = Settings(),  # noqa: B008 (frozen)
) -> Verifier:  # fmt: skip
    """Train a verifier.

    Parameters
    ----------
    table : (n, len(COLUMNS)) float32
        A row for each candidate: its features, then its image's facts.
    y : (n,) of 0 and 1
        Whether it is a forgery.
    weights : (n,) float, optional
    seed : int
    settings : Settings

    Raises
    ------
    ValueError
        There are not both forgeries and others.
    """
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    share = float(np.average(y, weights=weights))
    if not 0 < share < 1:
        raise ValueError("a verifier is trained on forgeries and others")
    bias = float(np.log(share / (1 - share)))
    return Verifier(((boost(table, y, weights, np.full(len(y), bias), seed, settings), bias, 1.0),))


def finetune(
    base: Verifier, table: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None, seed: int = 0,
    settings: Settings = _TUNING,
) -> Verifier:  # fmt: skip
    """Go on training, on another table or with other weights: trees are added to those of `base`.

    Parameters
    ----------
    base : Verifier
        With one member.
    table : ndarray, shape (n, features)
    y : (n,) of 0 and 1
    weights : (n,), optional
        Of the rows; else 1.
    seed : int
    settings : Settings
        Of the trees that are added.

    Returns
    -------
    Verifier
    """
    ((trees, bias, weight),) = base.members
    weights = np.ones(len(y)) if weights is None else np.asarray(weights, float)
    more = boost(table, y, weights, bias + log_odds(trees, table), seed, settings)
    both = Trees(*(np.concatenate(parts) for parts in zip(trees, more, strict=True)))
    return dataclasses.replace(base, members=((both, bias, weight),))


def ensemble(verifiers: Sequence[Verifier], weights: Sequence[float]) -> Verifier:
    """One verifier that answers with the weighted mean of the log-odds of several; all else is that of the first."""
    members = [
        (trees, bias, one * weight)
        for verifier, weight in zip(verifiers, weights, strict=True)
        for trees, bias, one in verifier.members
    ]
    return dataclasses.replace(verifiers[0], members=tuple(members))


def told_apart(verifier: Verifier, table: np.ndarray, target: np.ndarray) -> Verifier:
    """The verifier, taught which of two regions is the copy.

    Parameters
    ----------
    verifier : Verifier
    table : (n, len(COLUMNS)) float32
        Of copies.
    target : (n,) bool
        Whether the target was pasted, rather than the source.
    """
    return dataclasses.replace(verifier, sides=direction.fit(table[:, _STEPS], target))


def threshold_at(scores: np.ndarray, fpr: float) -> float:
    """The lowest threshold at which at most a share `fpr` of these scores of authentic images is flagged."""
    ordered = np.sort(np.asarray(scores, float))[::-1]
    allowed = int(np.floor(fpr * len(ordered)))
    return float(np.nextafter(ordered[allowed], 2.0)) if allowed < len(ordered) else 0.0


def _read(path: Path | str) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    try:
        with safe_open(path, "np") as file:
            about = json.loads(file.metadata()["forgery"])
            return {name: file.get_tensor(name) for name in file.keys()}, about  # noqa: SIM118 (no mapping)
    except FileNotFoundError as error:
        raise StarlightError(f"{path}: no such weights file") from error
    except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
        raise StarlightError(f"{path}: not a forgery weights file: {' '.join(str(error).split())[:200]}") from error
