"""Stage `sample_tampering`: the built-in submission of tampered images, their twins and look-alikes."""

import os
from pathlib import Path

from starlight.params import run_stage, section
from starlight.sample.tampering.build import TamperingParams, build

OUT = Path("datasets/tampering_submission_2025")


def main(raw: dict) -> None:
    params = section(raw, "tampering", TamperingParams)
    made = build(OUT, params, workers=os.cpu_count() or 1)
    forged = sum(count for name, count in made.items() if name.startswith("forged."))
    print(f"sample_tampering: {forged} forged, {sum(made.values()) - forged} authentic in {OUT}")


if __name__ == "__main__":
    run_stage(main)
