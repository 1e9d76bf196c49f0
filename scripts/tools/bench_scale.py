"""How scanning and extracting grow with the number of images, on small generated ones.

Writes `reports/bench/scale.csv`. Needs about 0.07 MB of disk for an image, under the system's temporary folder.
"""

import argparse
import csv
import tempfile
from pathlib import Path

from tabulate import tabulate

from starlight.lab.speed.scale import FIELDS, LEAST, measure
from starlight.params import run_stage

OUT = Path("reports/bench/scale.csv")


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("images", type=int, nargs="?", default=2000, help="such as 100000")
    count = arguments.parse_args().images
    if count < LEAST:
        arguments.error(f"images: {count} is too few, {LEAST} or more have stego images and their covers")
    with tempfile.TemporaryDirectory(prefix="starlight-scale-") as folder:
        rows = measure(Path(folder), count, raw)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(tabulate(rows, headers="keys"))


if __name__ == "__main__":
    run_stage(main)
