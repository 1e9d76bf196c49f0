"""Train the released detector of tampered images: models/release/forgery.safetensors, and its figures beside it."""

import argparse
import os
import tempfile
from pathlib import Path

from starlight.params import General, run_stage, section
from starlight.sample.tampering.build import TamperingParams, build
from starlight.scan.scan import ScanParams, scan
from starlight.store import default_root
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.release import examined, released, table_of
from starlight.training.weighting import EnsembleParams, FinetuneParams

OUT = Path("models/release/forgery.safetensors")


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=1500, help="forged images, each with its authentic twin")
    arguments.add_argument("--authentic", type=int, default=300, help="further authentic images")
    arguments.add_argument("--lookalikes", type=int, default=1500, help="authentic images that look tampered with")
    arguments.add_argument("--seed", type=int, default=40, help="not the pipeline's, whose test split stays unseen")
    options = arguments.parse_args()
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    tuning, pool = section(raw, "finetune", FinetuneParams), section(raw, "ensemble", EnsembleParams)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        sizes = TamperingParams(True, options.seed, options.pairs, options.authentic, options.lookalikes)
        build(root / "release_submission_2025", sizes, options.seed, workers=params.workers or os.cpu_count() or 1)
        manifest, _ = scan(root, section(raw, "scan", ScanParams), options.seed, store_root=default_root())
        data, networks = examined(manifest, root, params, general.seed)
        made = released(data, networks, params, tuning, pool, general.seed)
    made.verifier.save(OUT, made.network)
    table = table_of(made.rows, made.verifier.threshold)
    table.to_csv(OUT.with_suffix(".csv"), index=False, lineterminator="\n")
    print(table.to_string(index=False))


if __name__ == "__main__":
    run_stage(main)
