"""Stage `extract_forgery`: the network that finds splices, and the suspicions in every image of the task forgery."""

from pathlib import Path

from starlight import manifest
from starlight.params import General, run_stage, section
from starlight.store import Store, default_root
from starlight.training.forgery import nothing
from starlight.training.forgery.extract import extract
from starlight.training.forgery.params import ForgeryParams

OUT = Path("artifacts/forgery")


def main(raw: dict) -> None:
    params, general = section(raw, "forgery", ForgeryParams), section(raw, None, General)
    table = manifest.read(Path("artifacts/manifest.csv"))
    if why := nothing.lacking(table):
        nothing.leave_examples(OUT, why)
        print(f"extract_forgery: nothing to learn from: {why}")
        return
    made = extract(table, Path("datasets"), params, general.seed, Store(default_root()))
    made.save(OUT)
    data = made.examples
    print(f"extract_forgery: {len(data.kinds)} suspicions in {len(data.rows)} images, {len(made.failed)} unreadable")


if __name__ == "__main__":
    run_stage(main)
