"""What an export to ONNX changed: two predictors on the same images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from starlight.cli.inputs import expand
from starlight.detector.detector import Detector
from starlight.detector.predictor import Predictor
from starlight.errors import BadImage, StarlightError

__all__ = ["TOLERANCE", "compare", "records_of"]

TOLERANCE = 1e-4  # largest difference in log-odds and map that an export may show against torch
_COMPARED = ("logits", "cells", "probability")
_LABELS = {"stego": 1, "clean": 0, "negatives": 0}


def records_of(
    detector: Detector, folder: Path, count: int
) -> tuple[list[dict[str, np.ndarray]], list[str], list[int | None]]:
    """Streams of readable images spread evenly over a folder.

    Parameters
    ----------
    detector : Detector
    folder : Path
    count : int
        Most images.

    Returns
    -------
    records, classes : lists
        As predictors take them.
    labels : list of int or None
        1 under a folder `stego`, 0 under `clean` or `negatives`, as in a submission; else None.

    Raises
    ------
    StarlightError
        There are fewer than two images.
    """
    files = [source.path for source in expand([str(folder)]) if not source.error] if folder.is_dir() else []
    chosen = [files[i] for i in np.unique(np.linspace(0, len(files) - 1, min(count, len(files))).astype(int))]
    records, classes, labels = [], [], []
    for path in chosen:
        try:
            judged = detector.judge(path)
        except BadImage:
            continue
        records.append(judged.record)
        classes += judged.classes
        labels.append(next((_LABELS[part] for part in reversed(Path(path).parts) if part in _LABELS), None))
    if len(records) < 2:
        raise StarlightError(f"{folder}: has no images to check the export with; run `dvc repro`, or name a folder")
    return records, classes, labels


def compare(
    one: Predictor, other: Predictor, records: Sequence[Mapping[str, Any]], classes: Sequence[str],
    labels: Sequence[int | None],
) -> dict[str, Any]:  # fmt: skip
    """How far two predictors are apart on the same images.

    Parameters
    ----------
    one, other : Predictor
    records, classes, labels
        As `records_of` gives them.

    Returns
    -------
    dict
        `images`; largest differences of log-odds, map and probability, with maps or without; `verdicts_changed`; where
        labels are known, `accuracy` of the second and `accuracy_lost` against the first.
    """
    differences, flags = [], []
    for record, name in zip(records, classes, strict=True):
        a, b = one.predict([record], [name]), other.predict([record], [name])
        quick = other.predict([record], [name], maps=False)  # what `detect` runs
        differences.append([np.abs(x - y).max() for x, y in (
            (a.logits, np.stack([b.logits, quick.logits])), (a.cells, b.cells),
            (a.probability, np.stack([b.probability, quick.probability])),
        )])  # fmt: skip
        flags.append([bool(p.score[0] >= 0 and not p.abstain[0]) for p in (a, quick)])
    worst, flagged = np.max(differences, axis=0), np.array(flags)
    report = {f"{name}_difference": float(f"{w:.3g}") for name, w in zip(_COMPARED, worst, strict=True)}
    report |= {"images": len(records), "verdicts_changed": int((flagged[:, 0] != flagged[:, 1]).sum())}
    known = np.array([label is not None for label in labels])
    if known.any():
        right = flagged[known] == np.array([label == 1 for label in labels])[known, None]
        before, after = (float(r.mean()) for r in right.T)
        report |= {"accuracy": round(after, 6), "accuracy_lost": round(before - after, 6)}
    return report
