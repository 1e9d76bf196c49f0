"""Benchmark: `python scripts/tools/bench_scale.py [IMAGES]`, such as 100000, on small generated images.

Writes `reports/bench/scale.csv`. Needs about 0.2 MB of disk for an image, under the system's temporary folder.
"""

import csv
import sys
import tempfile
from pathlib import Path

from tabulate import tabulate

from starlight.lab.speed.scale import FIELDS, measure

OUT = Path("reports/bench/scale.csv")


def main(count: int) -> None:
    with tempfile.TemporaryDirectory(prefix="starlight-scale-") as folder:
        rows = measure(Path(folder), count)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(tabulate(rows, headers="keys"))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
