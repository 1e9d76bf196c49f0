"""Why a larger picture is not easier: the bias of the calibration on whole photographs, beside its sampling error.

The change rate of F5 is fitted over cells of alike coefficients, in a photograph and in the same with payloads. The
sampling error falls with the size of the picture; what the calibrated version differs by from the true cover does not.
The second estimate lets each cell's distribution be wider or narrower than the calibrated one, which sharpening,
denoising and scaling make it, and asks only for what such a change cannot explain.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from starlight.errors import StarlightError
from starlight.images.jpeg.io import read_coefficients
from starlight.lab.features.sets import Luma
from starlight.metrics import auc
from starlight.sample.covers.photos import folder_photographs, is_jpeg
from starlight.streams.jpeg import estimates, planes, statistics
from starlight.techniques import get

__all__ = ["ESTIMATES", "RATES", "biases", "free_scale_rate", "summary"]

RATES = (0.0, 0.2, 0.4)  # bits per non-zero AC coefficient
ESTIMATES = {"as today": "today", "free scale in each cell": "free"}
_LEAST = 2.5e6  # pixels of a photograph
_BLOCKS = 65_536  # as many rows of blocks as hold these are read, from the middle
_VALUES = 5  # magnitudes 0 to 4 are compared
_FEW = 20  # counts under which a magnitude says nothing
_TOO_FEW = 200  # coefficients under which a cell says nothing


def biases(folder: Path) -> pd.DataFrame:
    """Both estimates on every JPEG photograph of 2.5 megapixels and more, without payload and with F5 at two rates.

    Returns
    -------
    DataFrame
        `photograph`, `rate`, `today`, `free`, and what both are uncertain by: `today_error`, `free_error`.
    """
    rows = []
    for name in folder_photographs(folder):
        try:
            coefficients = read_coefficients(Path(name).read_bytes()) if is_jpeg(name) else None
            if coefficients is None or coefficients.y.size < _LEAST:
                continue
            rows += [_row(str(Path(name).relative_to(folder)), rate, coefficients) for rate in RATES]
        except StarlightError:  # broken, or a kind of JPEG file that is not read
            continue
    return pd.DataFrame(rows)


def _row(name: str, rate: float, coefficients) -> dict:
    y = _middle(Luma(get("f5").embed(coefficients, rate, seed=1)))
    own, calm = (statistics.cell_counts(modes) for modes in (y.modes, planes.calibrated(y.phases, y.table)))
    own, calm = (cells[1:].reshape(-1, cells.shape[2]) for cells in (own, calm))
    calm = calm * (own.sum() / calm.sum())
    today, free = estimates.f5_rate(own, calm), free_scale_rate(own, calm)
    return {"photograph": name, "rate": rate, "today": today[0], "today_error": today[0] / today[1],
            "free": free[0], "free_error": free[1]}  # fmt: skip


def _middle(y: Luma) -> Luma:
    height, width = y.modes.shape[2:]
    rows = min(height, max(3, _BLOCKS // width))
    part = slice((height - rows) // 2, (height - rows) // 2 + rows)
    y.modes, y.phases = np.ascontiguousarray(y.modes[:, :, part]), np.ascontiguousarray(y.phases[:, :, part])
    return y


def free_scale_rate(cells: NDArray, cover: NDArray) -> tuple[float, float]:
    """Share of non-zero coefficients whose magnitude was decreased, whatever the scale of each cell.

    A cell that is wider by a small factor than its calibrated version loses at each boundary of magnitudes what lies
    there in proportion to the boundary; F5 moves a share of each magnitude. The first is projected out, cell by cell.

    Parameters
    ----------
    cells, cover : ndarray, shape (cells, 2 * TOP + 1)
        As for `estimates.f5_rate`.

    Returns
    -------
    rate, error : float
        The rate and its sampling error; NaN where no cell says anything.
    """
    own, calm = (statistics.magnitude_counts(one, statistics.TOP) for one in (cells, cover))
    known = (own.sum(axis=1) > _TOO_FEW) & (own[:, 1] > _FEW) & (calm[:, 1] > _FEW)
    own, calm = own[known], calm[known]
    calm = calm * (own.sum(axis=1) / calm.sum(axis=1))[:, None]
    lost = np.concatenate([np.zeros((len(calm), 1)), calm[:, 1:]], axis=1)  # to the magnitude below
    decreased = np.concatenate([lost[:, 1:], np.zeros((len(calm), 1))], axis=1) - lost
    wider = _widened(calm)
    variance = (own + calm)[:, :_VALUES]
    weight = np.where(variance >= _FEW, 1 / np.sqrt(np.maximum(variance, 1)), 0.0)
    found, change, nuisance = (part[:, :_VALUES] * weight for part in (own - calm, decreased, wider))
    norm = np.maximum((nuisance**2).sum(axis=1), 1e-12)
    change, found = (part - ((part * nuisance).sum(axis=1) / norm)[:, None] * nuisance for part in (change, found))
    information = float((change**2).sum())
    if information <= 0:
        return float("nan"), float("nan")
    return float((change * found).sum()) / information, information**-0.5


def _widened(counts: NDArray) -> NDArray:
    """What each magnitude gains when all magnitudes grow alike: density at a boundary, times the boundary."""
    density = np.sqrt(counts[:, :-1] * counts[:, 1:])
    density[:, 0] *= np.sqrt(2)  # zero is half as wide as the others
    crossing = density * (np.arange(density.shape[1]) + 0.5)
    none = np.zeros((len(counts), 1))
    return np.concatenate([none, crossing], axis=1) - np.concatenate([crossing, none], axis=1)


def summary(found: pd.DataFrame) -> pd.DataFrame:
    """For each estimate: its spread over photographs without payload, its sampling error, and what payloads add.

    Returns
    -------
    DataFrame
        `estimate`, `n`, `spread` (standard deviation), `error` (median), and for each rate `shift_<rate>`, the mean
        difference from the same photograph without, and `auc_<rate>`.
    """
    rows = []
    for title, name in ESTIMATES.items():
        wide = found.pivot(index="photograph", columns="rate", values=name)
        clean = wide[RATES[0]]
        row = {"estimate": title, "n": len(wide), "spread": clean.std(), "error": _median_error(found, name)}
        for rate in RATES[1:]:
            row[f"shift_{rate:g}"] = (wide[rate] - clean).mean()
            row[f"auc_{rate:g}"] = _ranked(clean.to_numpy(), wide[rate].to_numpy())
        rows.append(row)
    return pd.DataFrame(rows)


def _median_error(found: pd.DataFrame, name: str) -> float:
    return float(found.loc[found["rate"] == RATES[0], f"{name}_error"].median())


def _ranked(clean: Sequence[float], stego: Sequence[float]) -> float:
    return float(auc(np.repeat([0, 1], [len(clean), len(stego)]), np.concatenate([clean, stego]))[0])
