"""What the last scan of the pipeline's folder did not see, judged now where it can be."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

import pandas as pd

from starlight.errors import StarlightError
from starlight.markdown import whole

__all__ = ["Difference", "Predict", "Since", "judge_news"]

Predict = Callable[..., pd.DataFrame]  # of a folder, a version and, where not all are wanted, the paths of those wanted
_SHOWN = 3


class Difference(Protocol):
    """Paths, from the data sets' folder, of what is there and was not scanned, or was and is not there any more."""

    new: Sequence[str]
    changed: Sequence[str]
    gone: Sequence[str]


Since = Callable[[Path, pd.DataFrame], Difference]


def judge_news(path: Path, version: str, found: Difference, predict: Predict) -> tuple[pd.DataFrame, list[str]]:
    """Predictions on the files that came since the last scan, and lines for people on all that is different.

    Parameters
    ----------
    path : Path
        The folder of submissions.
    version : str
    found : Difference
    predict : callable
        `predict(path, version, only)`, as for `monitor`.

    Returns
    -------
    fresh : DataFrame
        With `split` and `status` as in a manifest; empty where there is nothing new, or nothing that can be judged.
    notes : list of str
    """
    fresh, notes = pd.DataFrame(), []
    if found.new:
        problem = ""
        try:
            fresh = predict(path, version, found.new).assign(split="new", status="ok")
        except StarlightError as error:
            problem = f" ({error})"
        judged = f"{whole(len(fresh))} of them judged and counted with the test split"
        judged = judged if len(fresh) else f"none of them could be judged{problem}"
        notes.append(f"{_files(found.new)} in {path} came since the last scan: {judged}")
    for files, what in ((found.changed, "changed"), (found.gone, "vanished")):
        if files:
            notes.append(f"{_files(files)} in {path} {what} since the last scan: the figures tell of what was there")
    return fresh, [f"note: {note}; `dvc repro` brings all up to date" for note in notes]


def _files(paths: Sequence[str]) -> str:
    """Such as `12 files (anna_submission_2026 11, ben_submission_2026 1)`."""
    by = sorted(Counter(path.partition("/")[0] for path in paths).items())
    where = [f"{name} {whole(n)}" for name, n in by[:_SHOWN]] + ["..."] * (len(by) > _SHOWN)
    return f"{whole(len(paths))} file{'s' * (len(paths) != 1)} ({', '.join(where)})"
