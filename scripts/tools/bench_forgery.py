"""The detector of tampered images beside error-level analysis and plain keypoint matching: `reports/bench/forgery.md`.

Run after the pipeline: it measures on the same images, with the weights that the pipeline trained.
"""

import os
from pathlib import Path

from starlight.forgery.verifier import Verifier
from starlight.lab.tampering.compare import bench, report
from starlight.params import run_stage, section
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams

OUT = Path("reports/bench/forgery.md")


def main(raw: dict) -> None:
    params = section(raw, "forgery", ForgeryParams)
    verifier, data = Verifier.load(Path("models/forgery.safetensors")), Examples.load(Path("artifacts/forgery"))
    found = bench(verifier, data, Path("datasets"), params.target_fpr, workers=params.workers or os.cpu_count() or 1)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(report(found, params.target_fpr), encoding="utf-8")
    print(f"bench_forgery: {OUT}")


if __name__ == "__main__":
    run_stage(main)
