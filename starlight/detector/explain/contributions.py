"""What each stream contributed to an answer, and what the image resembles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from starlight.detector.detector import Judged
from starlight.detector.predictor import Embedder, Predictor
from starlight.techniques.shown import speaking

__all__ = ["Contribution", "contributions", "nearest_category"]


class Contribution(NamedTuple):
    """A stream, and by how much the score falls without it: positive where it spoke for a payload."""

    stream: str
    change: float


def contributions(predictor: Predictor, judged: Judged) -> list[Contribution]:
    """Blank one stream after the other of those that have a say, largest effect first.

    The score compared is that of the technique that the whole image scores highest on, in units of the authentic
    tail; it need not add up, since streams can say the same thing.
    """
    scores = judged.prediction.technique_scores[0]
    best = int(scores.argmax())
    found = []
    for name in speaking(predictor.streams):
        without = predictor.predict([judged.record], judged.classes, blank=name).technique_scores[0, best]
        found.append(Contribution(name, float(scores[best] - without)))
    return sorted(found, key=lambda c: -abs(c.change))


def nearest_category(predictor: Predictor, judged: Judged) -> tuple[str, float] | None:
    """The training category whose centroid is nearest in the detector's embedding, and the distance.

    None where the weights hold no centroids (`meta["centroids"]`: category to vector), or the runtime no embedding.
    """
    centroids = predictor.meta.get("centroids")
    if not centroids or not isinstance(predictor, Embedder):
        return None
    here = np.asarray(predictor.embed([judged.record]))[0]
    distances = {name: float(np.linalg.norm(here - np.asarray(centre))) for name, centre in centroids.items()}
    name = min(distances, key=lambda n: (distances[n], n))
    return name, distances[name]
