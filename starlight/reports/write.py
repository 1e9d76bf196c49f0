"""Reports that people read as diffs: Markdown, plots and the history, made from the files of a run.

`history.jsonl` is state, not an output: `write` reads the file that is there and adds to it, so it may not be deleted
before a run (it is no output of a DVC stage).
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from starlight.errors import StarlightError
from starlight.manifest import read as read_manifest
from starlight.metrics import view
from starlight.monitor.runs import history
from starlight.monitor.runs.latency import latency_p95
from starlight.plots import plots, plots_time, style
from starlight.plots.style import TITLES
from starlight.reports.baseline import baseline_report
from starlight.reports.dashboard import dashboard
from starlight.reports.forgery import forgery_page
from starlight.reports.inputs import ReportParams, Run, load, with_alerts
from starlight.reports.roadmap import roadmap

__all__ = ["draw", "write"]


def draw(run: Run) -> dict:
    """All plots by their names; None for those that there is nothing to draw for."""
    views = {model: view(run.predictions, model) for model in run.models}
    limit = run.params.alerts.fpr_max
    return {
        "calibration": plots.calibration(views),
        "confusion": plots.confusion_matrix(views[run.current], f"What {TITLES[run.current]} takes each technique for"),
        "curves": plots_time.curves(run.training),
        "negatives": plots.negatives(run.metrics, run.models),
        "roc": plots.roc(views, limit),
        "techniques": plots.techniques(run.metrics, run.models),
        "trend": plots_time.trend(run.entries, limit),
    }


def _with_plots(run: Run) -> Run:
    drawings = {name: drawing for name, drawing in draw(run).items() if drawing is not None}
    for name, drawing in drawings.items():
        style.save(drawing, run.directory / "plots" / f"{name}.png")
    return replace(run, drawn=frozenset(drawings))


def _weights(files: Mapping[str, Path], model: str) -> str:
    for file in files.values():
        if not file.is_file():
            raise StarlightError(f"{file}: no such weights")
    return hashlib.sha256(files[model].read_bytes()).hexdigest()[:16] if model in files else ""


def _with_history(run: Run, manifest_path: Path, params_hash: str, code_hash: str, files: Mapping[str, Path]) -> Run:
    """The run with its line in the history; alerts are judged against the line before."""
    path = run.directory / "history.jsonl"
    entry = history.make_entry(
        run.metrics[run.current],
        version=run.current,
        params=params_hash,
        data=history.data_hash(read_manifest(manifest_path)),
        code=code_hash,
        weights=_weights(files, run.current),
    )
    slowest = latency_p95(run.documents.get("latency"))
    if not math.isnan(slowest):
        entry["metrics"]["latency_p95_ms"] = slowest
    known = history.read(path)
    place = next((n for n, line in enumerate(known) if history.same(line, entry)), len(known))
    raised = with_alerts(run, known[place - 1]["metrics"] if place else None)
    entry["alerts"] = [alert.name for alert in raised if alert.level == "alert"]
    entries, place = history.append(path, entry)
    return replace(run, entries=entries, place=place, alerts=raised)


def write(
    reports_dir: str | Path,
    manifest_path: str | Path,
    params: ReportParams,
    *,
    params_hash: str | None = None,
    code_hash: str | None = None,
    model_files: Mapping[str, str | Path] | None = None,
) -> Run:
    """Write dashboard, baseline report, roadmap and plots, and add the evaluation to the history.

    Parameters
    ----------
    reports_dir, manifest_path : path
        The folder with `metrics.json`, `predictions.csv` and what else the run has made, where the reports go too; and
        the manifest.
    params : ReportParams
    params_hash, code_hash : str, optional
        Of this run; computed from `params` and from this package where not given.
    model_files : mapping of path, optional
        Weights by model (v3, v4_base, v4), for their size and hash.

    Returns
    -------
    Run
        What the reports were made from.

    Raises
    ------
    StarlightError
        Where an input is missing or broken, naming it.
    """
    files = {model: Path(file) for model, file in (model_files or {}).items()}
    run = load(reports_dir, manifest_path, params)
    params_hash = params_hash or history.params_hash(params)
    code_hash = code_hash or history.code_hash(Path(__file__).parents[1])
    run = _with_history(run, Path(manifest_path), params_hash, code_hash, files)
    run = _with_plots(run)
    sizes = {model: file.stat().st_size for model, file in files.items()}
    texts = {
        "dashboard.md": dashboard(run),
        "baseline_report.md": baseline_report(run, sizes),
        "research_roadmap.md": roadmap(run),
        "forgery.md": forgery_page(run),
    }
    for name, text in texts.items():
        if not text:
            continue
        (run.directory / name).write_text(text, encoding="utf-8", newline="\n")
    return run
