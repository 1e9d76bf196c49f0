"""The released detector: the pipeline's own, with a model card that holds its figures."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from starlight.evidence import to_markdown
from starlight.markdown import interval, percent

__all__ = ["model_card"]


def model_card(meta: Mapping, metrics: Mapping, dataset: Mapping, evidence: pd.DataFrame | None, covers: str) -> str:
    """The model card as Markdown, every figure from the run that made the weights.

    Parameters
    ----------
    meta : mapping
        Of the weights file: name, params, data hash.
    metrics : mapping
        `v4` of `metrics.json`.
    dataset : mapping
        `dataset.json`.
    evidence : DataFrame, optional
        What `starlight.evidence.count` gave.
    covers : str
        Where photographs beyond the packaged ones came from, and their terms; empty for none.
    """
    parts = [
        "# Model card: the released Starlight detector\n",
        _about(meta, dataset, covers),
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


def _about(meta: Mapping, dataset: Mapping, covers: str) -> str:
    general = meta["params"]["general"]
    lines = [
        f"- Weights: `detector.safetensors`, `{meta['name']}`, streams: {general['streams']}, seed {general['seed']}.",
        f"- Training data: hash `{meta['data_hash']}`, {meta['images']} training images of {dataset['files']} files; "
        "the built-in submission (packaged photographs, a camera model, drawings, look-alikes).",
        f"- Further photographs: {covers or 'none'}.",
        "- The thresholds are set on the validation split for an image-level false-positive rate of "
        f"{percent(meta['params']['train']['target_fpr'], 3)}, extrapolated with an exponential tail.",
        "- Licence: MIT, as the code. The weights hold no image.",
    ]
    return "\n".join(lines) + "\n"


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
