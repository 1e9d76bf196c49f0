"""Stage `sample`: the built-in submission, so that a fresh clone has data."""

import os
from pathlib import Path

from starlight.params import run_stage, section
from starlight.sample.build import SampleParams, build

OUT = Path("datasets/sample_submission_2025")


def main(raw: dict) -> None:
    params = section(raw, "sample", SampleParams)
    own = Path(params.photographs) if params.photographs else None
    made = build(OUT, params, params.seed, workers=os.cpu_count() or 1, extra_covers=own)
    stego = sum(count for name, count in made.items() if name.startswith("stego."))
    negatives = sum(count for name, count in made.items() if name.startswith("negatives."))
    print(f"sample: {made.get('clean', 0)} clean, {stego} stego, {negatives} negatives in {OUT}")


if __name__ == "__main__":
    run_stage(main)
