"""Stage `mine`: authentic images that the base detector flags, and stego that it misses."""

from pathlib import Path

from starlight.detector.weights import load
from starlight.manifest import read
from starlight.mine import MineParams, mine, views
from starlight.params import General, run_stage, section
from starlight.plots.contact_sheet import contact_sheet
from starlight.store import StreamReader, default_root
from starlight.streams import SETS
from starlight.training.cells.crops import Crops
from starlight.training.mining import write
from starlight.training.params import TrainParams
from starlight.training.pools import load_splits

OUT = Path("reports/mining")


def main(raw: dict) -> None:
    general, params = section(raw, None, General), section(raw, "mine", MineParams)
    base, reader = load(Path("models/base.safetensors")), StreamReader(Path("artifacts/streams"))
    manifest, crops = read(Path("artifacts/manifest.csv")), Crops(Path("datasets"), reader.max_tiles)
    data = load_splits(manifest, reader, SETS[general.streams], crops, default_root() / "scratch").train
    mined = mine(base, data, params, section(raw, "train", TrainParams))
    write(mined, OUT)
    worst = mined.hard_negatives.head(params.sheet)
    crops, maps = views(base.members, data, worst.index.tolist())
    captions = [f"{row.category or row.kind} {row.fp_ratio:.3f}" for row in worst.itertuples()]
    contact_sheet(crops, maps, captions, OUT / "worst.png")
    print(
        f"mine: {len(mined.hard_negatives)} hard negatives, {len(mined.missed)} missed stego. {mined.audit['advice']}"
    )


if __name__ == "__main__":
    run_stage(main)
