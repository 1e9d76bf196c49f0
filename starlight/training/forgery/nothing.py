"""What the stages of the task forgery leave where there is nothing to learn from: the same files, saying so."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from starlight.forgery.verifier import Verifier
from starlight.manifest import of_forgery, usable
from starlight.system.atomic import write_text

__all__ = ["lacking", "leave_curve", "leave_examples", "leave_figures", "leave_verifiers", "reason"]

_REASON = "nothing.txt"


def lacking(manifest: pd.DataFrame) -> str:
    """What the data set lacks for the task, in one sentence; empty where it lacks nothing.

    Parameters
    ----------
    manifest : DataFrame
    """
    rows = usable(of_forgery(manifest))
    for split in ("train", "val", "test"):
        for label, what in ((1, "forged"), (0, "authentic")):
            if not ((rows["split"] == split) & (rows["label"] == label)).any():
                return (
                    f"the {split} split has no usable {what} image; add a submission with forged/ and masks/, or set "
                    "tampering.enabled: true in params.yaml"
                )
    return ""


def reason(folder: Path) -> str:
    """Why there was nothing to learn from, as `leave_examples` wrote it; empty where there was."""
    path = folder / _REASON
    return path.read_text(encoding="utf-8").strip() if path.is_file() else ""


def leave_examples(folder: Path, why: str) -> None:
    """In place of what `Extracted.save` writes."""
    write_text(folder / _REASON, why + "\n")


def leave_verifiers(paths: Sequence[Path], why: str) -> None:
    """Weights files that no detector can be made from; loading one says why."""
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        Verifier((), meta={"nothing": why}).save(path)


def leave_curve(folder: Path) -> None:
    """A curve of fine-tuning without a point."""
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(columns=["trees", "score"]).to_csv(folder / "curves.csv", index=False, lineterminator="\n")


def leave_figures(folder: Path, why: str) -> None:
    """Tables without rows, and measures that say why there are none."""
    folder.mkdir(parents=True, exist_ok=True)
    scores = ["sample_id", "path", "base_score", "detector_score"]
    pd.DataFrame(columns=scores).to_csv(folder / "predictions.csv", index=False, lineterminator="\n")
    columns = ["group", "judged", "model", "base_fpr", "value", "p_against_base"]
    pd.DataFrame(columns=columns).to_csv(folder / "before_after.csv", index=False, lineterminator="\n")
    (folder / "metrics.json").write_text(json.dumps({"nothing": why}, indent=2) + "\n", encoding="utf-8")
