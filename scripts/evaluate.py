"""Stage `evaluate`: V3, V4 base and V4 fine-tuned on the same test images."""

from pathlib import Path

import numpy as np

from starlight import metrics
from starlight.detector.weights import load
from starlight.evaluate import EvaluateParams, before_after, hardest, load_test, predictions, stream_ablation
from starlight.finetune import FinetuneParams
from starlight.manifest import read
from starlight.mine import views
from starlight.params import run_stage, section
from starlight.plots import tables
from starlight.plots.contact_sheet import contact_sheet
from starlight.store import StreamReader, default_root

OUT = Path("reports")


def main(raw: dict) -> None:
    params = section(raw, "evaluate", EvaluateParams)
    names = {"v3": "v3", "v4_base": "base", "v4": "detector"}
    if section(raw, "finetune", FinetuneParams).control:
        names["control"] = "control"
    detectors = {name: load(Path(f"models/{file}.safetensors")) for name, file in names.items()}
    data = load_test(
        read(Path("artifacts/manifest.csv")), StreamReader(Path("artifacts/streams")), default_root() / "scratch"
    )
    table = predictions(detectors, data, params)
    table.to_csv(OUT / "predictions.csv", index=False, lineterminator="\n")
    tables.write(table, OUT / "plot_data")
    (OUT / "metrics.json").write_text(metrics.dumps(metrics.evaluate_all(table, tuple(detectors))))
    before_after(table).to_csv(OUT / "finetune/before_after.csv", index=False, lineterminator="\n")
    blanked = stream_ablation(detectors["v4"], data, each=params.stream_ablation)
    blanked.to_csv(OUT / "stream_ablation.csv", index=False, lineterminator="\n")
    worst, captions = hardest(table, data, params.hardest)
    contact_sheet(*views(detectors["v4"].members, data, worst), captions, OUT / "hardest.png")
    print(f"evaluate: {len(table)} test images, {int(np.sum(table.label == 1))} of them stego")


if __name__ == "__main__":
    run_stage(main)
