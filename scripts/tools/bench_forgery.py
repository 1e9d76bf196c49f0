"""The detector of tampered images beside error-level analysis and plain keypoint matching: `reports/bench/forgery.md`.

Run after the pipeline: it measures the weights that the pipeline trained, on new images made from another seed.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.fanout import Engine
from starlight.forgery.verifier import Verifier, load_network
from starlight.lab.tampering.compare import bench, fresh, report
from starlight.params import run_stage, section
from starlight.sample.tampering.build import TamperingParams
from starlight.scan.scan import ScanParams
from starlight.store import Store, default_root
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams

OUT, MODELS = Path("reports/bench/forgery.md"), Path("models")


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=400, help="forged images, each with its authentic twin")
    arguments.add_argument("--authentic", type=int, default=200, help="further authentic images")
    arguments.add_argument("--lookalikes", type=int, default=600, help="authentic images that look tampered with")
    arguments.add_argument("--seed", type=int, default=77, help="of the images; not that of the pipeline's")
    options = arguments.parse_args()
    params = section(raw, "forgery", ForgeryParams)
    sizes = TamperingParams(True, options.seed, options.pairs, options.authentic, options.lookalikes, "")
    data = Examples.load(Path("artifacts/forgery"))
    files = {"base": "forgery_base", "detector": "forgery", "control": "forgery_control"}
    models = {name: Verifier.load(MODELS / f"{file}.safetensors") for name, file in files.items()}
    network, seen = load_network(MODELS / "forgery.safetensors") or {}, set(data.split("train", "val").rows["cover_id"])
    with tempfile.TemporaryDirectory(prefix="starlight-forgery-") as folder:
        root, store = Path(folder), Store(default_root())
        test = fresh(sizes, options.seed, root, network, seen, params, section(raw, "scan", ScanParams), store)
        workers = Engine(params.workers).cores()
        found = bench(models, data.split("val"), Path("datasets"), test, root, params.target_fpr, workers=workers)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(report(found, params.target_fpr, f"made for it from seed {options.seed}"), encoding="utf-8")
    print(f"bench_forgery: {OUT}")


if __name__ == "__main__":
    run_stage(main)
