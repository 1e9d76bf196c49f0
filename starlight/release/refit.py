"""What sets thresholds anew by further clean files, real and generated ones together, and their log-odds."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import columns
from starlight.detector.calibration.thresholds import fit
from starlight.detector.weights import Member
from starlight.errors import StarlightError
from starlight.fanout import Engine, chunked, run
from starlight.release import collected
from starlight.release.collected import Collected
from starlight.release.evidence import File, loaded
from starlight.techniques import LABELS
from starlight.training.data import TrainingData
from starlight.training.selection import Passes

__all__ = ["Scores", "by_further", "fitting", "log_odds"]

_BATCH = 512  # images judged together


class Scores(NamedTuple):
    """Of n clean images.

    logits : (n, t) log-odds.
    unlike : (n,) share of their statistics that lie beyond all training images.
    found : (n, t) bool, techniques whose payload was read.
    classes : (n,) class of picture.
    groups : (n,) make or source that is left out together; empty for generated images.
    whole : (n,) bool, a file as it was found, and not one made from it.
    """

    logits: NDArray[np.float64]
    unlike: NDArray[np.float64]
    found: NDArray[np.bool_]
    classes: NDArray[np.object_]
    groups: NDArray[np.object_]
    whole: NDArray[np.bool_]

    def take(self, chosen: NDArray) -> Scores:
        return Scores(*(part[chosen] for part in self))

    def flagged(self, calibration: Calibration) -> int:
        """How many of them thresholds call stego."""
        return int((calibration.score(self.logits, self.classes) >= 0).sum())


def fitting(
    members: Sequence[Member], val: TrainingData, target_fpr: float, others: Sequence[float] = ()
) -> Callable[[Scores], Calibration]:
    """What sets thresholds by a validation split and further clean images, and fits probabilities to the split alone.

    Parameters
    ----------
    members : sequence of Member
        Of the detector.
    val : TrainingData
    target_fpr : float
        Image-level.
    others : sequence of float
        Further rates that thresholds are kept for.
    """
    techniques = members[0].model.config.techniques  # of a shorter list, maybe: what it cannot name has no say
    place = {LABELS.index(name): at for at, name in enumerate(techniques)} | {-1: -1}
    named = np.array([t in place for t in val.technique])
    logits = Passes(val, maps=False).log_odds(members)[named]
    carried, classes = [place[t] for t in val.technique[named]], np.asarray(val.classes, object)[named]
    return by_further(logits, carried, classes, techniques=techniques, target_fpr=target_fpr, others=others)


def by_further(
    logits: NDArray, carried: Sequence[int], classes: Sequence[str], *, techniques: Sequence[str], target_fpr: float,
    others: Sequence[float],
) -> Callable[[Scores], Calibration]:  # fmt: skip
    """What sets thresholds by known images and further clean ones: `fit`, with all but the further ones given.

    Parameters
    ----------
    logits, carried, classes, techniques, target_fpr, others
        As of `starlight.detector.calibration.thresholds.fit`, with `carried` for `technique`.
    """

    def set_by(further: Scores) -> Calibration:
        clean = further.logits, further.classes.tolist()
        return fit(logits, carried, classes, techniques=techniques, target_fpr=target_fpr, further=clean, others=others)

    return set_by


def log_odds(
    weights: Path,
    files: Callable[[], Sequence[File]],
    kept: Path | None = None,
    engine: Engine = Engine(),  # noqa: B008 (frozen)
) -> Scores:
    """Log-odds of each readable file, and of what people make of real ones (`views`).

    Parameters
    ----------
    weights : Path
    files : callable
        Makes them, or lists them.
    kept : Path, optional
        Where what was read of them is kept for other weights: used if it is there, else written.
    engine : Engine

    Returns
    -------
    Scores

    Raises
    ------
    StarlightError
        `kept` is no such file, or the weights need more than is kept there.
    """
    if kept is None:
        return _of_files(weights, files(), engine)
    streams = loaded(weights).predictor.quick_streams
    if not kept.exists():
        collected.write(kept, collected.collect(files(), streams, engine))
    return _of_collected(weights, collected.load(kept, streams))


def _of_files(weights: Path, files: Sequence[File], engine: Engine = Engine()) -> Scores:  # noqa: B008 (frozen)
    """Log-odds of each readable file, and of what people make of real ones (`views`)."""
    chunks = chunked(list(files), engine)
    found = [
        one for part in run(engine, functools.partial(_log_odds, weights), chunks, label="thresholds") for one in part
    ]
    logits, unlike, read, *told, whole = zip(*found, strict=True) if found else ((),) * 6
    named = (np.array(one, object) for one in told)
    return Scores(np.array(logits), np.array(unlike), np.array(read, bool), *named, np.array(whole, bool))


def _log_odds(weights: Path, files: Sequence[File]) -> list[tuple]:
    detector = loaded(weights)

    def look(data: bytes) -> tuple:
        judged = detector.judge(data, maps=False)
        seen = judged.prediction
        found = judged.record["found"][columns(detector.predictor.techniques)]
        return seen.logits[0], float(seen.ood[0]), found, judged.classes[0]

    return collected.looked_at(files, look)


def _of_collected(weights: Path, clean: Collected) -> Scores:
    """Log-odds of clean files that were read before."""
    predictor, logits, unlike = loaded(weights).predictor, [], []
    for start in range(0, len(clean.classes), _BATCH):
        part = slice(start, start + _BATCH)
        try:
            seen = predictor.predict(clean.records(part), clean.classes[part].tolist(), maps=False)
        except KeyError as error:
            raise StarlightError(f"{weights}: no expert for some technique, so that it needs {error} too") from error
        logits.append(seen.logits)
        unlike.append(seen.ood)
    found = clean.found[:, columns(predictor.techniques)]
    return Scores(np.concatenate(logits), np.concatenate(unlike), found, clean.classes, clean.groups, clean.whole)
