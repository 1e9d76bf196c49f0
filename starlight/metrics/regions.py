"""How well a predicted mask says where an image was tampered with: by pixels, and by regions.

oF1 is the measure by which scientific image forgery detection was ranked in public competition (Recod.ai/LUC, 2025):
each true region is matched with one predicted region, so that one found well does not hide another that was missed.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import ndimage
from scipy.optimize import linear_sum_assignment

from starlight.metrics.maps import map_measures

__all__ = ["mask_counts", "mask_measures", "object_f1", "regions"]

_NEIGHBOURS = np.ones((3, 3), int)  # pixels that touch at a corner belong together


def mask_counts(predicted: np.ndarray, truth: np.ndarray) -> tuple[int, int, int, int]:
    """Pixels found, falsely marked, missed, and rightly left alone.

    Parameters
    ----------
    predicted, truth : bool (h, w)

    Raises
    ------
    ValueError
        The two differ in shape.
    """
    predicted, truth = np.asarray(predicted, bool), np.asarray(truth, bool)
    if predicted.shape != truth.shape:
        raise ValueError(f"a mask of {predicted.shape} cannot be measured against one of {truth.shape}")
    tp = int(np.count_nonzero(predicted & truth))
    fp, fn = int(np.count_nonzero(predicted)) - tp, int(np.count_nonzero(truth)) - tp
    return tp, fp, fn, truth.size - tp - fp - fn


def mask_measures(tp: float, fp: float, fn: float, tn: float) -> dict[str, float]:
    """`map_measures` of pixels, and `iou`, the share of intersection in union; NaN where undefined.

    Parameters
    ----------
    tp, fp, fn, tn : float
        Pixels.

    Returns
    -------
    dict

    Examples
    --------
    >>> mask_measures(50, 50, 0, 900)["iou"]
    0.5
    """
    union = tp + fp + fn
    return map_measures(tp, fp, fn, tn) | {"iou": tp / union if union else math.nan}


def regions(mask: np.ndarray) -> np.ndarray:
    """Connected parts of a mask, one plane each.

    Parameters
    ----------
    mask : bool (h, w), or (n, h, w)
        Planes are regions already; empty ones are left out.

    Returns
    -------
    bool (n, h, w)
        In the order of their first pixels.
    """
    mask = np.asarray(mask, bool)
    if mask.ndim == 3:
        return mask[mask.any(axis=(1, 2))]
    labels, count = ndimage.label(mask, _NEIGHBOURS)
    return labels[None] == np.arange(1, count + 1)[:, None, None]


def object_f1(predicted: np.ndarray, truth: np.ndarray) -> float:
    """oF1 of one image.

    Regions are matched one to one so that the sum of their F1 is largest (Kuhn, "The Hungarian Method for the
    Assignment Problem", Naval Research Logistics Quarterly 2, 1955). The mean F1 over the true regions is taken times
    `n_true / max(n_predicted, n_true)`, so that regions that are not there cost. Of an authentic image it is 1 where
    nothing is predicted, and 0 otherwise.

    Parameters
    ----------
    predicted, truth : bool (h, w), or (n, h, w) with a plane for each region
        A plane alone is cut into its connected parts.

    Returns
    -------
    float
        0 to 1.

    Examples
    --------
    >>> truth = np.zeros((4, 4), bool)
    >>> truth[0, :2] = truth[3, :2] = True
    >>> found = np.zeros((4, 4), bool)
    >>> found[0, :2] = True
    >>> object_f1(found, truth)
    0.5
    """
    guessed, real = regions(predicted), regions(truth)
    if not len(real):
        return float(len(guessed) == 0)
    if not len(guessed):
        return 0.0
    table = _f1_table(guessed, real)
    rows, columns = linear_sum_assignment(table, maximize=True)
    mean = float(table[rows, columns].sum()) / len(real)
    return mean * len(real) / max(len(guessed), len(real))


def _f1_table(guessed: np.ndarray, real: np.ndarray) -> np.ndarray:
    """F1 of each predicted region (rows) against each true one."""
    flat = [planes.reshape(len(planes), -1).astype(np.float32) for planes in (guessed, real)]
    both = flat[0].astype(np.float64) @ flat[1].T.astype(np.float64)
    return 2 * both / (flat[0].sum(axis=1, dtype=np.float64)[:, None] + flat[1].sum(axis=1, dtype=np.float64))
