"""`starlight explain --task forgery`: one page that shows what is taken for forged, and why."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image as PillowImage

from starlight.detector.answer import Detection
from starlight.detector.explain import pictures
from starlight.detector.explain.page import Figure, render
from starlight.errors import BadImage
from starlight.forgery.answer import ForgeryDetection
from starlight.forgery.candidates import COPY, FEATURES, Candidate
from starlight.forgery.detector import ForgeryDetector, JudgedForgery

__all__ = ["explain", "overlay"]

_LONGEST = 720  # pixels
_COLOURS = ((225, 40, 35), (40, 120, 225))  # of what is marked, and of what a copy was taken from
_MOST = 6  # suspicions in words
_WORDS = {  # fact -> how it is called, and whether more of it speaks for a copy
    "noise_agreement": "agreement of the noise", "agreement": "agreement of the grey levels",
    "rivals": "places elsewhere that look the same", "inliers": "keypoints that agree (logarithm)",
    "same_panel": "in one panel", "flat": "share without any texture",
}  # fmt: skip


def explain(detector: ForgeryDetector, path: str) -> str:
    """The page for a file, as HTML text; a file that cannot be read gets a short one that says so."""
    try:
        judged = detector.judge(path)
    except BadImage:
        return render(_shown(detector.detect(path)), detector.description, [], [], [], [], [], None, None)
    figures = [
        Figure(pictures.data_uri(pictures.thumbnail(judged.image.pixels)), "The image"),
        Figure(pictures.data_uri(overlay(judged.image.pixels, judged.accepted, judged.sides)), _caption(judged)),
    ]
    return render(_shown(judged.detection), detector.description, figures, [], [], [], _sentences(judged), None, None)


def overlay(pixels: np.ndarray, accepted: list[Candidate], sides: list[int]) -> PillowImage.Image:
    """The image in grey with what is forged outlined; the two regions of a copy are joined at four places.

    What is taken for forged is red; of a copy that tells, the region that it was taken from is blue.

    Parameters
    ----------
    pixels : (h, w, 1 or 3) uint8
    accepted : list of Candidate
    sides : list of int
        See `JudgedForgery`.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, _LONGEST / max(height, width))
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    grey = cv2.resize(pixels.mean(axis=2, dtype=np.float32), size, interpolation=cv2.INTER_AREA)
    shown = np.repeat((0.6 * grey + 60).astype(np.uint8)[:, :, None], 3, axis=2)
    for candidate, side in zip(accepted, sides, strict=True):
        if candidate.source is None:
            _outline(shown, candidate.mask, size, _COLOURS[0])
            continue
        _outline(shown, candidate.source, size, _COLOURS[side == 1])
        _outline(shown, candidate.target, size, _COLOURS[side == -1])
        for here, there in _links(candidate):
            ends = [tuple(int(v) for v in np.rint(scale * p)) for p in (here, there)]
            cv2.line(shown, *ends, _COLOURS[0], 1, cv2.LINE_AA)
    return PillowImage.fromarray(shown)


def _outline(shown: np.ndarray, mask: np.ndarray, size: tuple[int, int], colour: tuple[int, int, int]) -> None:
    small = cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    shown[small > 0] = (0.75 * shown[small > 0] + 0.25 * np.array(colour)).astype(np.uint8)
    outlines, _ = cv2.findContours(small, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(shown, outlines, -1, colour, 2)


def _links(candidate: Candidate) -> list[tuple[np.ndarray, np.ndarray]]:
    """Four places of the source, from left to right, and where each is found again."""
    y, x = np.nonzero(candidate.source)
    order = np.argsort(x, kind="stable")
    places = np.stack([x, y], 1)[order[(np.array([0.1, 0.37, 0.63, 0.9]) * len(x)).astype(int)]].astype(float)
    return [(p, candidate.matrix[:, :2] @ p + candidate.matrix[:, 2]) for p in places]


def _caption(judged: JudgedForgery) -> str:
    if not judged.accepted:
        return "Nothing is marked"
    if any(judged.sides):
        return "Outlined: regions that agree, joined by lines; red is taken for the copy, blue for its original"
    if any(c.source is not None for c in judged.accepted):
        return "Outlined: regions that agree, joined by lines; which of the two is the copy cannot be told"
    return "Outlined: what is unlike the rest of the image"


def _sentences(judged: JudgedForgery) -> list[str]:
    order = np.argsort(-judged.probabilities, kind="stable")[:_MOST]
    said = []
    for i in order:
        candidate = judged.candidates[i]
        text = (
            f"{candidate.kind}, {100 * candidate.mask.mean():.1f} % of the image: {100 * judged.probabilities[i]:.1f} %"
        )
        if candidate.kind == COPY:
            facts = dict(zip(FEATURES, candidate.features, strict=True))
            text += "; " + ", ".join(f"{words} {facts[name]:.2f}" for name, words in _WORDS.items())
        said.append(text)
    return said or ["No region agrees with another, none is unlike the rest."]


def _shown(answer: ForgeryDetection) -> Detection:
    """The answer in the form that the page is made from."""
    return Detection(
        answer.path, answer.verdict, answer.probability, answer.technique, answer.techniques, reason=answer.reason,
        ms=answer.ms, threshold=answer.threshold, fpr=answer.fpr, sample_id=answer.sample_id,
    )  # fmt: skip
