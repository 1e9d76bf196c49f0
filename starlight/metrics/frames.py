"""The table of predictions: reading, checking, and seeing it through one model."""

from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.techniques import protocol

__all__ = ["FACTS", "MODELS", "PER_MODEL", "check_predictions", "parts", "read_predictions", "view"]

MODELS = ("v3", "v4_base", "v4")
FACTS = (
    "sample_id", "path", "submission", "kind", "category", "technique", "label", "payload_bits", "payload_rate",
    "cover_id", "format", "mode", "width", "height", "twin_of", "tool",
)  # fmt: skip
PER_MODEL = (
    "probability", "flagged", "technique", "map_fp_ratio", "map_tp", "map_fp", "map_fn", "map_tn", "ood",
)  # fmt: skip
_KINDS = {"clean": 0, "negative": 0, "stego": 1}
_TEXT = ("sample_id", "path", "submission", "kind", "category", "technique", "cover_id", "format", "mode", "twin_of",
         "tool")  # fmt: skip
_OPTIONAL = ("twin_of", "tool")


def read_predictions(path: str | Path) -> pd.DataFrame:
    """Read `predictions.csv`; names stay text (an id may look like a number), empty names are "".

    Raises
    ------
    StarlightError
        Where the file cannot be read or is no table of predictions.
    """
    try:
        header = pd.read_csv(path, nrows=0).columns
        text = [c for c in header if c in _TEXT or c.endswith("_technique")]
        frame = pd.read_csv(path, dtype=dict.fromkeys(text, str))
    except (OSError, ValueError) as error:
        raise StarlightError(f"{path}: cannot be read as predictions ({error})") from error
    frame[text] = frame[text].fillna("")
    models = [c.removesuffix("_probability") for c in header if c.endswith("_probability")]
    for model in models or MODELS:
        check_predictions(frame, model)
    return frame


def check_predictions(predictions: pd.DataFrame, model: str) -> None:
    """Raise StarlightError, naming the column, where the table breaks the contract for one model."""
    wanted = [c for c in FACTS if c not in _OPTIONAL] + [f"{model}_{c}" for c in PER_MODEL]
    missing = [c for c in wanted if c not in predictions.columns]
    if missing:
        raise StarlightError(f"predictions: no column {', '.join(missing)}")
    kinds = set(predictions.kind) - set(_KINDS)
    if kinds:
        raise StarlightError(f"predictions: column kind holds {sorted(kinds)}, allowed are {sorted(_KINDS)}")
    if (predictions.label != predictions.kind.map(_KINDS)).any():
        raise StarlightError("predictions: column label contradicts column kind")
    numbers = ["label", *(f"{model}_{c}" for c in (*PER_MODEL, "score", "rate") if c != "technique")]
    for name in (name for name in numbers if name in predictions):
        if not pd.api.types.is_numeric_dtype(predictions[name]):
            raise StarlightError(f"predictions: column {name} holds something that is no number")
    if f"{model}_score" in predictions and not np.isfinite(predictions[f"{model}_score"]).all():
        raise StarlightError(f"predictions: column {model}_score holds values that are not finite")
    if not predictions[f"{model}_probability"].between(0, 1).all():
        raise StarlightError(f"predictions: column {model}_probability holds values outside 0 to 1")
    if not predictions[f"{model}_flagged"].isin([0, 1]).all():
        raise StarlightError(f"predictions: column {model}_flagged holds values other than 0 and 1")


def parts(frame: pd.DataFrame) -> dict[str, pd.Series]:
    """What V3 was trained on and what not, as masks over a table seen through `view`.

    Returns
    -------
    dict of bool Series
        Authentic: `clean`, of which no stego of the protocol was made, `twins`, of which some was, and `lookalikes`.
        Stego: `protocol`, and `stego`, all of it.
    """
    authentic, clean = frame.label == 0, frame.kind == "clean"
    twin = frame.twin_of.str.split(";").map(lambda made: bool(set(made) & set(protocol())))
    return {
        "clean": authentic & clean & ~twin,
        "twins": authentic & clean & twin,
        "lookalikes": authentic & (frame.kind == "negative"),
        "protocol": ~authentic & frame.technique.isin(protocol()),
        "stego": ~authentic,
    }


def view(predictions: pd.DataFrame, model: str) -> pd.DataFrame:
    """The table as one model sees it, with plain column names.

    Returns
    -------
    DataFrame
        The facts, and `probability`, `score` (what ranks images: the model's `score` column where there is one, else
        its probability), `flagged` (bool), `rate` (lowest false-positive rate that it is flagged at, NaN for none or
        where nobody noted it), `named` (technique that the model took it for), `map_*`, `ood`. Stego without a
        technique counts as `unknown`.
    """
    check_predictions(predictions, model)
    facts = [c for c in FACTS if c in predictions.columns]
    own = predictions[[f"{model}_{c}" for c in PER_MODEL]].copy()
    own.columns = ["probability", "flagged", "named", *PER_MODEL[3:]]
    own["score"] = predictions.get(f"{model}_score", own.probability)
    own["rate"] = predictions.get(f"{model}_rate", np.nan)
    frame = pd.concat([predictions[facts], own], axis=1)
    text = [c for c in (*_TEXT, "named") if c in frame.columns]
    frame[text] = frame[text].astype(object).where(frame[text].notna(), "")
    for name in (name for name in _OPTIONAL if name not in frame.columns):
        frame[name] = ""
    frame["flagged"] = frame.flagged.astype(bool)
    frame.loc[(frame.label == 1) & (frame.technique == ""), "technique"] = "unknown"
    return frame.reset_index(drop=True)
