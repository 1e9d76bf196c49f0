"""What `starlight detect` can be asked: hidden data, tampering, or both. One object a task, with `detect`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlight.detector.answer import CANNOT_TELL, CLEAN, STEGO, UNREADABLE
from starlight.detector.installed import need_forgery
from starlight.errors import StarlightError
from starlight.forgery.answer import FORGED
from starlight.system.memory import keep_freed

__all__ = ["FORGERY_VERDICTS", "EVERY_VERDICT", "Loader", "Record", "check_rate", "loader"]

FORGERY_VERDICTS = (FORGED, "authentic", CANNOT_TELL, UNREADABLE)
EVERY_VERDICT = (STEGO, FORGED, CLEAN, CANNOT_TELL, UNREADABLE)
_SHORT = ("verdict", "probability", "technique", "techniques", "reason", "threshold", "fpr")
_LONGEST_STEM = 100  # characters of a mask's name that come from the image's


class Record(dict):
    """An answer that is a record already."""

    def to_dict(self) -> dict[str, Any]:
        return dict(self)


@dataclass(frozen=True)
class Loader:
    """Loads what answers a task, in each worker; equal ones load the same."""

    task: str
    model: str | None
    runtime: str | None
    masks: str | None
    fpr: float | None = None

    def __call__(self) -> Any:
        stego = None if self.task == "forgery" else _stego(self.model, self.runtime, self.fpr)
        if self.task == "stego":
            return stego
        forgery = _Forgery(self.model if stego is None else None, self.masks)
        return forgery if stego is None else _Both(stego, forgery)


def check_rate(task: str, fpr: float | None) -> None:
    """StarlightError where another false-positive rate is asked for than the one that a task is judged at."""
    if fpr is not None and task == "forgery":
        raise StarlightError("--fpr: forged images are judged at one rate; only hidden data can be asked for others")


def loader(task: str, model: str | None, runtime: str | None, masks: str | None, fpr: float | None = None) -> Loader:
    """What each worker loads, to answer a task.

    Parameters
    ----------
    task : {"stego", "forgery", "all"}
        For `all`, `model` is that of hidden data.
    model, runtime, masks : str or None
    fpr : float, optional
        Another false-positive rate to judge hidden data at.

    Raises
    ------
    StarlightError
        The folder for masks cannot be made, or the task makes none, or is judged at one rate.
    """
    check_rate(task, fpr)
    if masks is not None:
        if task == "stego":
            raise StarlightError("--masks: only --task forgery and --task all make masks")
        try:
            os.makedirs(masks, exist_ok=True)
        except OSError as error:
            raise StarlightError(f"{masks}: cannot be made: {error.strerror or error}") from error
    return Loader(task, model, runtime, masks, fpr)


def _stego(model: str | None, runtime: str | None, fpr: float | None) -> Any:
    from starlight.detector.detector import Detector

    return Detector.load(model, runtime=runtime, fpr=fpr)


class _Forgery:
    """Tampering, with a mask in a file where a folder is given."""

    def __init__(self, model: str | None, masks: str | None) -> None:
        need_forgery()
        from starlight.forgery.detector import ForgeryDetector

        keep_freed()
        self._detector, self._masks = ForgeryDetector.load(model), masks
        self.description = self._detector.description

    def detect(self, path: str) -> Record:
        detection = self._detector.detect(path)
        record = Record(detection.to_dict())
        if self._masks is not None and detection.tampered is not None:
            record["mask"] = _write_mask(detection, Path(self._masks))
        return record

    def explain(self, path: str, _record: dict[str, Any]) -> str:
        """The page that shows why."""
        from starlight.forgery.explain import explain

        return explain(self._detector, path)


class _Both:
    """Hidden data and tampering. The record is that of the finding; both answers are in it, in short."""

    def __init__(self, stego: Any, forgery: _Forgery) -> None:
        self._stego, self._forgery = stego, forgery
        self.description = f"{stego.description}; {forgery.description}"

    def detect(self, path: str) -> Record:
        stego, forgery = self._stego.detect(path).to_dict(), self._forgery.detect(path)
        leads = forgery if forgery["verdict"] == FORGED and stego["verdict"] != STEGO else stego
        record = Record(leads) | {"mask": forgery["mask"], "ms": round(stego["ms"] + forgery["ms"], 3)}
        if leads is stego and stego["verdict"] == CLEAN and forgery["verdict"] == CANNOT_TELL:
            record |= {name: forgery[name] for name in _SHORT}
        both = {"stego": stego, "forgery": forgery}
        record["tasks"] = {task: {name: answer[name] for name in _SHORT} for task, answer in both.items()}
        return Record(record)

    def explain(self, path: str, record: dict[str, Any]) -> str:
        """The page of the task whose finding the record is."""
        from starlight.detector.explain import explain

        if record["verdict"] == record["tasks"]["stego"]["verdict"]:
            return explain(self._stego, path)
        return self._forgery.explain(path, record)


def _write_mask(detection: Any, folder: Path) -> str:
    """A PNG, white where the image is taken for forged, named after the image and its bytes."""
    from PIL import Image as PillowImage

    stem = Path(detection.path).stem[:_LONGEST_STEM]
    path = folder / f"{stem}-{detection.sample_id}.png"
    PillowImage.fromarray(detection.tampered).save(path)
    return str(path)
