"""Stage `train_forgery`: the base verifier of suspicions, on forged images and their twins."""

from pathlib import Path

from starlight.params import General, run_stage, section
from starlight.training.forgery import nothing
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.extract import read_network
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.stages import base_of

DATA, OUT = Path("artifacts/forgery"), Path("models/forgery_base.safetensors")


def main(raw: dict) -> None:
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    if why := nothing.reason(DATA):
        nothing.leave_verifiers([OUT], why)
        return
    data = Examples.load(DATA)
    train, val = data.split("train"), data.split("val")
    base = base_of(train, val, params, general.seed)
    base.save(OUT, read_network(DATA))
    print(f"train_forgery: {len(train.kinds)} suspicions in {len(train.rows)} images, threshold {base.threshold:.3f}")


if __name__ == "__main__":
    run_stage(main)
