"""Stage `baseline`: V3, six streams, without twins, negatives, constraint mask or mining unless told."""

from pathlib import Path

from starlight.manifest import read
from starlight.params import General, run_stage, section
from starlight.store import StreamReader, default_root
from starlight.train import train
from starlight.training.params import BaselineParams, TrainParams


def main(raw: dict) -> None:
    train(
        read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams")),
        section(raw, None, General), section(raw, "train", TrainParams), variant="v3",
        baseline=section(raw, "baseline", BaselineParams),
        out=Path("models/v3.safetensors"), curves=Path("reports/train/v3.csv"), scratch=default_root() / "scratch",
    )  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
