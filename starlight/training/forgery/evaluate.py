"""Detectors of tampered images on the same test images: a row each, figures, and the worst errors to look at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.forgery.verifier import Verifier
from starlight.images.image import read
from starlight.metrics import mask_counts, object_f1
from starlight.metrics.before_after import compared
from starlight.metrics.tampering import AREAS, area_group, measure, over_seeds
from starlight.scan.masks import read_mask, read_regions
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.learn import image_scores
from starlight.training.forgery.stages import marked

__all__ = ["before_after", "hardest", "measured", "predictions", "views"]

_IDENTITY = ["sample_id", "path", "submission", "kind", "category", "label", "cover_id", "source", "area", "is_twin"]


def predictions(models: Mapping[str, Verifier], data: Examples, root: Path) -> pd.DataFrame:
    """A row for each image: what it is, and what each model says of it and of its pixels.

    Parameters
    ----------
    models : mapping
    data : Examples
        Of the test split.
    root : Path
        What paths of masks start from.
    """
    table = data.rows.assign(is_twin=data.rows["sample_id"].isin(set(data.rows["twin_id"])))[_IDENTITY].copy()
    truths = [read_regions(root / mask) if mask else None for mask in data.rows["mask"]]
    for name, verifier in models.items():
        scores = image_scores(verifier, data)
        table[f"{name}_score"] = scores.round(6)
        table[f"{name}_flagged"] = (scores >= verifier.threshold).astype(int)
        counts = []
        for i, truth in enumerate(truths):
            found = marked(verifier, data, i)
            real = np.zeros_like(found)[None] if truth is None else truth
            of1 = object_f1(found, real if len(real) > 1 else real[0])
            counts.append((*mask_counts(found, real.any(axis=0)), round(of1, 6)))
        table[[f"{name}_{part}" for part in ("tp", "fp", "fn", "tn", "of1")]] = counts
    return table


def before_after(table: pd.DataFrame, names: tuple[str, ...] = ("base", "detector", "control")) -> pd.DataFrame:
    """Base, mined and random fine-tuning on the same images, at their thresholds and at probability 0.5."""
    forged = table["label"] == 1
    groups = {"all": forged.notna(), "authentic": ~forged, "lookalikes": ~forged & (table["category"] != ""),
              "forged": forged}  # fmt: skip
    groups |= {f"negative:{c}": ~forged & (table["category"] == c)
               for c in sorted(set(table.loc[~forged, "category"]) - {""})}  # fmt: skip
    groups |= {f"kind:{c}": forged & (table["category"] == c) for c in sorted(set(table.loc[forged, "category"]))}
    groups |= {f"area:{a}": forged & (table["area"].map(area_group) == a) for a, _ in AREAS}
    half = table.assign(**{f"{n}_flagged": table[f"{n}_score"] >= 0.5 for n in names})
    both = [compared(t, groups, names).assign(judged=at) for t, at in ((table, "threshold"), (half, "0.5"))]
    return pd.concat([both[0], both[1][both[1]["base_fpr"].isna()]], ignore_index=True)


def measured(table: pd.DataFrame, names: Sequence[str], others: pd.DataFrame | None) -> dict:
    """Every measure of each model.

    Parameters
    ----------
    table : DataFrame
        Predictions.
    names : sequence of str
        Models, prefixes of its columns.
    others : DataFrame or None
        Predictions of further seeds; columns begin with `<model>_<seed>`.

    Returns
    -------
    dict
        Model to its measures; `seeds` holds those over seeds, of the models that have them.
    """
    found: dict = {name: measure(table, name) for name in names}
    columns = [] if others is None else [c.removesuffix("_score") for c in others if c.endswith("_score")]
    seeds = {}
    for name in names:
        again = [measure(others, one) for one in columns if one.rsplit("_", 1)[0] == name]
        if again:
            seeds[name] = over_seeds([found[name], *again])
    return found | {"seeds": seeds}


def hardest(table: pd.DataFrame, count: int, name: str = "detector") -> pd.DataFrame:
    """The authentic images that look most tampered with and the forged ones that look least so, half of each.

    Parameters
    ----------
    table : DataFrame
        Predictions.
    count : int
        Images in all.
    name : str
        Model.

    Returns
    -------
    DataFrame
        Rows of the table.
    """
    authentic = table[table["label"] == 0].sort_values([f"{name}_score", "path"], ascending=[False, True])
    forged = table[table["label"] == 1].sort_values([f"{name}_score", "path"])
    return pd.concat([authentic.head(-(-count // 2)), forged.head(count // 2)])


def views(
    verifier: Verifier, data: Examples, chosen: list[int], root: Path
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """What to show of some images.

    Of a forged image the map shows what is true instead: what was missed is what one wants to see.

    Parameters
    ----------
    verifier : Verifier
    data : Examples
    chosen : list of int
        Images.
    root : Path
        Folder that paths start from.

    Returns
    -------
    pixels : list of ndarray, shape (h, w, 3), uint8
    maps : list of ndarray, shape (h, w), in [0, 1]
        How likely each pixel was tampered with.
    """
    pixels, shades = [], []
    for image in chosen:
        row = data.rows.iloc[image]
        shown = read(root / row["path"]).pixels
        pixels.append(np.broadcast_to(shown, (*shown.shape[:2], 3)))
        shade = np.zeros(shown.shape[:2], np.float32)
        if row["mask"]:
            shade = read_mask(root / row["mask"]).astype(np.float32)
        else:
            at = data.of(image)
            for i, p in zip(at, verifier.probability(data.table[at]), strict=True):
                shade = np.maximum(shade, data.mask(i) * np.float32(p))
        shades.append(shade)
    return pixels, shades
