"""Richer statistics of JPEG files, on files of other sources: `reports/bench/features.md` and `features.csv`."""

import argparse
import os
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # one core a process; read when the libraries load

from starlight.detector.installed import find_weights  # noqa: E402
from starlight.detector.weights import load  # noqa: E402
from starlight.fanout import Engine  # noqa: E402
from starlight.lab.features.bias import biases, summary  # noqa: E402
from starlight.lab.features.files import Plan, judged, read, read_learnt  # noqa: E402
from starlight.lab.features.kept import kept  # noqa: E402
from starlight.lab.features.measure import measure, origin, scored  # noqa: E402
from starlight.lab.features.report import write  # noqa: E402
from starlight.params import run_stage, section  # noqa: E402
from starlight.sample.build import SampleParams  # noqa: E402


def _options() -> argparse.Namespace:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, required=True, help="folder of photographs of other sources")
    arguments.add_argument("--large", type=Path, help="folder of whole photographs for the bias (default: --covers)")
    arguments.add_argument("--learn", type=Path, nargs="*", default=[], help="submissions of `jpeg_experts --kept`")
    arguments.add_argument("--images", type=int, default=2000, help="covers to learn from; made where none are named")
    arguments.add_argument("--judged", type=int, default=40, help="covers with stego files, of each source and kind")
    arguments.add_argument("--clean", type=int, default=150, help="covers altogether, of each source and kind")
    arguments.add_argument("--seed", type=int, default=1, help="of the draws")
    arguments.add_argument("--workers", type=int, default=1, help="processes")
    arguments.add_argument("--kept", type=Path, help="folder of statistics: used where they are there, else written")
    arguments.add_argument("--model", type=Path, help="weights (default: as for `starlight detect`)")
    arguments.add_argument("--out", type=Path, default=Path("reports/bench"))
    return arguments.parse_args()


def main(raw: dict) -> None:
    options = _options()
    plan, engine = Plan(options.images, options.judged, options.clean, options.seed), Engine(options.workers)
    made_with = section(raw, "sample", SampleParams)
    pairs = kept(options.kept, "learnt", lambda: read_learnt(options.learn, plan, made_with, engine))
    others = kept(options.kept, "judged", lambda: read(judged(options.covers, plan), engine))
    stored = load(options.model or find_weights()[0])
    found = measure(scored(pairs, others, stored, seed=options.seed), seed=options.seed)
    bias = biases(options.large or options.covers)
    told = origin(pairs, others, options.covers.name)
    print(write(options.out, found, told, summary(bias) if len(bias) else None))


if __name__ == "__main__":
    run_stage(main)
