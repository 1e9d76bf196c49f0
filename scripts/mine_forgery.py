"""Stage `mine_forgery`: authentic images that the base verifier flags, and forged ones that it misses."""

from pathlib import Path

from starlight.forgery.verifier import Verifier
from starlight.params import run_stage, section
from starlight.plots.contact_sheet import contact_sheet
from starlight.training.forgery import nothing
from starlight.training.forgery.evaluate import views
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams
from starlight.training.forgery.stages import mined, nothing_mined
from starlight.training.mining import MineParams, write

DATA, OUT = Path("artifacts/forgery"), Path("reports/forgery/mining")


def main(raw: dict) -> None:
    params = section(raw, "mine", MineParams)
    if why := nothing.reason(DATA):
        write(nothing_mined(params, why), OUT)
        contact_sheet([], [], [], OUT / "worst.png")
        return
    base = Verifier.load(Path("models/forgery_base.safetensors"))
    data = Examples.load(DATA).split("train", "val")
    found = mined(base, data, params, section(raw, "forgery", ForgeryParams))
    write(found, OUT)
    worst = found.hard_negatives.head(params.sheet)
    captions = [f"{row.category or row.kind} {row.fp_ratio:.3f}" for row in worst.itertuples()]
    contact_sheet(*views(base, data, data.places(worst["path"]), Path("datasets")), captions, OUT / "worst.png")
    print(f"mine_forgery: {len(found.hard_negatives)} hard negatives, {len(found.missed)} missed. "
          f"{found.audit['advice']}")  # fmt: skip


if __name__ == "__main__":
    run_stage(main)
