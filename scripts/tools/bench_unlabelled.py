"""How well errors are estimated without labels: writes reports/bench/unlabelled.csv, and prints it.

Covers are lossless clean images of the built-in submission, train split to learn by and test split to judge, and the
photographs in --covers as foreign sources; of each the middle is taken, and written as PNG.
"""

import argparse
import os
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries load

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402

from starlight import manifest  # noqa: E402
from starlight.detector.detector import Detector, read_file  # noqa: E402
from starlight.lab.unlabelled.inconsistency import Plan, compare  # noqa: E402
from starlight.params import run_stage  # noqa: E402

SIDE = 192  # pixels of the middle that is taken


def middles(paths: list[Path], count: int, seed: int) -> list[np.ndarray]:
    """Middles of images that are large enough, in an order by the seed."""
    found: list[np.ndarray] = []
    for at in np.random.default_rng(seed).permutation(len(paths)):
        if len(found) == count:
            break
        pixels = read_file(str(paths[at])).pixels
        y, x = ((n - SIDE) // 2 for n in pixels.shape[:2])
        if min(y, x) >= 0 and pixels.shape[2] == 3:
            found.append(np.ascontiguousarray(pixels[y : y + SIDE, x : x + SIDE]))
    return found


def main(_: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, nargs="*", default=[], help="folders of photographs, each a source")
    arguments.add_argument("--train", type=int, default=200, help="pictures that the second classifier learns by")
    arguments.add_argument("--images", type=int, default=200, help="most pictures of a pool")
    arguments.add_argument("--seed", type=int, default=5, help="of the choice of pictures")
    options = arguments.parse_args()
    rows = manifest.read(Path("artifacts/manifest.csv"))
    rows = rows[(rows.kind == "clean") & (rows.status == "ok") & rows.format.isin(["png", "bmp"])]
    clean = {split: [Path("datasets") / path for path in rows.path[rows.split == split]] for split in ("train", "test")}
    sources = {"test split": clean["test"]} | {f.name: sorted(p for p in f.iterdir()) for f in options.covers}
    train = middles(clean["train"], options.train, options.seed)
    pools = {name: middles(paths, options.images, options.seed) for name, paths in sources.items()}
    plans = [Plan(technique, 0.4, (0.4, 0.1)) for technique in ("lsbr", "lsbm")]
    detector = Detector.load()
    table = pd.concat([compare(detector, train, pools, plan) for plan in plans])
    table.to_csv("reports/bench/unlabelled.csv", index=False, lineterminator="\n")
    print(f"second classifier trained on {len(train)} pictures\n\n{table.to_markdown(index=False)}")


if __name__ == "__main__":
    run_stage(main)
