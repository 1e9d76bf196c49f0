"""`ForgeryDetector`: a file in, an answer and a mask out."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from starlight.detector.detector import find_weights, read_file
from starlight.errors import BadImage
from starlight.forgery.accepted import accepted
from starlight.forgery.answer import AUTHENTIC, CANNOT_TELL, FORGED, UNREADABLE, ForgeryDetection
from starlight.forgery.candidates import COPY, Candidate, examine
from starlight.forgery.verifier import Verifier, load_network
from starlight.images.image import Image, decode, sample_id

__all__ = ["WEIGHTS", "ForgeryDetector", "JudgedForgery"]

WEIGHTS = "forgery.safetensors"
_LEAST_SIDE = 64  # pixels
_BYTES = "<bytes>"


class JudgedForgery(NamedTuple):
    """An image with what was found in it on the way to its answer.

    Attributes
    ----------
    image : Image
    candidates : list of Candidate
    probabilities : (n,) float64
        Of each candidate.
    accepted : list of Candidate
        Those that are marked as forged.
    sides : list of int
        Of each of those, what of it is marked: of a copy its target (1), its source (-1), or both (0).
    detection : ForgeryDetection
    """

    image: Image
    candidates: list[Candidate]
    probabilities: np.ndarray
    accepted: list[Candidate]
    sides: list[int]
    detection: ForgeryDetection


class ForgeryDetector:
    """A trained detector of copy-move, splice and erasing.

    Parameters
    ----------
    verifier : Verifier
    network : mapping of str to array, optional
        Weights of the network that finds splices and erasures; without them only copies are looked for.
    description : str
        Which detector this is, for people.

    Examples
    --------
    >>> from starlight.forgery.detector import ForgeryDetector
    >>> ForgeryDetector.load().detect("figure.png").verdict     # doctest: +SKIP
    'authentic'
    """

    def __init__(
        self, verifier: Verifier, network: Mapping[str, np.ndarray] | None = None, description: str = ""
    ) -> None:
        self.verifier, self.network, self.description = verifier, network, description

    @classmethod
    def load(cls, path: str | Path | None = None) -> ForgeryDetector:
        """Load a detector: the given one, else the one trained in this project, else the released one.

        Raises
        ------
        StarlightError
            There is no such file, or it is no detector.
        """
        file, origin = (Path(path), "given") if path is not None else find_weights(WEIGHTS)
        verifier = Verifier.load(file)
        about = f"{origin} forgery detector ({file}), judged at an FPR of {verifier.meta.get('fpr', float('nan')):.3g}"
        cv2.setNumThreads(1)  # files are judged in parallel, and threads inside one only get in the way
        return cls(verifier, load_network(file), about)

    def detect(self, source: str | os.PathLike[str] | bytes) -> ForgeryDetection:
        """Judge one file, or the bytes of one. What cannot be read is `unreadable`, with the reason."""
        started = time.perf_counter()
        try:
            return self.judge(source, started=started).detection
        except BadImage as error:
            return ForgeryDetection(_name(source), UNREADABLE, reason=error.reason, ms=_ms(started), **self._standard())

    def judge(self, source: str | os.PathLike[str] | bytes, *, started: float | None = None) -> JudgedForgery:
        """As `detect`, with what led to the answer.

        Raises
        ------
        BadImage
            The file cannot be read.
        """
        started = time.perf_counter() if started is None else started
        image = decode(source) if isinstance(source, bytes) else read_file(os.fspath(source))
        suspicions = examine(image, self.network)
        found = suspicions.candidates
        probabilities = self.verifier.probability(suspicions.table)
        marked = np.flatnonzero(accepted(probabilities, self.verifier.threshold))
        kept, sides = [found[i] for i in marked], self.verifier.chosen(suspicions.table[marked]).tolist()
        detection = self._answer(image, _name(source), found, probabilities, kept, sides, started)
        return JudgedForgery(image, found, probabilities, kept, sides, detection)

    def _answer(self, image, name, found, probabilities, accepted, sides, started) -> ForgeryDetection:
        common = {"sample_id": sample_id(image.data), **self._standard()}
        shape = image.pixels.shape[:2]
        if min(shape) < _LEAST_SIDE:
            reason = f"smaller than {_LEAST_SIDE} pixels"
            return ForgeryDetection(name, CANNOT_TELL, reason=reason, ms=_ms(started), **common)
        each: dict[str, float] = {}
        for candidate, p in zip(found, probabilities, strict=True):
            each[candidate.kind] = max(each.get(candidate.kind, 0.0), round(float(p), 6))
        best = max(accepted, key=lambda c: probabilities[found.index(c)]) if accepted else None
        return ForgeryDetection(
            name, FORGED if accepted else AUTHENTIC,
            probability=round(float(probabilities.max(initial=0.0)), 6), technique=best.kind if best else None,
            techniques=each, reason=_reason(best, found, shape), tampered=_union(accepted, sides, shape),
            ms=_ms(started), **common,
        )  # fmt: skip

    def _standard(self) -> dict[str, float]:
        return {"threshold": round(self.verifier.threshold, 6), "fpr": self.verifier.meta.get("fpr")}


def _union(accepted: list[Candidate], sides: list[int], shape: tuple[int, int]) -> np.ndarray:
    mask = np.zeros(shape, bool)
    for candidate, side in zip(accepted, sides, strict=True):
        mask |= candidate.side(side)
    return mask


def _reason(best: Candidate | None, found: list[Candidate], shape: tuple[int, int]) -> str:
    if best is None:
        return "no suspicion reaches the threshold" if found else "nothing suspicious"
    share = 100 * best.mask.mean()
    if best.kind != COPY:
        what = "noise and detail are missing" if best.kind == "erasing" else "noise or compression is unlike the rest"
        return f"{what} in {share:.1f} % of the image"
    y, x = np.nonzero(best.source)
    centre = np.array([x.mean(), y.mean()])
    there = best.matrix[:, :2] @ centre + best.matrix[:, 2]
    return (
        f"two regions agree down to their noise, around ({centre[0]:.0f}, {centre[1]:.0f}) "
        f"and ({there[0]:.0f}, {there[1]:.0f}), {share:.1f} % of the image{_change(best.matrix)}"
    )


def _change(matrix: np.ndarray) -> str:
    """What was done to the copy, in words."""
    linear = matrix[:, :2]
    scale = float(np.sqrt(abs(np.linalg.det(linear))))
    words = ["mirrored"] if np.linalg.det(linear) < 0 else []
    turn = abs(float(np.degrees(np.arctan2(linear[1, 0], linear[0, 0]))))
    if not words and turn > 2:
        words.append(f"turned by {turn:.0f} degrees")
    if abs(scale - 1) > 0.03:
        words.append(f"scaled by {scale:.2f}")
    return f", {' and '.join(words)}" if words else ""


def _name(source: str | os.PathLike[str] | bytes) -> str:
    return _BYTES if isinstance(source, bytes) else os.fspath(source)


def _ms(started: float) -> float:
    return round(1e3 * (time.perf_counter() - started), 3)
