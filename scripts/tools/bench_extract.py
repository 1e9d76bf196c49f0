"""Speed of the nine streams: prints a table and writes reports/bench/extract.csv.

Images are photographs made from a seed. Milliseconds are of processor time on one core.
"""

import argparse
import csv
import os
import tempfile
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries load

from tabulate import tabulate  # noqa: E402

from starlight.lab.speed import extract, latency  # noqa: E402

OUT = Path("reports/bench/extract.csv")
KINDS = (("512x512 PNG", 512, "png"), ("512x512 JPEG", 512, "jpeg"), ("256x256 PNG", 256, "png"))


def main(count: int) -> None:
    rows, compared = [], []
    with tempfile.TemporaryDirectory(prefix="starlight-extract-") as folder:
        for seed, (label, side, form) in enumerate(KINDS):
            paths = latency.write_images(Path(folder), count, side, form, seed=seed)
            rows += extract.stream_rows(label, paths)
            rows += extract.rates(label, paths * 4)
            compared += [(label, paths[:5])] if form == "png" else []
        rows.append(extract.machine_rate())
        rows.append(extract.peak_memory_mib("all"))  # before the peer, whose memory is not extraction's
        for label, paths in compared:
            rows += extract.spam(label, paths)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with OUT.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, extract.FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(tabulate(rows, headers="keys", disable_numparse=True))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=16, help="images of each kind (default: 16)")
    main(parser.parse_args().images)
