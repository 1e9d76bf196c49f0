"""Errors estimated by contradictions with a second classifier, beside those that calibrated probabilities tell.

D. Lerch-Hostalot and D. Megías ("Detection of classifier inconsistencies in image steganalysis", IH&MMSec 2019) embed
into every image of a pool once more. A second classifier, which was trained to tell images that were embedded into once
from those embedded into twice, then says of the new images which of the old ones carried something. Where the two
contradict each other one of them is wrong; where they err equally often and apart, half of the contradictions are the
first one's errors.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from starlight.detector.detector import Detector
from starlight.images.writing.encode import Encoding, encode
from starlight.metrics import clopper_pearson
from starlight.monitor.unlabelled import expected
from starlight.techniques import get

__all__ = ["Plan", "compare"]

_PNG = Encoding("png", level=1)
_AGAIN, _POOL = 1 << 20, 1 << 21  # added to seeds, so that no two payloads are one


class Plan(NamedTuple):
    """`technique` and `rate` (bits a sample) that the second classifier is trained for; `rates` that pools hold."""

    technique: str
    rate: float
    rates: Sequence[float]


class _Seen(NamedTuple):
    content: np.ndarray
    flagged: np.ndarray
    probability: np.ndarray


def compare(
    detector: Detector, train: Sequence[np.ndarray], pools: Mapping[str, Sequence[np.ndarray]], plan: Plan
) -> pd.DataFrame:
    """True errors beside both estimates, pool by pool.

    Parameters
    ----------
    detector : Detector
    train : sequence of (h, w, c) uint8
        Clean pictures for the second classifier.
    pools : mapping
        Name of a source to its clean pictures; every second one gets a payload.
    plan : Plan

    Returns
    -------
    DataFrame
        `technique`, `trained_for` (rate), `source`, `rate`, `images`, `wrong` (verdicts), `low`, `high` (95 %
        Clopper-Pearson, of their share), `by_contradictions`, `by_probabilities` (the two estimates of it),
        `second_wrong` (share of wrong answers of the second classifier).
    """
    embed = get(plan.technique).embed
    once = [embed(picture, plan.rate, seed=i) for i, picture in enumerate(train)]
    twice = [embed(picture, plan.rate, seed=_AGAIN + i) for i, picture in enumerate(once)]
    second = _trained(_look(detector, once).content, _look(detector, twice).content)
    rows = []
    for source, pictures in pools.items():
        for rate in plan.rates:
            label = np.arange(len(pictures)) % 2 == 1
            pool = [embed(p, rate, seed=_POOL + i) if label[i] else p for i, p in enumerate(pictures)]
            seen = _look(detector, pool)
            again = [embed(picture, plan.rate, seed=_AGAIN + _POOL + i) for i, picture in enumerate(pool)]
            told = second.predict(_look(detector, again).content).astype(bool)
            rows.append({"technique": plan.technique, "trained_for": plan.rate, "source": source, "rate": rate}
                        | _row(seen, told, label))  # fmt: skip
    return pd.DataFrame(rows)


def _row(seen: _Seen, told: np.ndarray, label: np.ndarray) -> dict[str, Any]:
    wrong, n = int((seen.flagged != label).sum()), len(label)
    low, high = clopper_pearson(wrong, n)
    return {
        "images": n, "wrong": wrong, "low": round(low, 4), "high": round(high, 4),
        "by_contradictions": round(float((seen.flagged != told).mean()) / 2, 4),
        "by_probabilities": round(1 - expected(seen.probability, seen.flagged).accuracy, 4),
        "second_wrong": round(float((told != label).mean()), 4),
    }  # fmt: skip


def _look(detector: Detector, pictures: Sequence[np.ndarray]) -> _Seen:
    return _Seen(*(np.array(part) for part in zip(*_looks(detector, pictures), strict=True)))


def _looks(detector: Detector, pictures: Sequence[np.ndarray]) -> Iterator[tuple[np.ndarray, bool, float]]:
    for picture in pictures:
        judged = detector.judge(encode(picture, _PNG), maps=False)
        content = np.nan_to_num(np.asarray(judged.record["content"], float), posinf=0.0, neginf=0.0)
        yield content, bool(judged.prediction.score[0] >= 0), float(judged.prediction.probability[0])


def _trained(single: np.ndarray, double: np.ndarray) -> Pipeline:
    """Tells images embedded into twice from those embedded into once."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=2000))
    return model.fit(np.concatenate([single, double]), np.repeat([0, 1], [len(single), len(double)]))
