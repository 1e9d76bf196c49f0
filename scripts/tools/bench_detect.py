"""Starlight beside peers on one test set: writes reports/bench/detect.csv and detect.md, and prints the latter.

The test set is made from a folder of photographs, else it is the pipeline's test split. The peers are in
requirements-bench.lock.
"""

import argparse
import os
import tempfile
import warnings
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # figures are for one core; read when the libraries load

from starlight.detector.detector import Detector  # noqa: E402
from starlight.lab.peers import compare  # noqa: E402
from starlight.lab.peers.peers import sealwatch  # noqa: E402
from starlight.params import run_stage, section  # noqa: E402
from starlight.sample.build import SampleParams  # noqa: E402


def main(raw: dict) -> None:
    standard = compare.Plan()
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, help="folder of photographs that no detector was trained on")
    arguments.add_argument("--images", type=int, default=standard.images, help="covers of a test set made here")
    arguments.add_argument("--stego", type=int, default=standard.stego, help="stego images of each technique in it")
    arguments.add_argument("--train", type=int, default=standard.train, help="most training images of an ensemble")
    arguments.add_argument("--seed", type=int, default=standard.seed, help="of a test set made here")
    arguments.add_argument("--workers", type=int, default=1, help="processes")
    programs = "photographs that each program of this machine which hides data is given"
    arguments.add_argument("--programs", type=int, default=standard.programs, help=programs)
    arguments.add_argument("--model", help="weights (default: as for `starlight detect`)")
    arguments.add_argument("--out", type=Path, default=Path("reports/bench"))
    options = arguments.parse_args()
    plan = compare.Plan(
        options.images, options.stego, options.train, options.seed, options.workers, options.programs
    )  # fmt: skip
    sealwatch()  # before the work begins: if it is missing, this says so
    detector = Detector.load(options.model)
    with tempfile.TemporaryDirectory(prefix="starlight-detect-") as scratch:
        test, training = compare.image_sets(
            plan, section(raw, "sample", SampleParams), Path(scratch), manifest=Path("artifacts/manifest.csv"),
            datasets=Path("datasets"), covers=options.covers,
        )  # fmt: skip
        peers = compare.peers(detector, training, plan)
        scored = compare.score(test.table, peers, workers=plan.workers)
    which = f"{detector.description.split(' (')[0]}, data hash `{detector.predictor.meta.get('data_hash', 'unknown')}`"
    origins = (f"Test set: {test.origin}: {test.composition}.",
               f"Training images of the ensembles: {training.origin}.",
               f"Starlight: {which}.")  # fmt: skip
    print(compare.write(options.out, scored, peers, origins))


if __name__ == "__main__":
    warnings.filterwarnings("ignore", category=RuntimeWarning)  # of the peers, on flat and tiny images
    run_stage(main)
