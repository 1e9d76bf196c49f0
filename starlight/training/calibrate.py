"""From the log-odds of a trained detector to its thresholds and probabilities."""

from __future__ import annotations

import math
from collections.abc import Sequence

from starlight.detector.calibration import thresholds
from starlight.detector.calibration.calibration import ALL, SPEAKS, Calibration, Row
from starlight.detector.weights import Member
from starlight.training.image_rows import LABELS
from starlight.training.selection import Passes

__all__ = ["calibrate", "even_odds"]


def calibrate(members: Sequence[Member], passes: Passes, target_fpr: float) -> Calibration:
    """Thresholds and probabilities of an ensemble.

    Parameters
    ----------
    members : sequence of Member
    passes : Passes
        Over the validation split; shared by ensembles that share members.
    target_fpr : float
        Image-level false-positive rate, in (0, 0.1).
    """
    logits, val = passes.log_odds(members), passes.data
    return thresholds.fit(logits, val.technique, val.classes, techniques=LABELS, target_fpr=target_fpr)


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
