"""Stage `finetune_forgery`: the base verifier fine-tuned on the mined set, beside a random control, for each seed."""

from pathlib import Path

from starlight.params import General, run_stage, section
from starlight.training.forgery import nothing
from starlight.training.forgery.crossed import Crossed
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.extract import read_network
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.stages import finetuned, other_seeds
from starlight.training.mining import MineParams, read
from starlight.training.weighting import EnsembleParams, FinetuneParams

DATA, MODELS, OUT = Path("artifacts/forgery"), Path("models"), Path("reports/forgery")


def main(raw: dict) -> None:
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    tuning, pool = section(raw, "finetune", FinetuneParams), section(raw, "ensemble", EnsembleParams)
    if why := nothing.reason(DATA):
        nothing.leave_verifiers([MODELS / f"forgery{end}.safetensors" for end in ("", "_tuned", "_control")], why)
        (MODELS / "forgery_seeds").mkdir(parents=True, exist_ok=True)
        nothing.leave_curve(OUT)
        return
    data, network = Examples.load(DATA).split("train", "val"), read_network(DATA)
    base = Crossed.load(MODELS / "forgery_base.safetensors", MODELS / "forgery_folds")
    made = finetuned(base, data, read(OUT / "mining"), params, tuning, pool, general.seed)
    made.curve.to_csv(OUT / "curves.csv", index=False, lineterminator="\n")
    for name, verifier in (("", made.detector), ("_tuned", made.tuned), ("_control", made.control)):
        verifier.save(MODELS / f"forgery{name}.safetensors", network)
    seeds = MODELS / "forgery_seeds"
    seeds.mkdir(parents=True, exist_ok=True)
    for seed, one in other_seeds(data, section(raw, "mine", MineParams), params, tuning, pool, general.seed):
        for name in ("base", "detector", "control"):
            getattr(one, name).save(seeds / f"{name}_{seed}.safetensors")
    print(f"finetune_forgery: threshold {made.detector.threshold:.3f}")


if __name__ == "__main__":
    run_stage(main)
