"""The detector of tampered images beside error-level analysis and plain keypoint matching: `reports/bench/forgery.md`.

Run after the pipeline: it measures the weights that the pipeline trained, and the released ones, on new images made
from another seed, or from your photographs.
"""

import argparse
import tempfile
from pathlib import Path

from starlight.fanout import Engine
from starlight.forgery.verifier import Verifier, load_network
from starlight.lab.tampering.compare import bench, fresh, report, searched
from starlight.params import run_stage, section
from starlight.sample.tampering.build import TamperingParams
from starlight.scan.scan import ScanParams
from starlight.store import Store, default_root
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams

OUT, MODELS = Path("reports/bench/forgery.md"), Path("models")
RELEASED = "release/forgery.safetensors"
SEEN = "the released detector has seen other parts of the packaged photographs among them"


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--pairs", type=int, default=400, help="forged images, each with its authentic twin")
    arguments.add_argument("--authentic", type=int, default=200, help="further authentic images")
    arguments.add_argument("--lookalikes", type=int, default=600, help="authentic images that look tampered with")
    arguments.add_argument("--covers", default="", help="folder of photographs that all of them are made from")
    arguments.add_argument("--seed", type=int, default=77, help="of the images; not that of the pipeline's")
    options = arguments.parse_args()
    params = section(raw, "forgery", ForgeryParams)
    lookalikes, made, out = options.lookalikes, f"seed {options.seed} ({SEEN})", OUT
    if options.covers:
        lookalikes, made = 0, f"the photographs of {Path(options.covers).name}"
        out = OUT.with_stem("forgery_photographs")
    sizes = TamperingParams(True, options.seed, options.pairs, options.authentic, lookalikes, options.covers, 1.0)
    data = Examples.load(Path("artifacts/forgery"))
    files = {"base": "forgery_base", "detector": "forgery", "control": "forgery_control"}
    models = {name: Verifier.load(MODELS / f"{file}.safetensors") for name, file in files.items()}
    seen, workers = set(data.split("train", "val").rows["cover_id"]), Engine(params.workers).cores()
    with tempfile.TemporaryDirectory(prefix="starlight-forgery-") as folder:
        root, store = Path(folder), Store(default_root())
        rows = fresh(sizes, root, seen, section(raw, "scan", ScanParams), workers=workers)
        test, same = (
            searched(rows, root, load_network(MODELS / name) or {}, params, store)
            for name in ("forgery.safetensors", RELEASED)
        )
        others = {"Starlight, released": (Verifier.load(MODELS / RELEASED), same)}
        val = data.split("val")
        found = bench(models, val, Path("datasets"), test, root, params.target_fpr, workers=workers, others=others)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(report(found, params.target_fpr, f"made for it from {made}"), encoding="utf-8")
    print(f"bench_forgery: {out}")


if __name__ == "__main__":
    run_stage(main)
