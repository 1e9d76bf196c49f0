"""The answer about one file. Standard library and NumPy only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["AUTHENTIC", "CANNOT_TELL", "FORGED", "UNREADABLE", "VERDICTS", "ForgeryDetection"]

FORGED, AUTHENTIC, CANNOT_TELL, UNREADABLE = "forged", "authentic", "cannot tell", "unreadable"
VERDICTS = (FORGED, AUTHENTIC, CANNOT_TELL, UNREADABLE)


@dataclass(frozen=True)
class ForgeryDetection:
    """What the detector says about one file.

    Attributes
    ----------
    path : str
        As it was given or found; `<bytes>` for bytes.
    verdict : {"forged", "authentic", "cannot tell", "unreadable"}
    probability : float or None
        Of the likeliest suspicion; None where nothing was judged.
    technique : str or None
        `copy-move`, `splice` or `erasing`: what the likeliest accepted suspicion is.
    techniques : dict of str to float
        Probability of the likeliest suspicion of each kind.
    reason : str
        Why, in one short sentence.
    ms : float
        Milliseconds from opening the file to this answer.
    threshold, fpr : float or None
        Probability from which a file is called `forged`, and the false-positive rate that it was set for.
    sample_id : str or None
        First 16 hex digits of the file's SHA-256; None where it could not be read.
    tampered : (h, w) bool or None
        What is taken for forged, pixel by pixel; None where nothing was judged. Not part of the record.
    """

    path: str
    verdict: str
    probability: float | None = None
    technique: str | None = None
    techniques: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    ms: float = 0.0
    threshold: float | None = None
    fpr: float | None = None
    sample_id: str | None = None
    tampered: np.ndarray | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The record that `--format jsonl` prints; what belongs to hidden data alone is empty."""
        names = [n for n in self.__dataclass_fields__ if n != "tampered"]
        return {name: getattr(self, name) for name in names} | {
            "payload_preview": None, "silent": {}, "notes": [], "mask": None,
        }  # fmt: skip
