"""The `finetune` stage: the base detector, trained further on what it got wrong, beside a random control."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch.utils.data import WeightedRandomSampler

from starlight.detector.calibration.calibration import Calibration
from starlight.detector.calibration.judgement import judge
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.weights import Member, Stored, data_hash, write
from starlight.metrics.choice import UNMINED, choose
from starlight.params import General
from starlight.training.build import refit
from starlight.training.calibrate import calibrate, set_map_bar
from starlight.training.data import TrainingData
from starlight.training.loop import Schedule, fit
from starlight.training.params import TrainParams
from starlight.training.pools import (
    Splits,
    brought_alone,
    expert_weights,
    held_back,
    sampler_of,
    weight_negatives,
)
from starlight.training.selection import Passes
from starlight.training.weighting import EnsembleParams, FinetuneParams, as_many_at_random, by_area

__all__ = ["EnsembleParams", "FinetuneParams", "area_weights", "finetune", "sampling_weights"]


def finetune(
    base: Stored, splits: Splits, hard: pd.DataFrame, missed: pd.DataFrame, general: General,
    params: FinetuneParams, training: TrainParams, ensemble: EnsembleParams, *, models: Path, reports: Path,
    scratch: Path,
) -> None:  # fmt: skip
    """Fine-tune on the mined set, and on as many random authentic images as a control.

    The images that base training did not see join the training images; with `only_mined` those of them that were
    mined, as it would be with a pool too large to train on. The sampling weights count twice: experts are fitted again
    with them, then the rest is trained on images drawn by them.

    Writes `hard_negative_best.safetensors` (the fine-tuned detector), `detector.safetensors` (what is used: the
    ensemble, or the fine-tuned one alone), `control.safetensors`, `curves.csv` and `choice.json`. With nothing mined,
    and where validation images show more false alarms after it (`starlight.metrics.choice`), the base detector passes
    through unchanged.

    Parameters
    ----------
    base : Stored
        The detector that was mined with.
    splits : Splits
    hard, missed : DataFrame
        What mining found, see `starlight.training.mining.select`.
    general : General
    params : FinetuneParams
    training : TrainParams
        Of base training; what fine-tuning does not change holds here, too.
    ensemble : EnsembleParams
    models, reports : Path
        Folders for what is written.
    scratch : Path
        Folder for what does not fit into memory.
    """
    weight_negatives(splits.train, general)
    reports.mkdir(parents=True, exist_ok=True)
    tuned, curves = _tune(base, splits, hard, missed, general, params, training, scratch)
    curves.to_csv(reports / "curves.csv", index=False, lineterminator="\n")
    alone = not ensemble.enabled or ensemble.base == 0 or not len(hard)

    def used(model: UnifiedStarlightDetector) -> list[Member]:
        if alone:
            return [Member(model, 1.0)]
        return [Member(base.members[0].model, ensemble.base), Member(model, ensemble.hard_negative)]

    control = [Member(base.members[0].model, 1.0)]  # without a control its file holds the base detector
    if params.control:
        chosen = random_control(splits.train, hard, held_back(splits.train, training), general.seed)
        control = used(_tune(base, splits, chosen, missed, general, params, training, scratch)[0])
    if len(hard):
        set_map_bar(tuned, splits.val, training.map_fp_ratio)
    mined = bool(len(hard) and params.epochs)
    _write({"hard_negative_best": [Member(tuned, 1.0)], "detector": used(tuned), "control": control},
           base, splits, training, mined, models, reports)  # fmt: skip


def _write(candidates, base: Stored, splits: Splits, training: TrainParams, mined: bool, models: Path, reports: Path):
    """Set thresholds of each, choose the one that is used, write them all."""
    passes, first = Passes(splits.val, maps=False), [Member(base.members[0].model, 1.0)]
    fitted = {
        name: (m, calibrate(m, passes, training.target_fpr, training.other_fprs))
        for name, m in (candidates | {"base": first}).items()
    }
    choice = UNMINED
    if mined:
        scores = [_scores(passes, *fitted[name], base.meta["ood_limit"]) for name in ("base", "detector")]
        choice = choose(*scores, splits.val.labels, brought_alone(splits.val))
    (reports / "choice.json").write_text(json.dumps(choice._asdict(), indent=2, sort_keys=True) + "\n")
    for file, name in {"hard_negative_best": "v4_finetuned", "detector": "v4", "control": "control"}.items():
        source = "base" if file == "detector" and not choice.use_tuned else file
        write(models / f"{file}.safetensors", *fitted[source], {**base.meta, "name": name})


def _scores(passes: Passes, members: Sequence[Member], fitted: Calibration, ood_limit: float) -> np.ndarray:
    """(n,) scores of an ensemble on validation images."""
    val = passes.data
    unlike = np.zeros(len(val))
    return judge(passes.log_odds(members), unlike, unlike, val.classes, fitted, ood_limit, val.found).score


def _tune(base, splits, hard, missed, general, params, training, scratch: Path):
    """A copy of the base detector after fine-tuning, and its curves."""
    recipe = [str((base.meta, params, general, training)), *hard["sample_id"], *missed["sample_id"]]
    saved = scratch / f"finetune-{data_hash(recipe)}.pt"
    model = copy.deepcopy(base.members[0].model)
    if not len(hard) or not params.epochs:
        return model, pd.DataFrame(columns=["epoch", "lr", "train_loss", "val_loss", "val_auc", "val_detection"])
    weights = sampling_weights(splits.train, hard, missed, params)
    if params.only_mined:
        weights[held_back(splits.train, training) & ~_among(splits.train, hard)] = 0.0
    steps = training.steps(-(-len(splits.train) // params.batch_size))

    def batches(epoch: int) -> Iterator[np.ndarray]:
        generator = torch.Generator().manual_seed(general.seed * 1000 + epoch)
        order = np.array(list(WeightedRandomSampler(weights.tolist(), len(weights), generator=generator)))
        return (order[k * params.batch_size : (k + 1) * params.batch_size] for k in range(steps))

    balanced = expert_weights(splits.train, sampler_of(splits.train, general, params.batch_size))
    refit(model, splits.train, balanced * weights, seed=general.seed)

    schedule = Schedule(params.epochs, params.lr, params.weight_decay, params.patience, general.seed)
    curves = fit(
        model, splits.train, splits.val, batches, steps, schedule, training.loss, saved, start_epoch_is_best=True
    )
    saved.unlink(missing_ok=True)
    return model, curves


def sampling_weights(
    data: TrainingData, hard: pd.DataFrame, missed: pd.DataFrame, params: FinetuneParams
) -> np.ndarray:
    """Weight of each training image: 1, more for hard negatives, missed stego and small payloads.

    With `pair_stego` the stego images made from a hard negative are raised with it: what the detector must learn
    is the difference between the two, not that such images are clean.

    Parameters
    ----------
    data : TrainingData
    hard, missed : DataFrame
        With `sample_id` of the images.
    params : FinetuneParams

    Returns
    -------
    ndarray, shape (n,)
    """
    is_hard = _among(data, hard)
    weights = area_weights(data, params)
    weights[is_hard] *= params.hard_negative_weight
    if params.pair_stego:
        paired = (data.twins >= 0) & is_hard[np.maximum(data.twins, 0)]
        weights[paired] *= params.hard_negative_weight
    weights[_among(data, missed)] *= params.missed_weight
    return weights


def _among(data: TrainingData, chosen: pd.DataFrame) -> np.ndarray:
    """(n,) bool: images that are in a table."""
    return data.rows["sample_id"].isin(set(chosen["sample_id"])).to_numpy()


def area_weights(data: TrainingData, params: FinetuneParams) -> np.ndarray:
    """(n,) weight by the share of the image that carries payload; 1 where it is unknown or not in the pixels."""
    return np.where(data.labels == 1, by_area(data.payload_share(), params), 1.0)


def random_control(data: TrainingData, hard: pd.DataFrame, held: np.ndarray, seed: int) -> pd.DataFrame:
    """As many authentic training images as were mined, drawn at random, and as many of them held back."""
    return data.rows.iloc[as_many_at_random(data.labels == 0, _among(data, hard), held, seed)]
