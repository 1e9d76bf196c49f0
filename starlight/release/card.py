"""The released detector: the pipeline's own, with a model card that holds its figures."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from starlight.detector.calibration.tails import CONFIDENCE
from starlight.detector.weights import load
from starlight.markdown import interval, percent
from starlight.metrics.promise import promise
from starlight.system.atomic import write_text

__all__ = [
    "CARD",
    "COVERAGE",
    "EVIDENCE",
    "FOLDER",
    "LEFT_OUT",
    "PROMISED",
    "WEIGHTS",
    "forget_evidence",
    "model_card",
    "refigure",
    "take",
    "write_card",
]

FOLDER = Path("models/release")
WEIGHTS, FIGURES, CARD = "detector.safetensors", "figures.json", "MODEL_CARD.md"
EVIDENCE, COVERAGE, LEFT_OUT = "evidence.csv", "coverage.csv", "left_out.csv"
PROMISED = 0.0005  # image-level false-positive rate: one in two thousand


def take(run: Path, out: Path, *, settings: Sequence[str] = (), covers: str = "") -> None:
    """Make a run of the pipeline the release: its weights, its figures and its card.

    Evidence of the weights that were there before says nothing of these, and is removed.

    Parameters
    ----------
    run : Path
        Project folder after `dvc repro`.
    out : Path
        `models/release/`.
    settings : sequence of str
        What differed from the committed `params.yaml`, as `key=value`.
    covers : str
        Where photographs beyond the packaged ones came from, and their terms; empty for none.
    """
    out.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(run / "models" / WEIGHTS, out / WEIGHTS)
    forget_evidence(out)
    (out / LEFT_OUT).unlink(missing_ok=True)
    if (run / "models" / LEFT_OUT).exists():
        shutil.copyfile(run / "models" / LEFT_OUT, out / LEFT_OUT)
    files = json.loads((run / "reports/dataset.json").read_text(encoding="utf-8"))["files"]
    measured = json.loads((run / "reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    figures = {"files": files, "settings": list(settings), "covers": covers, "v4": measured}
    _keep(out, figures)


def refigure(out: Path, measured: Mapping, words: str) -> None:
    """Figures of the release measured anew, and its card: other thresholds, or experts fitted again, have others.

    Parameters
    ----------
    out : Path
        `models/release/`.
    measured : mapping
        As `v4` of `metrics.json`.
    words : str
        Which test images these are.
    """
    figures = json.loads((out / FIGURES).read_text(encoding="utf-8")) | {"v4": measured, "test": words}
    _keep(out, figures | {"refitted": load(out / WEIGHTS).meta.get("refitted")})


def _keep(out: Path, figures: Mapping) -> None:
    """Write the figures, and the card that they stand in."""
    write_text(out / FIGURES, json.dumps(figures, indent=1, sort_keys=True) + "\n")
    write_card(out)


def forget_evidence(out: Path) -> None:
    """Remove the evidence of other weights."""
    for name in (EVIDENCE, COVERAGE):
        (out / name).unlink(missing_ok=True)


def write_card(out: Path) -> None:
    """Write the model card from what lies beside it."""
    counted = {
        name: pd.read_csv(out / name) if (out / name).exists() else pd.DataFrame()
        for name in (EVIDENCE, COVERAGE, LEFT_OUT)
    }
    figures = json.loads((out / FIGURES).read_text(encoding="utf-8"))
    (out / CARD).write_text(model_card(load(out / WEIGHTS).meta, figures, counted), encoding="utf-8")


def model_card(meta: Mapping, figures: Mapping, counted: Mapping[str, pd.DataFrame]) -> str:
    """The model card as Markdown, every figure from the run that made the weights.

    Parameters
    ----------
    meta : mapping
        Of the weights file: name, params, data hash.
    figures : mapping
        What `take` keeps: `files`, `settings`, `covers`, and `v4` of `metrics.json`; where those were measured anew,
        `test`, of which images, and `refitted`, of which experts.
    counted : mapping of DataFrame
        `EVIDENCE`, `COVERAGE` and `LEFT_OUT`, as `evidence.by_source`, `evidence.by_class` and `reset.left_out` give
        them; empty where they were not counted.
    """
    metrics, evidence = figures["v4"], counted[EVIDENCE]
    parts = [
        "# Model card: the released Starlight detector\n",
        promise(evidence, PROMISED) + "\n",
        "## False alarms\n",
        _evidence(counted),
        "## What it is\n",
        _about(meta, figures),
        "## Detection on the test split\n",
        *([figures["test"] + "\n"] if figures.get("test") else []),
        _techniques(metrics),
        "## False alarms on the test split\n",
        _alarms(metrics),
        "## Blind spots\n",
        _blind(metrics),
    ]
    return "\n".join(parts)


def _evidence(counted: Mapping[str, pd.DataFrame]) -> str:
    said = {
        EVIDENCE: "By source, of files that set no threshold; real ones first:",
        LEFT_OUT: "Real files that set thresholds, each make and source judged by thresholds that it had no part in:",
        COVERAGE: "By class of picture, beside the false alarms that were promised:",
    }
    parts = [part for name, words in said.items() if len(counted[name]) for part in (words, _table(counted[name]))]
    return "\n\n".join(parts or ["Not measured yet: run `make evidence`."]) + "\n"


def _table(counted: pd.DataFrame) -> str:
    """As Markdown, rates in per cent."""
    shown = counted.copy()
    for name in {"fpr", "low", "high"} & set(shown):
        shown[name] = [percent(value, 3) for value in shown[name]]
    return shown.astype(object).fillna("").to_markdown(index=False, disable_numparse=True)


def _about(meta: Mapping, figures: Mapping) -> str:
    general = meta["params"]["general"]
    lines = [
        f"- Weights: `detector.safetensors`, `{meta['name']}`, streams: {general['streams']}, seed {general['seed']}.",
        f"- Training data: hash `{meta['data_hash']}`, {meta['images']} training images of {figures['files']} files; "
        "the built-in submission (packaged photographs, a camera model, drawings, look-alikes).",
        f"- Further photographs: {figures['covers'] or 'none'}.",
        f"- Settings that differ from `params.yaml`: {', '.join(map('`{}`'.format, figures['settings'])) or 'none'}.",
        "- The thresholds are set on the validation split for an image-level false-positive rate of "
        f"{percent(meta['params']['train']['target_fpr'], 3)} in each class of pictures, extrapolated with an "
        f"exponential tail whose mean excess is taken at its upper {CONFIDENCE:.0%} bound{_further(meta)}.",
        *_refitted(meta, figures),
        "- Licence: MIT, as the code. The weights hold no image.",
    ]
    return "\n".join(lines) + "\n"


def _refitted(meta: Mapping, figures: Mapping) -> list[str]:
    """What was fitted again after the run, and on what: the figures of the run say nothing of it."""
    again = meta.get("refitted")
    if not again:
        return []
    old = "" if figures.get("refitted") == again else " Figures on the test split are of the experts before."
    return [
        f"- Fitted again after the run, from where they stood: the experts for {', '.join(again['techniques'])}, on "
        f"{again['images']} images: {again['data']}.{old}"
    ]


def _further(meta: Mapping) -> str:
    count = meta.get("further_clean")
    if not count:
        return ""
    of_real = meta.get("further_real")
    real = f", {of_real} of them real photographs and what people make of them" if of_real else ""
    of = f", those of {', '.join(meta['further_of'])}" if meta.get("further_of") else ""
    return f", and then{of} set anew for {percent(meta['further_fpr'], 3)} by {count} further clean images{real}"


def _techniques(metrics: Mapping) -> str:
    rows = ["| technique | found | 95 % interval | n |", "| --- | ---: | --- | ---: |"]
    for name, found in sorted(metrics["techniques"].items()):
        bounds = interval(found["low"], found["high"], 1)
        rows.append(f"| {name} | {percent(found['detection'], 1)} | {bounds} | {found['n']} |")
    return "\n".join(rows) + "\n"


def _alarms(metrics: Mapping) -> str:
    shown = interval(metrics["fpr_low"], metrics["fpr_high"])
    return (
        f"{metrics['fpr_k']} of {metrics['fpr_n']} clean and negative images flagged: {percent(metrics['fpr'])}, "
        f"95 % interval {shown}. Covers, processing and look-alikes come from the same generators as in training; "
        "expect more on sources unlike them.\n"
    )


def _blind(metrics: Mapping) -> str:
    weak = sorted((v["detection"], name) for name, v in metrics["techniques"].items() if v["high"] < 0.9)
    lines = [f"- `{name}`: {percent(rate, 1)} found on the test split." for rate, name in weak]
    lines.append("- Payloads under a few dozen bytes, and encrypted bytes written in scan order, leave little to see.")
    lines.append("- Techniques that nobody listed are judged by their side effects alone.")
    return "\n".join(lines) + "\n"
