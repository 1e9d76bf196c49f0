"""Stage `train`: the base detector, on clean, stego and negatives. Under torchrun, on several processes."""

from pathlib import Path

from starlight.manifest import read
from starlight.params import General, run_stage, section
from starlight.store import StreamReader, default_root
from starlight.train import train
from starlight.training.cells.crops import Crops
from starlight.training.params import TrainParams


def main(raw: dict) -> None:
    reader = StreamReader(Path("artifacts/streams"))
    train(
        read(Path("artifacts/manifest.csv")), reader, Crops(Path("datasets"), reader.max_tiles),
        section(raw, None, General), section(raw, "train", TrainParams), variant="v4_base",
        out=Path("models/base.safetensors"), curves=Path("reports/train/base.csv"), scratch=default_root() / "scratch",
    )  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
