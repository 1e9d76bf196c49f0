"""What the curves of a training run say: when it converged, whether it went wrong."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError

__all__ = ["TrainingRun", "parse_training_logs"]

CONVERGED = 0.05  # within this share of the whole gain in validation loss
LOST = 0.5  # share of the gain in loss that may not be lost again,
MATERIAL = 0.05  # nor this share of the first loss: less goes up and down by chance from epoch to epoch
STALE = 0.25  # share of the epochs, at the end, without a better validation loss


@dataclass(frozen=True)
class TrainingRun:
    """One run: its curves, one row an epoch, and what they say.

    `diverged`: a loss that is not finite, or half of the gain in training loss, and 5 % of the first loss, lost again;
    not where the validation loss ends at its best: then the last batches were merely harder.
    `overfitting`: the same of the validation loss. `plateau`: no better validation loss in the last quarter of them.
    """

    name: str
    curves: pd.DataFrame
    epochs: int
    best_epoch: int | None
    best_val_loss: float
    convergence_epoch: int | None
    diverged: bool
    overfitting: bool
    plateau: bool


def _read(path: Path) -> pd.DataFrame:
    try:
        frame = pd.read_csv(path)
    except (OSError, ValueError) as error:
        raise StarlightError(f"{path}: cannot be read as a training log ({error})") from error
    missing = [c for c in ("epoch", "train_loss") if c not in frame.columns]
    if missing:
        raise StarlightError(f"{path}: no column {', '.join(missing)}")
    try:
        frame = frame.apply(pd.to_numeric)
    except (TypeError, ValueError) as error:
        raise StarlightError(f"{path}: holds something that is no number ({error})") from error
    if not np.isfinite(frame.epoch.astype(float)).all():
        raise StarlightError(f"{path}: column epoch has a cell that is empty or not finite")
    frame.loc[~_trained(frame), "train_loss"] = np.nan
    return frame.groupby("epoch", sort=True, as_index=False).last()


def _trained(frame: pd.DataFrame) -> np.ndarray:
    """Rows of training: one with a learning rate of 0 tells of the model before its first epoch."""
    return (frame.lr != 0).to_numpy() if "lr" in frame else np.ones(len(frame), dtype=bool)


def _broken(curves: pd.DataFrame, train: np.ndarray, val: np.ndarray) -> bool:
    """Whether a loss is no number. An epoch without any validation measure was not validated, which is no fault."""
    others = [name for name in curves if name.startswith("val_") and name != "val_loss"]
    validated = curves[others].notna().any(axis=1) if "val_loss" in curves else np.zeros(len(curves), dtype=bool)
    return bool((~np.isfinite(train[_trained(curves)])).any() or np.isinf(val).any() or np.isnan(val[validated]).any())


def _lost(loss: np.ndarray) -> bool:
    """Half of what was gained up to the best epoch, if there was a gain, is gone at the end, and no trifle."""
    known = loss[np.isfinite(loss)]
    if known.size < 2:
        return False
    gain, lost = known[0] - known.min(), known[-1] - known.min()
    return bool(lost > max(LOST * gain, MATERIAL * abs(known[0])))


def _ends_best(loss: np.ndarray) -> bool:
    known = loss[np.isfinite(loss)]
    return known.size > 1 and bool(known[-1] == known.min())


def _run(path: Path) -> TrainingRun:
    curves = _read(path)
    train = curves.train_loss.to_numpy(float)
    val = curves["val_loss"].to_numpy(float) if "val_loss" in curves else np.full(len(curves), np.nan)
    best = convergence = None
    finite = np.isfinite(val)
    if finite.any():
        at = int(np.nanargmin(np.where(finite, val, np.nan)))
        first = val[finite][0]
        near = np.flatnonzero(finite & (val <= val[at] + CONVERGED * (first - val[at])))
        best, convergence = int(curves.epoch[at]), int(curves.epoch[near[0]])
    stale = best is not None and (curves.epoch.max() - best) >= max(2, STALE * len(curves))
    return TrainingRun(
        name=path.stem if path.stem != "curves" else path.parent.name,
        curves=curves,
        epochs=int(_trained(curves).sum()),
        best_epoch=best,
        best_val_loss=float(val[finite].min()) if finite.any() else float("nan"),
        convergence_epoch=convergence,
        diverged=_broken(curves, train, val) or (_lost(train) and not _ends_best(val)),
        overfitting=_lost(val),
        plateau=bool(stale),
    )


def parse_training_logs(paths) -> list[TrainingRun]:
    """Read the CSV logs of any runs.

    Parameters
    ----------
    paths : path, or iterable of path
        Logs with the columns `epoch` and `train_loss`, and `lr`, `val_loss`, `val_auc`, `val_detection`, `val_fpr`
        where known; a folder stands for the logs in it. Of several rows of an epoch the last known values count.

    Returns
    -------
    list of TrainingRun
        Sorted by name; empty logs are left out.

    Raises
    ------
    StarlightError
        Where a log cannot be read, naming it.
    """
    paths = [Path(paths)] if isinstance(paths, (str, Path)) else [Path(p) for p in paths]
    files = [f for p in paths for f in (sorted(p.rglob("*.csv")) if p.is_dir() else [p])]
    runs = [_run(file) for file in files]
    return sorted((run for run in runs if run.epochs), key=lambda run: run.name)
