"""Reading the tables of a run for people: what cannot be is one line that names file, column and row."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from starlight import manifest, metrics
from starlight.errors import StarlightError

__all__ = ["read_manifest", "read_predictions"]


class _Numbers(NamedTuple):
    """What a column of numbers may hold, ends included."""

    low: float
    high: float
    whole: bool = False
    empty: bool = False

    def fits(self, text: pd.Series) -> pd.Series:
        number = pd.to_numeric(text, errors="coerce").astype(float)
        right = number.between(self.low, self.high)
        if self.whole:
            right &= number % 1 == 0
        return right | (text.str.lower().isin(["", "nan"]) & self.empty)

    def __str__(self) -> str:
        kind = "a whole number" if self.whole else "a number"
        return f"{kind} from {self.low:g} to {self.high:g}{', or nothing' if self.empty else ''}"


class _Names(NamedTuple):
    """What a column of names may hold; whatever is not empty where none are listed."""

    listed: tuple[str, ...] = ()

    def fits(self, text: pd.Series) -> pd.Series:
        return text.isin(self.listed) if self.listed else text.str.strip() != ""

    def __str__(self) -> str:
        return f"one of {', '.join(name or 'nothing' for name in self.listed)}" if self.listed else "something"


_YES_NO = _Numbers(0, 1, whole=True)
_SIDE = _Numbers(1, 2**31, whole=True, empty=True)
_CELLS = _Numbers(0, 1e12, whole=True, empty=True)
_SHARE = _Numbers(0, 1, empty=True)
_IMAGES = {"label": _YES_NO, "width": _SIDE, "height": _SIDE, "payload_bits": _Numbers(0, 1e15, empty=True),
           "payload_rate": _Numbers(0, 1e6, empty=True)}  # fmt: skip
_MANIFEST = _IMAGES | {
    "path": _Names(), "bytes": _Numbers(0, 2**53, whole=True, empty=True), "kind": _Names(manifest.KINDS),
    "status": _Names(("ok", "quarantined")), "split": _Names(("train", "val", "test", "")),
}  # fmt: skip
_PREDICTIONS = _IMAGES | {
    **dict.fromkeys(("sample_id", "path", "cover_id"), _Names()), "kind": _Names(("clean", "negative", "stego")),
}  # fmt: skip
_BY_MODEL = {
    "probability": _Numbers(0, 1), "score": _Numbers(-1e6, 1e6), "flagged": _YES_NO, "ood": _SHARE,
    "map_fp_ratio": _SHARE, "map_tp": _CELLS, "map_fp": _CELLS, "map_fn": _CELLS, "map_tn": _CELLS,
}  # fmt: skip
_MODEL = re.compile(rf"(?:{'|'.join(metrics.MODELS)}|control)_(\w+)")


def read_predictions(path: str | Path) -> pd.DataFrame:
    """`metrics.read_predictions` of a file whose every value was looked at.

    Raises
    ------
    StarlightError
        Names the file, and the column and the row where it is a value that cannot be.
    """
    _check(Path(path), lambda column: _PREDICTIONS.get(column) or _BY_MODEL.get(_measure(column)))
    try:
        return metrics.read_predictions(path)
    except StarlightError as error:
        raise StarlightError(f"{path}: {str(error).removeprefix('predictions: ').removeprefix(f'{path}: ')}") from error


def _measure(column: str) -> str:
    match = _MODEL.fullmatch(column)
    return match[1] if match else ""


def read_manifest(path: str | Path) -> pd.DataFrame:
    """`manifest.read` of a file whose every value was looked at; raises as `read_predictions` does."""
    _check(Path(path), _MANIFEST.get)
    return manifest.read(path)


def _check(path: Path, rule_of) -> None:
    """Raise for the first value, in the order of the columns, that does not fit."""
    for name, text, rule in _columns(path, rule_of):
        fits = rule.fits(text)
        if not fits.all():
            row = int(fits.to_numpy().argmin())
            value = text.iloc[row]
            shown = repr(value if len(value) <= 40 else value[:40] + "...")
            raise StarlightError(f"{path}: row {row + 1}, column {name}: {shown} is not {rule}")


def _columns(path: Path, rule_of) -> Iterator[tuple[str, pd.Series, object]]:
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
    except (OSError, ValueError):  # the reader proper says what is wrong with it
        return
    for name in table.columns:
        rule = rule_of(name)
        if rule is not None:
            yield name, table[name].fillna(""), rule
