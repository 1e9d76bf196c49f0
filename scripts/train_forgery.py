"""Stage `train_forgery`: the base verifier of suspicions, on forged images and their twins."""

from pathlib import Path

from starlight.params import General, run_stage, section
from starlight.training.forgery import nothing
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.extract import read_network
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.stages import base_of

DATA, OUT, FOLDS = Path("artifacts/forgery"), Path("models/forgery_base.safetensors"), Path("models/forgery_folds")


def main(raw: dict) -> None:
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    if why := nothing.reason(DATA):
        nothing.leave_verifiers([OUT], why)
        FOLDS.mkdir(parents=True, exist_ok=True)
        return
    data = Examples.load(DATA).split("train", "val")
    base = base_of(data, params, general.seed)
    base.whole.save(OUT, read_network(DATA))
    base.save_parts(FOLDS)
    print(f"train_forgery: {len(data.kinds)} suspicions in {len(data.rows)} images, "
          f"threshold {base.whole.threshold:.3f}")  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
