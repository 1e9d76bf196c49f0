"""Fine-tuning on real photographs of some makes, judged on those of another: mined ones, random ones, none at all."""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from tqdm import tqdm

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import judge
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.weights import Member, Stored
from starlight.lab.mining.data import Fold, Images
from starlight.metrics.before_after import as_powerful
from starlight.params import General
from starlight.training.build import build, refit
from starlight.training.calibrate import calibrate
from starlight.training.data import TrainingData
from starlight.training.mining import Evidence, MineParams, select
from starlight.training.params import TrainParams
from starlight.training.pools import brought_alone, expert_weights, held_back, sampler_of, weight_negatives
from starlight.training.selection import Passes
from starlight.training.weighting import FinetuneParams

__all__ = ["ARMS", "GENERATED", "LOOSE", "POINTS", "Settings", "compared_by_make"]

ARMS = {
    "base": "the base detector, which has seen none of them",
    "generated": "as many random generated images, no photograph",
    "random": "as many photographs drawn at random",
    "mined": "the photographs that the base comes closest to flagging",
    "all": "all photographs, the mined ones raised",
    "trained": "all photographs, from the start: its experts are fitted from nothing, as base training does",
}
POINTS = {
    "half": "probability 0.5",
    "threshold": "its threshold",
    "own5": "the score that 5 % of its own authentic validation images reach",
    "base5": "the score that 5 % of the make's authentic images reach with the base",
    "equal5": "the score from which it finds as much stego as the base does while flagging 5 % of the authentic ones",
}
GENERATED = "generated"  # make of the pipeline's test images
LOOSE = 0.05  # rate at which there is something to halve


@dataclasses.dataclass(frozen=True)
class Settings:
    """Parameters of the pipeline that hold here; `mining.share` is that of the photographs."""

    general: General
    train: TrainParams
    tuning: FinetuneParams
    mining: MineParams


def compared_by_make(
    base: Stored, images: Images, settings: Settings, seeds: Sequence[int], arms: Sequence[str] = tuple(ARMS)
) -> pd.DataFrame:
    """Every arm on every make that it has not seen, and on the pipeline's test images.

    Parameters
    ----------
    base : Stored
        Its first member is mined with and fine-tuned.
    images : Images
    settings : Settings
    seeds : sequence of int
    arms : sequence of str
        Some of `ARMS`.

    Returns
    -------
    DataFrame
        A row an image, arm and seed: `path`, `make`, `left_out` (the make), `label`, `technique`, `arm`, `seed`,
        `trained` (images of photographs learnt from), and a column of bool for each of `POINTS`.
    """
    found, test = [], images.generated()
    work = [(make, seed) for make in images.makes for seed in seeds]
    for make, seed in tqdm(work, desc="makes and seeds", mininterval=2.0):
        fold = images.fold(make)
        bench = _Bench(base, fold, settings, seed)
        for data, name in ((fold.out, make), (test, GENERATED)):
            first = bench.judged("base", data)
            for arm in arms:
                seen = bench.judged(arm, data)
                rows = data.rows[["path", "label", "technique"]].assign(
                    make=name, left_out=make, arm=arm, seed=seed, trained=bench.trained[arm]
                )
                found.append(rows.assign(**_flagged(first, seen, data.labels == 1)))
    return pd.concat(found, ignore_index=True)


class _Judged(NamedTuple):
    """Scores and probabilities of n images, which of them nobody may tell, and what 5 % of validation images reach."""

    score: np.ndarray
    probability: np.ndarray
    abstain: np.ndarray
    cut: float


class _Bench:
    """The arms of one fold and seed, each trained when it is first asked for."""

    def __init__(self, base: Stored, fold: Fold, settings: Settings, seed: int) -> None:
        self._base, self._fold, self._settings, self._seed = base, fold, settings, seed
        self._val, self._done = Passes(fold.val, maps=False), {}
        self.trained: dict[str, int] = {}
        weight_negatives(fold.train, settings.general)

    def judged(self, arm: str, data: TrainingData) -> _Judged:
        """What an arm says of images."""
        members, fitted, cut = self._arm(arm)
        return self._answer(members, fitted, Passes(data, maps=False))._replace(cut=cut)

    def _answer(self, members: list[Member], fitted: Calibration, passes: Passes) -> _Judged:
        data = passes.data
        unlike = passes.of(members[0].model).unlike
        limit = self._base.meta["ood_limit"]
        answer = judge(passes.log_odds(members), np.zeros(0), unlike, data.classes, fitted, limit, data.found)
        return _Judged(answer.score, answer.probability, answer.abstain, np.nan)

    def _arm(self, arm: str) -> tuple[list[Member], Calibration, float]:
        if arm not in self._done:
            members = [Member(self._model(arm), 1.0)]
            fitted = calibrate(members, self._val, self._settings.train.target_fpr)
            authentic = self._answer(members, fitted, self._val).score[self._fold.val.labels == 0]
            self._done[arm] = members, fitted, float(np.quantile(authentic, 1.0 - LOOSE))
        return self._done[arm]

    def _model(self, arm: str) -> UnifiedStarlightDetector:
        model, data = self._base.members[0].model, self._fold.train
        if arm == "base":
            self.trained[arm] = 0
            return model
        weights = self._weights(arm)
        self.trained[arm] = int(np.count_nonzero(weights[brought_alone(data)]))
        balanced = expert_weights(data, sampler_of(data, self._settings.general, self._settings.tuning.batch_size))
        if arm == "trained":
            return build(data, model.config.streams, constraint_mask=True, seed=self._seed, weight=balanced * weights)
        model = copy.deepcopy(model)
        refit(model, data, balanced * weights, seed=self._seed)
        return model

    def _weights(self, arm: str) -> np.ndarray:
        """(n,) weight of each training image as in fine-tuning, but that stego of all sizes of payload weighs alike."""
        data, own = self._fold.train, brought_alone(self._fold.train)
        hard = self._mined
        count, rng = int(hard.sum()), np.random.default_rng([self._seed, len(data)])
        pool = own if arm == "random" else held_back(data, self._settings.train) & ~own
        if arm in ("random", "generated"):
            hard = np.isin(np.arange(len(data)), rng.permutation(np.flatnonzero(pool))[:count])
        if arm == "trained":
            return np.where(held_back(data, self._settings.train) & ~own, 0.0, 1.0)
        weights = np.where(hard, self._settings.tuning.hard_negative_weight, 1.0)
        return weights if arm == "all" else np.where(own & ~hard, 0.0, weights)

    @functools.cached_property
    def _mined(self) -> np.ndarray:
        """(n,) bool: photographs that the base comes closest to flagging."""
        data, own = self._fold.train, brought_alone(self._fold.train)
        none = np.zeros(len(data))
        evidence = Evidence(self.judged("base", data).score, none, none, none, none)
        found = select(data.rows, data.labels, evidence, self._settings.mining, pool=own, first=own)
        return data.rows["sample_id"].isin(set(found.hard_negatives["sample_id"])).to_numpy()


def _flagged(base: _Judged, seen: _Judged, stego: np.ndarray) -> dict[str, np.ndarray]:
    """What is flagged at each of `POINTS`."""
    told = ~seen.abstain
    return {
        "half": (seen.probability >= 0.5) & told,
        "threshold": (seen.score >= 0) & told,
        "own5": seen.score > seen.cut,
        "base5": seen.score > np.quantile(base.score[~stego], 1.0 - LOOSE),
        "equal5": as_powerful(base.score, seen.score, stego, LOOSE),
    }
