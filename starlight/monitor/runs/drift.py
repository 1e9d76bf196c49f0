"""How far the make-up of one set of images is from another's, and how far chance alone takes it.

The population stability index is the symmetrised Kullback-Leibler divergence of two binned distributions (Siddiqi,
"Credit Risk Scorecards", 2006). Under equal distributions PSI / (1/n + 1/m) follows a chi-square law with one degree of
freedom less than there are bins (Yurdakul and Naranjo, Journal of Risk Model Validation 14, 2020).
"""

import math

import numpy as np
import pandas as pd
from scipy.stats import chi2

__all__ = ["drift", "psi", "psi_noise", "with_errors"]

PIXEL_EDGES = (64**2, 128**2, 256**2, 512**2, 1024**2, 2048**2)
DENSITY_EDGES = (0.1, 0.25, 0.5, 1.0, 2.0, 4.0)  # bytes per pixel
_CHANCE = 0.999


def psi(counts, reference) -> float:
    """Population stability index of two histograms over the same bins.

    Parameters
    ----------
    counts, reference : array-like of int, shape (bins,)
        Half an image is added to each bin, so that an empty one stays finite.

    Returns
    -------
    float
        0 for equal shares; NaN where one side is empty.
    """
    counts, reference = np.asarray(counts, dtype=float), np.asarray(reference, dtype=float)
    if counts.sum() == 0 or reference.sum() == 0:
        return math.nan
    p = (counts + 0.5) / (counts + 0.5).sum()
    q = (reference + 0.5) / (reference + 0.5).sum()
    return float(((p - q) * np.log(p / q)).sum())


def psi_noise(n: int, m: int, bins: int) -> float:
    """What the population stability index stays under by chance alone, in 999 of 1000 cases.

    Parameters
    ----------
    n, m : int
        Independent images on either side.
    bins : int

    Returns
    -------
    float
        NaN where a side has no images.
    """
    if n == 0 or m == 0:
        return math.nan
    return float(chi2.ppf(_CHANCE, bins - 1) * (1 / n + 1 / m)) if bins > 1 else 0.0


def _pixels(rows: pd.DataFrame) -> pd.Series:
    return rows.width.astype(float) * rows.height.astype(float)


def _density(rows: pd.DataFrame) -> pd.Series:
    """Bytes per pixel, of those images whose bytes are known."""
    return (rows.bytes.astype(float) / _pixels(rows)).dropna() if "bytes" in rows else pd.Series(dtype=float)


def _binned(values: pd.Series, edges) -> pd.Series:
    return pd.Series(np.digitize(values, edges), index=values.index)


# Each view of a set: which rows, and what of them is counted. Content is compared on authentic images, so that more or
# less stego is not mistaken for other cameras.
_VIEWS = {
    "format": lambda rows: rows.format[rows.label == 0],
    "mode": lambda rows: rows["mode"][rows.label == 0],
    "size": lambda rows: _binned(_pixels(rows[rows.label == 0]), PIXEL_EDGES),
    "density": lambda rows: _binned(_density(rows[rows.label == 0]), DENSITY_EDGES),
    "category": lambda rows: rows.category[rows.kind == "negative"],
    "technique": lambda rows: rows.technique[rows.kind == "stego"],
}


def with_errors(rows: pd.DataFrame, predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """Rows with `wrong`, whether a model's verdict on them is; those that it did not judge are left out."""
    judged = predictions.drop_duplicates("path").set_index("path")
    wrong = judged[f"{model}_flagged"].astype(int) != judged["label"].astype(int)
    rows = rows[rows["path"].isin(judged.index)]
    return rows.assign(wrong=rows["path"].map(wrong).astype(bool))


def drift(rows: pd.DataFrame, reference: pd.DataFrame) -> dict[str, dict[str, float]]:
    """Drift of a set of images against a reference.

    Parameters
    ----------
    rows, reference : DataFrame
        Columns of the manifest: `kind`, `category`, `technique`, `label`, `format`, `mode`, `width`, `height`,
        `cover_id`, and `bytes` where known; `wrong` of `rows` where it is known, see `with_errors`.

    Returns
    -------
    dict
        For each view that both sides have: `psi`, `noise` (what chance may do, counted in covers, since images of one
        cover are no independent evidence), `n`, `reference_n`. With `wrong`, also what the drift does to the verdicts:
        `more_wrong` of the `more_n` images of sorts that are more frequent than in the reference, and `less_wrong` of
        the `less_n` others.
    """
    found = {}
    for name, view in _VIEWS.items():
        own, other = view(rows), view(reference)
        if own.empty or other.empty:
            continue
        bins = sorted(set(own) | set(other))
        covers = rows.cover_id[own.index].nunique(), reference.cover_id[other.index].nunique()
        value = psi(own.value_counts().reindex(bins, fill_value=0), other.value_counts().reindex(bins, fill_value=0))
        found[name] = {
            "psi": value,
            "noise": psi_noise(*covers, len(bins)),
            "n": len(own),
            "reference_n": len(other),
        }
        if "wrong" in rows:
            found[name] |= _harm(own, other, rows.wrong[own.index])
    return found


def _harm(own: pd.Series, other: pd.Series, wrong: pd.Series) -> dict[str, int]:
    """Wrong verdicts among the sorts of images that are more frequent than in the reference, and among the others."""
    change = own.value_counts(normalize=True).sub(other.value_counts(normalize=True), fill_value=0)
    more = own.isin(change.index[change > 0])
    return {
        "more_wrong": int(wrong[more].sum()), "more_n": int(more.sum()),
        "less_wrong": int(wrong[~more].sum()), "less_n": int((~more).sum()),
    }  # fmt: skip
