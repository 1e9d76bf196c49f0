"""Make `models/release/` from the pipeline: its detector, and the model card with its figures."""

import argparse
import json
import shutil
import subprocess
from pathlib import Path

import pandas as pd

from starlight.params import run_stage
from starlight.release import model_card
from starlight.weights import load

OUT = Path("models/release")


def main(raw: dict) -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--covers", type=Path, help="folder of further photographs, counted as a submission")
    arguments.add_argument("--terms", default="", help="where those come from and under which terms")
    options = arguments.parse_args()
    if options.covers:
        target = Path("datasets") / f"{options.covers.name}_submission_2026" / "clean"
        shutil.copytree(options.covers, target, dirs_exist_ok=True)
    subprocess.run(["dvc", "repro"], check=True)
    OUT.mkdir(parents=True, exist_ok=True)
    shutil.copyfile("models/detector.safetensors", OUT / "detector.safetensors")
    evidence = OUT / "evidence.csv"
    card = model_card(
        load(OUT / "detector.safetensors").meta,
        json.loads(Path("reports/metrics.json").read_text())["v4"],
        json.loads(Path("reports/dataset.json").read_text()),
        pd.read_csv(evidence) if evidence.exists() else None,
        options.terms or (str(options.covers.name) if options.covers else ""),
    )
    (OUT / "MODEL_CARD.md").write_text(card, encoding="utf-8")
    print(f"{OUT}/MODEL_CARD.md")


if __name__ == "__main__":
    run_stage(main)
