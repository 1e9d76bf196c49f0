"""From the log-odds of a trained detector to its thresholds and probabilities."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence

import numpy as np

from starlight.detector.calibration import thresholds
from starlight.detector.calibration.calibration import ALL, SPEAKS, Calibration, Row
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.weights import Member
from starlight.techniques import LABELS
from starlight.training import devices
from starlight.training.data import TrainingData
from starlight.training.selection import Passes, forward

__all__ = ["calibrate", "even_odds", "set_map_bar"]


def calibrate(
    members: Sequence[Member], passes: Passes, target_fpr: float, others: Sequence[float] = ()
) -> Calibration:
    """Thresholds and probabilities of an ensemble.

    Parameters
    ----------
    members : sequence of Member
    passes : Passes
        Over the validation split; shared by ensembles that share members.
    target_fpr : float
        Image-level false-positive rate, in (0, 0.1).
    others : sequence of float
        Further rates that thresholds are kept for.
    """
    logits, val = passes.log_odds(members), passes.data
    return thresholds.fit(logits, val.technique, val.classes, techniques=LABELS, target_fpr=target_fpr, others=others)


def even_odds(members: Sequence[Member], passes: Passes) -> Calibration:
    """A calibration that flags what is likelier to be stego than not, as V3's predecessor was judged.

    In the loss (`detector_loss`) authentic images count one k-th for each of k techniques, and stego images for their
    own alone: where both are as likely, the log-odds of that technique are log k.

    Parameters
    ----------
    members : sequence of Member
    passes : Passes
        Over the validation split; the false-positive rate is the one that its images show.

    Returns
    -------
    Calibration
    """
    authentic = passes.log_odds(members)[passes.data.labels == 0]
    even = round(math.log(len(LABELS)), 6)
    rate = float((authentic.max(axis=1) >= even).mean())
    row = Row((even,) * len(LABELS), (SPEAKS,) * len(LABELS), len(authentic))
    return Calibration(LABELS, {ALL: row}, 1.0, 0.0, round(rate, 6), len(authentic))


def set_map_bar(model: UnifiedStarlightDetector, data: TrainingData, fp_ratio: float) -> None:
    """Let the map mark nothing in images that hardly look like stego, in place.

    What it marks wrongly are whole images, those that the verdict comes near to flagging: it echoes the doubt. So the
    bar is set on the image's log-odds, as low as validation allows. The same ratio by a higher threshold on the cells
    costs more of what is rightly marked: on the built-in test split a recall of 0.41 in place of 0.49.

    Parameters
    ----------
    model : UnifiedStarlightDetector
    data : TrainingData
        The validation split.
    fp_ratio : float
        Share of the cells of an authentic image that may be over probability 0.5, on average.
    """
    model.config = dataclasses.replace(model.config, map_bar=None)
    run, authentic = forward(model, data, devices.current()[0]), data.labels == 0
    evidence = run.logits[authentic].max(axis=1)
    marked = run.counts[authentic, 1] / np.maximum(run.counts[authentic].sum(axis=1), 1)
    order = np.argsort(-evidence)
    over = np.flatnonzero(np.cumsum(marked[order]) > fp_ratio * len(order))
    if len(over):
        bar = math.floor(1e4 * float(evidence[order[over[0]]]) + 1) / 1e4  # above the first image that is too many
        model.config = dataclasses.replace(model.config, map_bar=bar)
