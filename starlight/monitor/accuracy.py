"""How well each technique is found, and how much that depends on which covers were looked at."""

import pandas as pd

from starlight.metrics import clopper_pearson, grouped_accuracy, view

__all__ = ["breakdown_accuracy"]


def breakdown_accuracy(predictions: pd.DataFrame, model: str, *, folds: int = 5, seed: int = 0) -> pd.DataFrame:
    """Detection at the operating threshold, and cross-validated accuracy, of each technique.

    Parameters
    ----------
    predictions : DataFrame
        Columns as in `reports/predictions.csv`.
    model : str
    folds : int
        No cover is in two folds.
    seed : int

    Returns
    -------
    DataFrame
        Columns `technique`, `n`, `k`, `detection`, `low`, `high` (95 %), `mean` and `spread` of the balanced accuracy
        over `folds`, each with the threshold chosen on the other folds.
    """
    frame = view(predictions, model)
    stego = frame[frame.label == 1]
    rows = []
    for name, flagged in stego.groupby("technique", sort=True).flagged:
        k, n = int(flagged.sum()), len(flagged)
        rows.append((name, k, k / n, *clopper_pearson(k, n)))
    found = pd.DataFrame(rows, columns=["technique", "k", "detection", "low", "high"])
    return found.merge(grouped_accuracy(frame, folds=folds, seed=seed), on="technique", how="left")
