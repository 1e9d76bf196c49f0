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
from starlight.release.evidence import to_markdown

__all__ = ["CARD", "EVIDENCE", "FOLDER", "WEIGHTS", "model_card", "take", "write_card"]

FOLDER = Path("models/release")
WEIGHTS, FIGURES, EVIDENCE, CARD = "detector.safetensors", "figures.json", "evidence.csv", "MODEL_CARD.md"


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
    files = json.loads((run / "reports/dataset.json").read_text(encoding="utf-8"))["files"]
    measured = json.loads((run / "reports/metrics.json").read_text(encoding="utf-8"))["v4"]
    figures = {"files": files, "settings": list(settings), "covers": covers, "v4": measured}
    (out / FIGURES).write_text(json.dumps(figures, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    (out / EVIDENCE).unlink(missing_ok=True)
    write_card(out)


def write_card(out: Path) -> None:
    """Write the model card from what lies beside it."""
    evidence = pd.read_csv(out / EVIDENCE) if (out / EVIDENCE).exists() else None
    figures = json.loads((out / FIGURES).read_text(encoding="utf-8"))
    (out / CARD).write_text(model_card(load(out / WEIGHTS).meta, figures, evidence), encoding="utf-8")


def model_card(meta: Mapping, figures: Mapping, evidence: pd.DataFrame | None) -> str:
    """The model card as Markdown, every figure from the run that made the weights.

    Parameters
    ----------
    meta : mapping
        Of the weights file: name, params, data hash.
    figures : mapping
        What `take` keeps: `files`, `settings`, `covers`, and `v4` of `metrics.json`.
    evidence : DataFrame, optional
        What `starlight.release.evidence.count` gave.
    """
    metrics = figures["v4"]
    parts = [
        "# Model card: the released Starlight detector\n",
        _about(meta, figures),
        "## Detection on the test split\n",
        _techniques(metrics),
        "## False alarms on the test split\n",
        _alarms(metrics),
        "## Evidence on false alarms\n",
        to_markdown(evidence) if evidence is not None else "Not measured yet: run `make evidence`.\n",
        "## Blind spots\n",
        _blind(metrics),
    ]
    return "\n".join(parts)


def _about(meta: Mapping, figures: Mapping) -> str:
    general = meta["params"]["general"]
    lines = [
        f"- Weights: `detector.safetensors`, `{meta['name']}`, streams: {general['streams']}, seed {general['seed']}.",
        f"- Training data: hash `{meta['data_hash']}`, {meta['images']} training images of {figures['files']} files; "
        "the built-in submission (packaged photographs, a camera model, drawings, look-alikes).",
        f"- Further photographs: {figures['covers'] or 'none'}.",
        f"- Settings that differ from `params.yaml`: {', '.join(map('`{}`'.format, figures['settings'])) or 'none'}.",
        "- The thresholds are set on the validation split for an image-level false-positive rate of "
        f"{percent(meta['params']['train']['target_fpr'], 3)}, extrapolated with an exponential tail whose mean excess "
        f"is taken at its upper {CONFIDENCE:.0%} bound{_further(meta)}.",
        *_refitted(meta),
        "- Licence: MIT, as the code. The weights hold no image.",
    ]
    return "\n".join(lines) + "\n"


def _refitted(meta: Mapping) -> list[str]:
    """What was fitted again after the run, and on what: the figures of the run say nothing of it."""
    again = meta.get("refitted")
    if not again:
        return []
    return [
        f"- Fitted again after the run, from where they stood: the experts for {', '.join(again['techniques'])}, on "
        f"{again['images']} images: {again['data']}. The figures below are of the experts before."
    ]


def _further(meta: Mapping) -> str:
    count = meta.get("further_clean")
    if not count:
        return ""
    return f", and then set anew for {percent(meta['further_fpr'], 3)} by {count} further clean images"


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
