"""False alarms of the released detector on thousands of clean images that it never saw, by source."""

import argparse
import tempfile
from pathlib import Path

from starlight.evidence import count, make, to_markdown
from starlight.params import run_stage
from starlight.release import EVIDENCE, FOLDER, WEIGHTS, write_card


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, help="folder of clean photographs to count as well")
    arguments.add_argument("--images", type=int, default=20_000, help="clean images to make")
    arguments.add_argument("--seed", type=int, default=990_004, help="of the images, other than in training")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        table = count(FOLDER / WEIGHTS, make(Path(folder), options.images, options.seed, options.covers))
    for path in (FOLDER / EVIDENCE, Path("reports/evidence.csv")):
        path.parent.mkdir(parents=True, exist_ok=True)
        table.to_csv(path, index=False, lineterminator="\n")
    write_card(FOLDER)
    print(to_markdown(table))


if __name__ == "__main__":
    run_stage(main)
