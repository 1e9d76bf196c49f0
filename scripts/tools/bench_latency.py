"""Speed of `starlight detect` on one core: writes reports/bench/latency.json and latency.csv, and prints a table."""

import argparse
import csv
import json
import os
import tempfile
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # figures are for one core; read when the libraries load

from tabulate import tabulate  # noqa: E402

from starlight.detector.detector import Detector  # noqa: E402
from starlight.detector.runtimes import RUNTIMES  # noqa: E402
from starlight.errors import StarlightError  # noqa: E402
from starlight.lab.speed import latency  # noqa: E402


def main(args: argparse.Namespace) -> None:
    options = {"model": args.model, "runtime": args.runtime}
    flags = [part for key, value in options.items() if value for part in (f"--{key}", value)]
    with tempfile.TemporaryDirectory() as folder:
        small = latency.write_images(Path(folder), args.images, 256, "png", seed=0)
        large = latency.write_images(Path(folder), args.images, 512, "jpeg", seed=1)
        report = {
            "machine": latency.machine(),
            "runtime": args.runtime or "torch",
            "first_answer_seconds": latency.first_answer_seconds(small[0], 5, flags),
            "png_256_ms": latency.latency_ms(Detector.load(args.model, runtime=args.runtime), small),
            "jpeg_512_ms": latency.latency_ms(Detector.load(args.model, runtime=args.runtime), large),
            "jpeg_512_images_per_second": {
                f"workers_{n}": latency.images_per_second(large, n, **options) for n in (1, 2)
            },
        }
    text = json.dumps(report, indent=2, sort_keys=True)
    out = Path("reports/bench/latency.json")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text + "\n")
    rows = latency.table(report)
    with out.with_suffix(".csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, latency.FIELDS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(tabulate(rows, headers="keys"))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, default=200, help="images of each kind (default: 200)")
    parser.add_argument("--model", help="weights (default: as for `starlight detect`)")
    parser.add_argument("--runtime", choices=RUNTIMES)
    try:
        main(parser.parse_args())
    except StarlightError as error:
        raise SystemExit(f"bench_latency: {error}") from None
