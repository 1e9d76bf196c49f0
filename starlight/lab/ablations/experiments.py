"""Ablations as DVC experiments: queue them, and read what those that have run measured."""

from __future__ import annotations

import io
import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from starlight.errors import StarlightError
from starlight.lab.ablations.ablations import Variation, rows
from starlight.lab.ablations.ladder import RUNGS, rung_rows

__all__ = ["beside", "climbed", "collect", "queue", "run"]

_LAST = "evaluate"  # the stage that the table is read from; no report is made of an experiment


def queue(variations: Sequence[Variation], shared: Sequence[str]) -> None:
    """Queue one experiment for each variation, in place of one of the same name.

    Parameters
    ----------
    variations : sequence of Variation
    shared : sequence of str
        `key=value` that all of them set besides.

    Raises
    ------
    StarlightError
        DVC refused; it has said why.
    """
    old = set(_references()) & {v.experiment for v in variations}
    if old:
        _dvc("remove", *sorted(old))
    for variation in variations:  # without --force, which would run every stage again, from the sample on
        own = [f"{k}={json.dumps(v)}" for k, v in variation.overrides.items()]
        words = [f"--set-param={one}" for one in [*own, *shared]]
        _dvc("run", "--queue", "--name", variation.experiment, *words, _LAST)


def _dvc(*words: str) -> None:
    if subprocess.run(["dvc", "exp", *words]).returncode:
        raise StarlightError(f"dvc exp {words[0]} was refused, for the reason that stands above")


def run(jobs: int) -> None:
    """Run what is queued, some experiments at a time with a share of the cores each."""
    threads = max(1, (os.cpu_count() or 1) // jobs)  # more of them than cores wait for each other most of the time
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    subprocess.run(["dvc", "exp", "run", "--run-all", "--jobs", str(jobs)], env=environment)


def collect(variations: Sequence[Variation]) -> pd.DataFrame:
    """Rows of `reports/ablations.csv` from the experiments that have run; those that have not are named."""
    found, references = [], _references()
    judged = {v.experiment: _table(references, v, "predictions.csv") for v in variations}
    full = {v.overrides["seed"]: judged[v.experiment] for v in variations if v.group == "full"}
    for variation in variations:
        metrics = _file(references, variation, "metrics.json")
        if metrics:
            same_seed = full.get(variation.overrides["seed"])
            commit = references[variation.experiment].commit
            effect = _table(references, variation, "finetune/before_after.csv")
            found += [{**row, "commit": commit} for row in rows(
                variation, json.loads(metrics), judged[variation.experiment], same_seed, effect
            )]  # fmt: skip
        else:
            print(f"{variation.experiment}: no metrics, left out of the table")
    return pd.DataFrame(found)


def climbed(variations: Sequence[Variation]) -> pd.DataFrame:
    """Rows of `reports/ladder.csv` from the experiments of the ladder that have run; those that have not are named."""
    found, references = [], _references()
    judged = {v.experiment: _table(references, v, "predictions.csv") for v in variations}
    first = {v.overrides["seed"]: judged[v.experiment] for v in variations if v.name == RUNGS[0]}
    for variation in variations:
        own, reference = judged[variation.experiment], first.get(variation.overrides["seed"])
        if own is None or reference is None:
            print(f"{variation.experiment}: no predictions, left out of the ladder")
            continue
        commit = references[variation.experiment].commit
        found += [{**row, "commit": commit} for row in rung_rows(variation, own, reference)]
    return pd.DataFrame(found).sort_values(["rung", "seed"], key=_by_rung) if found else pd.DataFrame()


def beside(table: pd.DataFrame, path: Path, key: Sequence[str]) -> pd.DataFrame:
    """A table with what an earlier one says of other experiments.

    Parameters
    ----------
    table : DataFrame
        Rows of experiments that have run now.
    path : Path
        The earlier table; there may be none.
    key : sequence of str
        Columns that tell experiments apart.

    Returns
    -------
    DataFrame
        Rungs in their order, where there are any; else the new rows first.
    """
    if not path.exists():
        return table
    both = pd.concat([table, pd.read_csv(path)], ignore_index=True).drop_duplicates(key)
    return both.sort_values(list(key), key=_by_rung) if "rung" in key else both


def _by_rung(column: pd.Series) -> pd.Series:
    return column.map(RUNGS.index) if column.name == "rung" else column


class _Reference(NamedTuple):
    """Git's name of an experiment that has run, and the commit that it varies, such as `gd7beb0b`.

    The letter, git's own in `describe`, keeps a table from reading a hash as a number.
    """

    name: str
    commit: str


def _table(references: dict[str, _Reference], variation: Variation, name: str) -> pd.DataFrame | None:
    text = _file(references, variation, name)
    return pd.read_csv(io.StringIO(text)) if text else None


def _file(references: dict[str, _Reference], variation: Variation, name: str) -> str:
    """A report of an experiment; empty if it has not run."""
    place = references.get(variation.experiment)
    return _git("show", f"{place.name}:reports/{name}") if place else ""


def _references() -> dict[str, _Reference]:
    """Experiments that have run, by name: DVC keeps them as `refs/exps/<commit, cut in two>/<name>`."""
    found = {}
    for ref in _git("for-each-ref", "--format=%(refname)", "refs/exps").split():
        *_, first, rest, name = ref.split("/")
        found[name] = _Reference(ref, f"g{(first + rest)[:7]}")
    return found


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True).stdout
