"""A training on the small data set in a process of its own: `python -m tests.train_worker OUT EPOCHS`."""

import sys
from pathlib import Path

import torch

from starlight.params import General
from starlight.train import train
from starlight.training.params import TrainParams
from tests.fake_streams import data_set
from tests.knobs import knobs


def run(out: Path, epochs: int, **general: object) -> None:
    torch.set_num_threads(1)
    manifest, reader = data_set()
    params = knobs(TrainParams, epochs=epochs, batch_size=12)
    train(
        manifest, reader, reader.crops, knobs(General, **general), params, variant="v4_base",
        out=out / "base.safetensors", curves=out / "base.csv", scratch=out / "scratch",
    )  # fmt: skip


if __name__ == "__main__":
    run(Path(sys.argv[1]), int(sys.argv[2]))
