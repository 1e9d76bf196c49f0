"""Queue the ablations as `dvc exp run` experiments, run them, and collect reports/ablations.csv."""

import argparse
import json
import subprocess
from pathlib import Path

import pandas as pd

from starlight.ablations import Variation, rows, summary, variations

REPORTS = Path("reports")


def queue(todo: list[Variation], shared: list[str]) -> None:
    old = [v.experiment for v in todo if git("for-each-ref", reference(v.experiment))]
    if old:
        subprocess.run(["dvc", "exp", "remove", *old], check=True)
    for variation in todo:  # without --force, which would run every stage again, from the sample on
        own = [f"{k}={json.dumps(v)}" for k, v in variation.overrides.items()]
        words = [f"--set-param={one}" for one in own + shared]
        subprocess.run(["dvc", "exp", "run", "--queue", "--name", variation.experiment, *words], check=True)


def collect(done: list[Variation]) -> pd.DataFrame:
    found = []
    for variation in done:
        shown = git("show", f"{reference(variation.experiment)}:reports/metrics.json")
        if shown:
            found += rows(variation, json.loads(shown))
        else:
            print(f"{variation.experiment}: no metrics, left out of the table")
    return pd.DataFrame(found)


def git(*words: str) -> str:
    return subprocess.run(["git", *words], capture_output=True, text=True).stdout


def reference(experiment: str) -> str:
    refs = git("for-each-ref", "--format=%(refname)", "refs/exps").split()
    return next((r for r in refs if r.endswith(f"/{experiment}")), f"refs/exps/{experiment}")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=1, help="experiments at a time")
    arguments.add_argument("--collect-only", action="store_true", help="read experiments that have run")
    arguments.add_argument("--groups", nargs="*", help="full, streams, mask, ratio, hard, without (default: all)")
    arguments.add_argument("-S", dest="shared", action="append", default=[], help="a parameter for all of them")
    options = arguments.parse_args()
    categories = sorted(json.loads((REPORTS / "dataset.json").read_text())["negatives"])
    todo = [v for v in variations(categories) if not options.groups or v.group in options.groups]
    if not options.collect_only:
        queue(todo, options.shared)
        subprocess.run(["dvc", "exp", "run", "--run-all", "--jobs", str(options.jobs)])
    if (table := collect(todo)).empty:
        raise SystemExit("reports/ablations.csv: left as it is, no experiment of these has run")
    for name, frame in (("ablations", table), ("ablations_summary", summary(table))):
        frame.to_csv(REPORTS / f"{name}.csv", index=False, lineterminator="\n")
    print(f"{len(table)} rows from {len(todo)} experiments in reports/ablations.csv")


if __name__ == "__main__":
    main()
