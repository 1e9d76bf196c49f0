"""An answer in words: why, and what was left openly in the file."""

from __future__ import annotations

from starlight.detector.answer import CANNOT_TELL, CLEAN
from starlight.detector.calibration.judgement import Prediction
from starlight.detector.previews import preview
from starlight.findings.finding import Finding
from starlight.findings.reading.reader import Reading
from starlight.techniques import OTHER

__all__ = ["notes", "reason"]

_MOST_NOTES = 20
_NOTE = 120  # characters of what a note begins with


def reason(verdict: str, technique: str | None, reading: Reading, prediction: Prediction) -> str:
    """Why, in one short sentence.

    Parameters
    ----------
    verdict : str
    technique : str or None
        The one that is named.
    reading : Reading
    prediction : Prediction
        Of this image alone.

    Returns
    -------
    str
    """
    if verdict == CANNOT_TELL:
        return str(prediction.reasons[0])
    if verdict == CLEAN:
        return "no technique reaches its threshold"
    first = next((found for found in reading.hidden if found.technique == technique), None)
    if first is None:
        like = "a technique outside the list" if technique == OTHER else technique
        return f"statistics like those of {like}, {float(prediction.score[0]):.1f} over the threshold"
    others = [found for found in reading.hidden if found is not first]
    more = f"; also {others[0]}" if others else ""
    return _at(first) + more + (f" and {len(others) - 1} more" if len(others) > 1 else "")


def notes(reading: Reading) -> list[str]:
    """Notes, one line each: what and where, and how it begins."""
    return list(map(_note, reading.notes[:_MOST_NOTES]))


def _at(found: Finding) -> str:
    return str(found) if found.offset is None else f"{found}, from byte {found.offset}"


def _note(found: Finding) -> str:
    begins = preview(found.payload.strip(b"\0 "), _NOTE) if found.what.startswith("text") else ""
    return f"{found}: {begins}" if begins else str(found)
