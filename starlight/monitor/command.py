"""What people type to the monitor: options in either spelling, from any folder."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from starlight.monitor.news import Predict, Since
from starlight.monitor.run import FORMATS, VERSIONS, Places

__all__ = ["arguments", "newcomers", "places", "predictor", "project"]

_EPILOG = """examples:
  python scripts/monitor_performance.py --model_version V4 --dataset_path datasets/anna_submission_2026/negatives/
  python scripts/monitor_performance.py --dataset-path ~/Pictures     any folder of clean images
  python scripts/monitor_performance.py --fail-on-alert               the pipeline's own data, for cron"""


def arguments(description: str) -> argparse.Namespace:
    """Options of the command as they were typed; `dataset_path` and `output_dir` are None where not given."""
    parser = argparse.ArgumentParser(
        description=description, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )

    def add(name: str, **options) -> None:
        parser.add_argument(f"--{name}", f"--{name.replace('-', '_')}", **options)

    what = "submissions, one of them, its negatives/, one category, or any clean images (default: datasets)"
    add("model-version", choices=VERSIONS, default="V4")
    add("dataset-path", type=Path, metavar="DIR", help=what)
    add("answers", type=Path, metavar="FILE", help="of detect or watch: say what to expect of them, without labels")
    add("baseline", type=Path, metavar="FILE", help="metrics.json, monitor.json or history.jsonl")
    add("output-dir", type=Path, metavar="DIR", help="default: artifacts/monitor of the project")
    parser.add_argument("--format", default="json,md", help=f"of {','.join(FORMATS)}")
    add("fail-on-alert", action="store_true", help="exit status 1 where there is an alert")
    return parser.parse_args()


def project(dataset: Path | None, otherwise: Path) -> Path:
    """The project whose models are meant: of the working directory, else of the data; `otherwise` where neither is.

    A project's root has a params.yaml.
    """
    starts = [Path.cwd(), *([dataset.absolute()] if dataset else [])]
    above = (folder for start in starts for folder in (start, *start.parents))
    return next((folder for folder in above if (folder / "params.yaml").is_file()), otherwise)


def places(root: Path) -> Places:
    """Where a project keeps what the monitor reads."""
    return Places(root / "datasets", root / "artifacts/manifest.csv", root / "reports")


def predictor(raw: dict[str, Any], project: Path) -> Predict:
    """Judges folders with a project's detectors; `raw` are its parameters. torch is loaded when it is called."""

    def predict(path: Path, version: str, only: Collection[str] | None = None) -> pd.DataFrame:
        from starlight.monitor.predict_folder import FolderParams, predict_folder
        from starlight.store import default_root

        models, params = project / "models", FolderParams.of(raw)
        return predict_folder(path, version, only, models=models, store_root=default_root(), params=params)

    return predict


def newcomers(raw: dict[str, Any]) -> Since:
    """Finds what came into a project's data sets since its scan."""

    def since(datasets: Path, manifest: pd.DataFrame):
        from starlight.monitor.since_scan import since_scan
        from starlight.scan.params import left_out

        return since_scan(datasets, manifest, leave_out=left_out(raw))

    return since
