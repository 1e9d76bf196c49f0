"""Train the released detector of tampered images: models/release/forgery.safetensors, and its figures beside it."""

import argparse
import dataclasses
import tempfile
from pathlib import Path

from starlight.fanout import Engine
from starlight.params import General, run_stage, section
from starlight.sample.tampering.build import TamperingParams, build
from starlight.scan.scan import ScanParams, scan
from starlight.store import Store, default_root
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.release import examined, released, table_of
from starlight.training.mining import MineParams
from starlight.training.weighting import EnsembleParams, FinetuneParams

OUT = Path("models/release/forgery.safetensors")


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=5000, help="forged images, each with its authentic twin")
    arguments.add_argument("--authentic", type=int, default=1000, help="further authentic images")
    arguments.add_argument("--lookalikes", type=int, default=2000, help="authentic images that look tampered with")
    arguments.add_argument("--covers", default="", help="folder of photographs; their share is that of params.yaml")
    arguments.add_argument("--terms", default="", help="whose photographs those are, and under which terms")
    arguments.add_argument("--steps", type=int, default=8000, help="batches that the networks learn from")
    arguments.add_argument("--seed", type=int, default=40, help="not the pipeline's, whose test split stays unseen")
    options = arguments.parse_args()
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    params = dataclasses.replace(params, network_steps=options.steps)
    steps = section(raw, "mine", MineParams), params, section(raw, "finetune", FinetuneParams)
    sizes = dataclasses.replace(
        section(raw, "tampering", TamperingParams), enabled=True, seed=options.seed, pairs=options.pairs,
        authentic=options.authentic, lookalikes=options.lookalikes, photographs=options.covers,
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        build(root / "release_submission_2025", sizes, workers=Engine(params.workers).cores())
        manifest, _ = scan(root, section(raw, "scan", ScanParams), options.seed, store_root=default_root())
        data, network = examined(manifest, root, params, general.seed, Store(default_root()))
        made = released(data, *steps, section(raw, "ensemble", EnsembleParams), general.seed)
    made.verifier.meta["covers"] = options.terms
    made.verifier.save(OUT, network)
    table = table_of(made.rows, made.verifier.threshold)
    table.to_csv(OUT.with_suffix(".csv"), index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    run_stage(main)
