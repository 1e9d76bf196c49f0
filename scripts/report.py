"""Stage `report`: dashboard, baseline report, roadmap, plots, and a line in the history."""

from pathlib import Path

from starlight.monitor.alerts import AlertParams
from starlight.monitor.runs.history import params_hash
from starlight.params import General, run_stage, section
from starlight.reports.dashboard import main_figures
from starlight.reports.inputs import ReportParams
from starlight.reports.targets import entries
from starlight.reports.write import write

MODELS = {"v3": "models/v3.safetensors", "v4_base": "models/base.safetensors", "v4": "models/detector.safetensors"}


def main(raw: dict) -> None:
    params = ReportParams(
        alerts=section(raw, "alerts", AlertParams), roadmap=entries(section(raw, None, General).roadmap)
    )
    run = write(
        Path("reports"), Path("artifacts/manifest.csv"), params, params_hash=params_hash(raw), model_files=MODELS
    )
    print(main_figures(run))


if __name__ == "__main__":
    run_stage(main)
