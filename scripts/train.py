"""Stage `train`: the baseline V3 and the base detector V4."""

from pathlib import Path

from starlight.manifest import read
from starlight.params import General, run_stage, section
from starlight.store import StreamReader
from starlight.train import TrainParams, train

CURVES = {"v3": "v3.csv", "v4_base": "base.csv"}
WEIGHTS = {"v3": "v3.safetensors", "v4_base": "base.safetensors"}


def main(raw: dict) -> None:
    general, params = section(raw, None, General), section(raw, "train", TrainParams)
    manifest, reader = read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams"))
    for variant in ("v3", "v4_base"):
        train(
            manifest, reader, general, params, variant=variant, out=Path("models") / WEIGHTS[variant],
            curves=Path("reports/train") / CURVES[variant], scratch=Path("artifacts/scratch"),
        )  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
