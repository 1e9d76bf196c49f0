"""Queue the ablations as `dvc exp run` experiments, run them, and collect reports/ablations.csv and ladder.csv."""

import argparse
import json
from pathlib import Path

from starlight.errors import StarlightError
from starlight.lab.ablations.ablations import SEEDS, summary, variations
from starlight.lab.ablations.experiments import beside, climbed, collect, queue, run
from starlight.lab.ablations.ladder import ladder
from starlight.params import run_stage

REPORTS = Path("reports")


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--jobs", type=int, default=2, help="experiments at a time")
    arguments.add_argument("--collect-only", action="store_true", help="read experiments that have run")
    groups = "full, reading, streams, mask, unseen, ratio, hard, without, ladder (default: all)"
    arguments.add_argument("--groups", nargs="*", help=groups)
    arguments.add_argument(
        "--seeds", type=int, nargs="*", default=SEEDS, help="of the trainings, the first of every experiment"
    )
    arguments.add_argument("-S", dest="shared", action="append", default=[], help="a parameter for all of them")
    arguments.add_argument("--add", action="store_true", help="keep what the tables say of other experiments")
    options = arguments.parse_args()
    categories = sorted(json.loads((REPORTS / "dataset.json").read_text())["negatives"])
    chosen, rungs = (
        [v for v in every if not options.groups or v.group in options.groups]
        for every in (variations(categories, options.seeds), ladder(options.seeds))
    )
    if not options.collect_only:
        queue([*chosen, *rungs], options.shared)
        run(options.jobs)
    if not (climb := climbed(rungs)).empty:
        if options.add:
            climb = beside(climb, REPORTS / "ladder.csv", ["rung", "seed"])
        climb.to_csv(REPORTS / "ladder.csv", index=False, lineterminator="\n")
        print(f"{len(climb)} rows from {len(rungs)} experiments in reports/ladder.csv")
    if not chosen:
        return
    if (table := collect(chosen)).empty:
        raise StarlightError("reports/ablations.csv: left as it is, no experiment of these has run")
    if options.add:  # an experiment of another commit is another, told beside its own full detector
        table = beside(table, REPORTS / "ablations.csv", ["group", "experiment", "seed", "commit"])
    for name, frame in (("ablations", table), ("ablations_summary", summary(table))):
        frame.to_csv(REPORTS / f"{name}.csv", index=False, lineterminator="\n")
    print(f"{len(table)} rows from {len(chosen)} experiments in reports/ablations.csv")


if __name__ == "__main__":
    run_stage(main)
