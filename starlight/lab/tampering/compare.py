"""The detector of tampered images beside its peers: thresholds from validation, measures on test, the same images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from starlight.forgery.verifier import Verifier, threshold_at
from starlight.images import image as images
from starlight.lab.tampering.peers import PEERS
from starlight.markdown import interval, number, percent, table
from starlight.metrics import mask_counts, object_f1
from starlight.metrics.tampering import measure
from starlight.scan.masks import read_regions
from starlight.training.forgery.evaluate import predictions
from starlight.training.forgery.examples import Examples

__all__ = ["bench", "report"]

_FAMILIES = ("copy-move", "splice", "erase")


def bench(verifier: Verifier, data: Examples, root: Path, target_fpr: float, *, workers: int) -> dict[str, Mapping]:
    """Measures of each method on the test split, at the threshold that `target_fpr` of validation exceeds.

    Parameters
    ----------
    verifier : Verifier
    data : Examples
    root : Path
        What paths start from.
    target_fpr : float
    workers : int
        Processes.
    """
    val, test = data.split("val"), data.split("test")
    chosen = val.rows[val.rows["label"] == 0]
    found = {"Starlight": measure(predictions({"m": verifier}, test, root), "m")}
    for name in PEERS:
        jobs = [delayed(_judged)(name, root, row, 0.0) for row in chosen.to_dict("records")]
        threshold = threshold_at([score for score, *_ in Parallel(workers, batch_size=8)(jobs)], target_fpr)
        jobs = [delayed(_judged)(name, root, row, threshold) for row in test.rows.to_dict("records")]
        columns = ["m_score", "m_flagged", "m_tp", "m_fp", "m_fn", "m_tn", "m_of1"]
        said = pd.DataFrame(Parallel(workers, batch_size=8)(jobs), columns=columns, index=test.rows.index)
        is_twin = test.rows["sample_id"].isin(set(test.rows["twin_id"]))
        found[name] = measure(test.rows.assign(is_twin=is_twin).join(said), "m")
    return found


def _judged(name: str, root: Path, row: Mapping, threshold: float) -> tuple:
    cv2.setNumThreads(1)
    pixels = images.read(root / row["path"]).pixels
    score, mask = PEERS[name](np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))
    flagged = score >= threshold
    marked = mask if flagged else np.zeros_like(mask)
    truth = read_regions(root / row["mask"]) if row["mask"] else np.zeros((1, *mask.shape), bool)
    of1 = object_f1(marked, truth if len(truth) > 1 else truth[0])
    return score, int(flagged), *mask_counts(marked, truth.any(axis=0)), of1


def report(found: Mapping[str, Mapping], target_fpr: float) -> str:
    """The comparison as Markdown."""
    first = next(iter(found.values()))
    rows = []
    for name, part in found.items():
        cells = [f"{percent(part[key], 1)} ({interval(part[f'{key}_low'], part[f'{key}_high'], 1)})"
                 for key in ("fpr", "recall", "precision")]  # fmt: skip
        families = [
            percent(part["families"][f]["detection"] if f in part["families"] else np.nan, 1) for f in _FAMILIES
        ]
        rows.append([name, *cells, percent(part["lookalike"]["fpr"], 1), *families, number(part["mask"]["f1"], 3),
                     number(part["of1"]["all"], 3), number(part["auc"], 3)])  # fmt: skip
    header = ["Method", "FPR", "Recall", "Precision", "FPR of look-alikes", "Copy-move", "Splice", "Erasing",
              "Mask F1 where found", "oF1", "AUC"]  # fmt: skip
    return "\n\n".join([
        "# Tampered images: the detector beside its peers",
        f"On the {first['n']:,} test images of the run, {first['fpr_n']:,} of them authentic. Every method has the "
        f"threshold that at most {percent(target_fpr, 1)} of the authentic validation images exceed. Intervals are "
        "Clopper-Pearson's, 95 %.",
        table(header, rows, "l" + "r" * 10),
    ]) + "\n"  # fmt: skip
