"""Make the trained detector of this folder the default of `starlight detect`, if it passes the evidence, or undo that.

It is judged beside the detector that is served now, on the same images. What came of it goes into reports/served.json.
"""

import argparse
import json
import tempfile
from pathlib import Path

from starlight import manifest
from starlight.detector.installed import PROMOTED, find_weights
from starlight.metrics.promise import promise
from starlight.params import run_stage, section
from starlight.release.card import PROMISED, WEIGHTS
from starlight.release.champion import beaten, duel, hidden
from starlight.release.evidence import by_source, judge, make, own
from starlight.release.promote import SERVED, objections, promote, undo
from starlight.sample.build import SampleParams
from starlight.system.atomic import write_text


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of clean files, each a source")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=990_010, help="of those")
    arguments.add_argument("--undo", action="store_true", help="take the last promotion back")
    options = arguments.parse_args()
    told = undo(PROMOTED) if options.undo else tried(raw, options)
    write_text(Path("reports") / SERVED, json.dumps(told, indent=2, sort_keys=True) + "\n")
    print(f"the {told['origin']} detector answers from now on, in this folder; `dvc repro` says so on the dashboard")


def tried(raw: dict, options: argparse.Namespace) -> dict:
    weights, (champion, origin) = Path("models") / WEIGHTS, find_weights()
    measured = json.loads(Path("reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    rows = manifest.read(Path("artifacts/manifest.csv"))
    with tempfile.TemporaryDirectory() as folder:
        made = make(Path(folder), options.images, [options.seed], section(raw, "sample", SampleParams))
        files = [*own(options.covers), *made, *hidden(rows, Path("datasets"))]
        pair = judge(champion, files), judge(weights, files)
    table, both = by_source(pair[1]), duel(*pair)
    print(table.to_markdown(index=False), both.to_markdown(index=False), promise(table, PROMISED), sep="\n\n")
    why_not = [*objections(table, measured, PROMISED), *beaten(both)]
    return promote(
        weights, PROMOTED, table, why_not, duel=both, champion=champion, origin=origin, target_fpr=PROMISED
    )  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
