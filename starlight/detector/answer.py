"""The answer about one file. Standard library only: the command that prints answers need not load what gives them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["CANNOT_TELL", "CLEAN", "STEGO", "UNREADABLE", "VERDICTS", "Detection"]

STEGO, CLEAN, CANNOT_TELL, UNREADABLE = "stego", "clean", "cannot tell", "unreadable"
VERDICTS = (STEGO, CLEAN, CANNOT_TELL, UNREADABLE)


@dataclass(frozen=True)
class Detection:
    """What the detector says about one file.

    Attributes
    ----------
    path : str
        As it was given or found; `<bytes>` for bytes.
    verdict : {"stego", "clean", "cannot tell", "unreadable"}
    probability : float or None
        Calibrated probability that the file carries a payload; None where it was not judged.
    technique : str or None
        Most likely technique, for `stego` and `cannot tell`.
    techniques : dict of str to float
        Calibrated probability of each technique that this container can carry.
    payload_preview : str or None
        Escaped first bytes of the payload, where one decodes.
    reason : str
        Why, in one short sentence.
    silent : dict of str to str
        Techniques that this container can carry and whose experts may not speak of this picture, and why.
    notes : list of str
        What people and devices left openly in the file: comments, captions, settings, provenance.
    ms : float
        Milliseconds from opening the file to this answer.
    threshold : float or None
        Probability from which a file is called `stego`.
    fpr : float or None
        False-positive rate, as a fraction, that the threshold was set for.
    sample_id : str or None
        First 16 hex digits of the file's SHA-256; None where it could not be read.
    """

    path: str
    verdict: str
    probability: float | None = None
    technique: str | None = None
    techniques: dict[str, float] = field(default_factory=dict)
    payload_preview: str | None = None
    reason: str = ""
    silent: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    ms: float = 0.0
    threshold: float | None = None
    fpr: float | None = None
    sample_id: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The record that `--format jsonl` prints."""
        return asdict(self)
