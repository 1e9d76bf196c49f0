"""Detection by the size of the picture, on parts of your photographs: `reports/bench/sizes.md` and `sizes.csv`."""

import argparse
import os
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # one core a process; read when the libraries load

from starlight.detector.detector import Detector  # noqa: E402
from starlight.errors import StarlightError  # noqa: E402
from starlight.lab.sizes.measure import judged, measure  # noqa: E402
from starlight.lab.sizes.pictures import SIZES, Plan  # noqa: E402
from starlight.lab.sizes.report import write  # noqa: E402


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, required=True, help="folder of photographs not trained on")
    sizes = ", ".join(f"{size:g}" for size in SIZES)
    arguments.add_argument(
        "--counts", type=int, nargs=len(SIZES), default=[24, 24, 14, 12, 6], help=f"photographs of {sizes} megapixels"
    )
    arguments.add_argument("--seed", type=int, default=990_010, help="of places, keys and payloads")
    arguments.add_argument("--workers", type=int, default=1, help="processes")
    arguments.add_argument("--model", help="weights (default: as for `starlight detect`)")
    arguments.add_argument("--out", type=Path, default=Path("reports/bench"))
    options = arguments.parse_args()
    try:
        detector = Detector.load(options.model)
        pictures = judged(options.covers, detector, Plan(tuple(options.counts), options.seed, options.workers))
    except StarlightError as error:
        arguments.exit(2, f"{error}\n")
    hashed = detector.predictor.meta.get("data_hash", "unknown")
    origin = (f"{len(pictures):,} pictures made of {pictures['photograph'].nunique()} photographs of a folder named "
              f"`{options.covers.name}`; {detector.description.split(' (')[0]}, data hash `{hashed}`, "
              f"thresholds for an FPR of {100 * detector.predictor.calibration.target_fpr:.3g} %.")  # fmt: skip
    print(write(options.out, measure(pictures, seed=options.seed), pictures, origin))


if __name__ == "__main__":
    main()
