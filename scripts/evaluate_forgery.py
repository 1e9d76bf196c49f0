"""Stage `evaluate_forgery`: base, mined and control on the same test images."""

from pathlib import Path

from starlight import metrics
from starlight.forgery.verifier import Verifier
from starlight.params import run_stage, section
from starlight.plots.contact_sheet import contact_sheet
from starlight.training.forgery import nothing
from starlight.training.forgery.evaluate import before_after, hardest, measured, predictions, views
from starlight.training.forgery.examples import Examples
from starlight.training.forgery.params import ForgeryParams

DATA, MODELS, OUT, DATASETS = Path("artifacts/forgery"), Path("models"), Path("reports/forgery"), Path("datasets")
NAMES = {"base": "_base", "tuned": "_tuned", "detector": "", "control": "_control"}


def main(raw: dict) -> None:
    params = section(raw, "forgery", ForgeryParams)
    if why := nothing.reason(DATA):
        nothing.leave_figures(OUT, why)
        contact_sheet([], [], [], OUT / "hardest.png")
        return
    data = Examples.load(DATA).split("test")
    models = {name: Verifier.load(MODELS / f"forgery{end}.safetensors") for name, end in NAMES.items()}
    seeds = {path.stem: Verifier.load(path) for path in sorted((MODELS / "forgery_seeds").glob("*.safetensors"))}
    table = predictions(models, data, DATASETS)
    table.to_csv(OUT / "predictions.csv", index=False, lineterminator="\n")
    before_after(table).to_csv(OUT / "before_after.csv", index=False, lineterminator="\n")
    figures = measured(table, tuple(models), predictions(seeds, data, DATASETS) if seeds else None)
    (OUT / "metrics.json").write_text(metrics.dumps(figures))
    worst = hardest(table, params.hardest)
    captions = [f"{row.category or row.source} {row.detector_score:.2f}" for row in worst.itertuples()]
    shown = views(models["detector"], data, data.places(worst["path"]), DATASETS)
    contact_sheet(*shown, captions, OUT / "hardest.png")
    print(f"evaluate_forgery: {len(table)} test images, {int((table.label == 1).sum())} of them forged")


if __name__ == "__main__":
    run_stage(main)
