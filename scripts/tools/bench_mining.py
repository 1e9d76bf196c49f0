"""Fine-tuning on real photographs of some makes, judged on those of another: writes reports/bench/mining.csv and .md.

Run after the pipeline: it takes the base detector and the images of the last run.
"""

import argparse
import dataclasses
import tempfile
from pathlib import Path

from starlight.detector.weights import load
from starlight.extract.extract import ExtractParams
from starlight.lab.mining.compare import Settings, compared_by_make
from starlight.lab.mining.data import gathered
from starlight.lab.mining.report import counted, write
from starlight.mine import MineParams
from starlight.params import General, run_stage, section
from starlight.scan.scan import ScanParams
from starlight.store import Store, default_root
from starlight.training.params import TrainParams
from starlight.training.weighting import FinetuneParams


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, nargs="+", required=True, help="folders of photographs of two makes")
    arguments.add_argument(
        "--seeds", type=int, nargs="*", default=[2025, 2026, 2027], help="of training and of drawing"
    )
    arguments.add_argument("--share", type=float, default=0.25, help="of the photographs' files that is mined")
    arguments.add_argument("--out", type=Path, default=Path("reports/bench"))
    options = arguments.parse_args()
    mining = dataclasses.replace(section(raw, "mine", MineParams), share=options.share)
    settings = Settings(
        section(raw, None, General),
        section(raw, "train", TrainParams),
        section(raw, "finetune", FinetuneParams),
        mining,
    )
    with tempfile.TemporaryDirectory(prefix="starlight-mining-") as folder:
        images = gathered(
            options.covers, Path("artifacts"), Path(folder), section(raw, "scan", ScanParams),
            section(raw, "extract", ExtractParams), Store(default_root()),
        )  # fmt: skip
        judged = compared_by_make(load(Path("models/base.safetensors")), images, settings, options.seeds)
    print(write(options.out, counted(judged), {make: images.count(make) for make in images.makes}))


if __name__ == "__main__":
    run_stage(main)
