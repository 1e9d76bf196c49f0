"""Whether the files of a run are of one evaluation: a page made of two looks right and is wrong."""

from pathlib import Path

import pandas as pd

from starlight.errors import StarlightError
from starlight.manifest import STEGO_KINDS

__all__ = ["check_together"]


def check_together(predictions: pd.DataFrame, manifest: pd.DataFrame, path: Path) -> None:
    """Raise StarlightError, naming the file of predictions, where it does not tell of each test image once.

    Parameters
    ----------
    predictions, manifest : DataFrame
        Columns as in `reports/predictions.csv` and in the manifest.
    path : Path
        Of the predictions.
    """
    twice = predictions.path[predictions.path.duplicated()]
    if len(twice):
        raise StarlightError(f"{path}: {len(twice)} images stand in it more than once, such as {twice.iloc[0]!r}")
    test = manifest[(manifest.status == "ok") & (manifest.split == "test") & manifest.kind.isin(STEGO_KINDS)]
    odd = set(predictions.sample_id) ^ set(test.sample_id)
    if odd:
        raise StarlightError(f"{path}: it and the manifest's test split differ by {len(odd)} images; evaluate again")
