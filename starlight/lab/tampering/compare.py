"""The detector of tampered images beside its peers: thresholds from validation, measures on test, the same images."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from starlight.forgery.verifier import Verifier, threshold_at
from starlight.images.image import read
from starlight.lab.tampering.peers import PEERS
from starlight.manifest import of_forgery, usable
from starlight.markdown import code, counts, number, percent, table
from starlight.metrics import mask_counts, object_f1
from starlight.metrics.tampering import measure
from starlight.reports.forgery import paired_table, share
from starlight.sample.tampering.build import TamperingParams, build
from starlight.scan.masks import read_regions
from starlight.scan.scan import ScanParams, scan
from starlight.store import Store
from starlight.training.forgery.evaluate import before_after, predictions
from starlight.training.forgery.examples import ROWS, Examples
from starlight.training.forgery.extract import examine_all
from starlight.training.forgery.params import ForgeryParams

__all__ = ["Bench", "bench", "fresh", "report", "searched"]

_FAMILIES = ("copy-move", "splice", "erase")


class Bench(NamedTuple):
    """Measures of each method; and base, detector and control beside one another, as `before_after` has them."""

    methods: dict[str, dict]
    mining: pd.DataFrame


def fresh(sizes: TamperingParams, root: Path, seen: set[str], scanning: ScanParams, *, workers: int) -> pd.DataFrame:
    """New images, made from another seed, of covers that no training image is of: `ROWS` of the manifest.

    Parameters
    ----------
    sizes : TamperingParams
    root : Path
        An empty folder, for the images.
    seen : set of str
        Covers of training images.
    scanning : ScanParams
    workers : int
        Processes.
    """
    build(root / "fresh_submission_2025", sizes, workers=workers)
    rows = usable(of_forgery(scan(root, scanning, sizes.seed, workers=workers)[0]))[ROWS]
    return rows[~rows["cover_id"].isin(seen)].assign(split="test", variant=0).reset_index(drop=True)


def searched(
    rows: pd.DataFrame, root: Path, network: dict[str, np.ndarray], params: ForgeryParams, store: Store
) -> Examples:
    """Suspicions of these images with one network.

    Parameters
    ----------
    rows : DataFrame
        That `fresh` gave.
    root, network, params, store
        As for the stages.
    """
    return examine_all(rows, root, (network,) * 3, params, store)[0]


def bench(
    models: Mapping[str, Verifier], val: Examples, val_root: Path, test: Examples, root: Path, target_fpr: float,
    *, workers: int, others: Mapping[str, tuple[Verifier, Examples]] | None = None,
) -> Bench:  # fmt: skip
    """Measure each method at the threshold that `target_fpr` of the authentic validation images exceed.

    Detectors have their own threshold, which was set for that rate out of fold.

    Parameters
    ----------
    models : mapping
        `base`, `detector` and `control`.
    val, test : Examples
    val_root, root : Path
        What their paths start from.
    target_fpr : float
    workers : int
        Processes.
    others : mapping, optional
        Further detectors by name, each with the suspicions of the same images that its network leads to.
    """
    ours = predictions(models, test, root)
    found = {"Starlight": measure(ours, "detector")}
    for name, (verifier, data) in (others or {}).items():
        found[name] = measure(predictions({"detector": verifier}, data, root), "detector")
    chosen = val.rows[(val.rows["label"] == 0) & (val.rows["variant"] == 0)]
    for name in PEERS:
        jobs = [delayed(_judged)(name, val_root, row, 0.0) for row in chosen.to_dict("records")]
        threshold = threshold_at([score for score, *_ in Parallel(workers, batch_size=8)(jobs)], target_fpr)
        jobs = [delayed(_judged)(name, root, row, threshold) for row in test.rows.to_dict("records")]
        columns = ["m_score", "m_flagged", "m_tp", "m_fp", "m_fn", "m_tn", "m_of1"]
        said = pd.DataFrame(Parallel(workers, batch_size=8)(jobs), columns=columns, index=test.rows.index)
        found[name] = measure(test.rows.assign(is_twin=ours["is_twin"]).join(said), "m")
    return Bench(found, before_after(ours))


def _judged(name: str, root: Path, row: Mapping, threshold: float) -> tuple:
    cv2.setNumThreads(1)
    pixels = read(root / row["path"]).pixels
    score, mask = PEERS[name](np.ascontiguousarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3))))
    flagged = score >= threshold
    marked = mask if flagged else np.zeros_like(mask)
    truth = read_regions(root / row["mask"]) if row["mask"] else np.zeros((1, *mask.shape), bool)
    of1 = object_f1(marked, truth if len(truth) > 1 else truth[0])
    return score, int(flagged), *mask_counts(marked, truth.any(axis=0)), of1


def report(found: Bench, target_fpr: float, title: str) -> str:
    """The comparison as Markdown.

    Parameters
    ----------
    found : Bench
    target_fpr : float
        False-positive rate that every method was set to.
    title : str

    Returns
    -------
    str
    """
    first = next(iter(found.methods.values()))
    header = ["Method", "FPR", "Recall", "Precision", "FPR of look-alikes", "Copy-move", "Splice", "Erasing",
              "Mask F1 where found", "oF1", "AUC"]  # fmt: skip
    kinds = [
        [code(kind), share(part, "detection"), counts(part["k"], part["n"])] for kind, part in first["kinds"].items()
    ]
    kinds += [
        [code(name), share(part, "fpr"), counts(part["k"], part["n"])] for name, part in first["negatives"].items()
    ]
    return "\n\n".join([
        "# Tampered images: the detector beside its peers",
        f"On {first['n']:,} images of {first['covers']:,} covers, {title}; {first['fpr_n']:,} of them are authentic. "
        f"A detector has the threshold that was set for it, out of fold, at {percent(target_fpr, 1)} of authentic "
        "images; a peer the one that as many of the authentic validation images exceed. Intervals are "
        "Clopper-Pearson's, 95 %.",
        table(header, [_row(name, part) for name, part in found.methods.items()], "l" + "r" * 10),
        "## Before and after mining, on the same images",
        paired_table(found.mining),
        "## The detector by kind of forgery and by look-alike",
        table(["Images", "Flagged", "Of"], kinds, "lrr"),
    ]) + "\n"  # fmt: skip


def _row(name: str, part: Mapping) -> list[str]:
    rates = [share(part, key, f"{key}_") for key in ("fpr", "recall", "precision")]
    families = [percent(part["families"].get(f, {}).get("detection", np.nan), 1) for f in _FAMILIES]
    return [name, *rates, percent(part["lookalike"]["fpr"], 1), *families, number(part["mask"]["f1"], 3),
            number(part["of1"]["all"], 3), number(part["auc"], 3)]  # fmt: skip
