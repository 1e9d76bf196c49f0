"""Experts: what each technique shows in, read before the network as a whole is trained.

What a technique leaves in a file is known before any training, and its module says so (`SHOWN_IN`). A readable payload
shows in a dozen statistics of what its samples or bytes decode to; logistic regression with a ridge on those alone is a
convex problem that a few hundred images decide. What is not readable shows faintly all over a rich set of statistics,
differently on different covers; there one small network a stream is shared by its techniques, so that each learns from
the covers of all. An expert tells its technique from authentic files that could carry it, and from nothing else: which
technique it is, is a question for later. Statistics are cheap, so experts see every image many times within seconds,
where a network that learns from crops as well would take minutes and find them later. On rich features and simple
classifiers: Kodovsky, Fridrich and Holub, "Ensemble classifiers for steganalysis of digital media", IEEE TIFS 7 (2012).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from starlight.detector.model.encoders import VectorEncoder
from starlight.errors import StarlightError
from starlight.streams import REGISTRY
from starlight.techniques.shown import shown_in

__all__ = ["AGAIN", "FIRST", "Schedule", "TrainingSet", "fit_encoder", "fit_expert", "judged_by", "reads"]

_MIN_PER_CLASS = 8  # stego or authentic images, in each half of the covers, under which there is no expert
_STRENGTHS = (1e-3, 1e-2, 1e-1, 1.0, 10.0, 100.0)  # inverse of the ridge for one image's weight, from stiff to supple
_BATCH, _DECAY = 128, 0.3  # of the encoders
_STIFF = 3.0  # ridge of the covariance that turns statistics into directions, for as many statistics as images
_KNOWN = 2.0  # images for each statistic under which that covariance is not known
_TAIL, _TAIL_SHARE = 2.0, 0.1  # loss weight of the authentic images that look most like stego, and how many they are


class Schedule(NamedTuple):
    """How long and how fast an encoder is fitted: epochs over the images, and the peak learning rate of AdamW."""

    epochs: int
    lr: float


FIRST, AGAIN = Schedule(60, 1e-3), Schedule(12, 3e-4)  # from nothing, and on from there with other weights


class TrainingSet(NamedTuple):
    """n images that could carry a technique.

    features : (n, d) float32, standardised, without NaN.
    stego : (n,) bool.
    weight : (n,) float, of each image in the loss.
    half : (n,) int64, 0 or 1; a cover and all that was made from it are in one half.
    """

    features: NDArray[np.float32]
    stego: NDArray[np.bool_]
    weight: NDArray[np.float64]
    half: NDArray[np.int64]


def reads(technique: str, streams: Sequence[str]) -> Mapping[str, NDArray[np.bool_]]:
    """Which statistics a technique's linear expert reads: stream to (d,) bool, streams without any left out.

    Raises
    ------
    StarlightError
        `SHOWN_IN` names something that does not exist.
    """
    found: dict[str, NDArray[np.bool_]] = {}
    for entry in shown_in(technique):
        stream, _, part = entry.partition(".")
        if part and stream in streams:
            chosen = _columns(stream, part)
            if not chosen.any():
                raise StarlightError(f"technique {technique}: SHOWN_IN {entry!r} names no statistic")
            found[stream] = found.get(stream, False) | chosen
    return found


def judged_by(stream: str, techniques: Sequence[str]) -> NDArray[np.bool_]:
    """(t,) which techniques show in a stream as a whole."""
    return np.array([stream in shown_in(technique) for technique in techniques])


def _columns(stream: str, part: str) -> NDArray[np.bool_]:
    names = np.array(REGISTRY[stream].FEATURES)
    block = REGISTRY[stream].BLOCKS.get(part)
    if block is None:
        return np.char.startswith(names, f"{part}_")
    chosen = np.zeros(len(names), bool)
    chosen[block] = True
    return chosen


def fit_expert(data: TrainingSet) -> tuple[NDArray[np.float32], float]:
    """Weights (d,) and offset of one expert, in log-odds.

    The ridge is the one that does best on the half of the covers that it was not fitted to; zeros where none of them
    beats knowing nothing, or where there are too few images.
    """
    nothing = np.zeros(data.features.shape[1], np.float32), 0.0
    halves = [data.half == k for k in (0, 1)]
    if any(min((data.stego & h).sum(), (~data.stego & h).sum()) < _MIN_PER_CLASS for h in halves):
        return nothing
    losses = {s: np.mean([_loss(data, h, s) for h in halves]) for s in _STRENGTHS}
    best = min(losses, key=losses.get)
    if losses[best] >= np.log(2):
        return nothing
    model = _fit(data, np.ones(len(data.stego), bool), best)
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def _fit(data: TrainingSet, chosen: NDArray[np.bool_], strength: float):
    from sklearn.linear_model import LogisticRegression

    weight = _balanced(data, chosen)
    return LogisticRegression(C=strength, max_iter=500, tol=1e-5).fit(
        data.features[chosen], data.stego[chosen], sample_weight=weight
    )


def _balanced(data: TrainingSet, chosen: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Weights that give stego and authentic images the same sum, one for each image on average."""
    weight, stego = data.weight[chosen], data.stego[chosen]
    sums = np.where(stego, weight[stego].sum(), weight[~stego].sum())
    return weight / sums * np.count_nonzero(weight) / 2


def _loss(data: TrainingSet, left_out: NDArray[np.bool_], strength: float) -> float:
    """Balanced logistic loss on one half of the covers after fitting the other."""
    margin = _fit(data, ~left_out, strength).decision_function(data.features[left_out])
    each = np.logaddexp(0.0, np.where(data.stego[left_out], -margin, margin))
    return float(np.average(each, weights=_balanced(data, left_out)))


def fit_encoder(
    encoder: VectorEncoder, vectors: Tensor, stego: Tensor, authentic: Tensor, weight: Tensor,
    schedule: Schedule = FIRST, *, seed: int, turned: bool = True,
) -> None:  # fmt: skip
    """Fit an encoder and its experts, in place.

    Covers differ most where they show least: what embedding changes lies along directions in which statistics hardly
    vary from cover to cover, and where they are to be found, discriminants look through the covers' covariance (as the
    ensembles above do). With `turned` the first layer reads the statistics twice, as they are and turned so that
    authentic images vary alike in all directions; afterwards the two readings are one, for both are linear.

    What decides at a low false-positive rate are the few authentic images that look most like stego; so those of each
    batch count once more.

    Parameters
    ----------
    encoder : VectorEncoder
        With its standardisation and `judges` set.
    vectors : (n, d) float
        The stream, as it is stored.
    stego, authentic : (n, t) bool
        Stego images of each technique, and authentic ones that could carry it.
    weight : (n,) float
        Of each image in the loss.
    schedule : Schedule
    seed : int
        Of the order of the images and of dropout.
    turned : bool
        Of no effect with fewer than `_KNOWN` authentic images a statistic.
    """
    share = encoder.judges & (stego.sum(0) >= _MIN_PER_CLASS) & (authentic.sum(0) >= _MIN_PER_CLASS)
    encoder.judges.copy_(share)  # no expert from a handful of images
    sums = [(part * weight[:, None]).sum(0, keepdim=True).clamp_min(1e-9) for part in (stego, authentic)]
    each = weight[:, None] * share * (stego / sums[0] + authentic / sums[1])
    used = each.sum(1) > 0
    if not used.any():
        return
    z, target, each = encoder.standardise(vectors[used]), stego[used].float(), each[used] * int(used.sum()) / 2
    covers = z[(authentic[used] & share).any(1)]
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    layers, turn = encoder.layers, None
    if turned and len(covers) >= _KNOWN * covers.shape[1]:
        turn = _turn(covers)
        z, layers = torch.cat([z, z @ turn], dim=1), _reading_twice(encoder)
    parameters = [*layers.parameters(), *encoder.judge.parameters()]
    optimiser = torch.optim.AdamW(parameters, schedule.lr, weight_decay=_DECAY)
    steps = schedule.epochs * -(-len(z) // _BATCH)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, schedule.lr, total_steps=steps)
    encoder.train()
    for _ in range(schedule.epochs):
        for chosen in torch.randperm(len(z), generator=generator).split(_BATCH):
            logits = encoder.judge(layers(z[chosen]))
            losses = F.binary_cross_entropy_with_logits(logits, target[chosen], reduction="none") * each[chosen]
            worst = (losses * (1 - target[chosen])).flatten().topk(max(1, int(_TAIL_SHARE * len(chosen)))).values
            optimiser.zero_grad(set_to_none=True)
            (losses.sum(1).mean() + _TAIL * worst.sum() / len(chosen)).backward()
            optimiser.step()
            rate.step()
    if turn is not None:
        own, further = layers[1].weight.detach().chunk(2, dim=1)
        with torch.no_grad():
            encoder.layers[1].weight.copy_(own + further @ turn.T)
            encoder.layers[1].bias.copy_(layers[1].bias)


def _turn(z: Tensor) -> Tensor:
    """(d, d) what turns statistics so that those of (n, d) authentic images vary about alike in every direction.

    Directions that vary least are the least known, the less so the fewer images there are for each statistic; the ridge
    keeps them short.
    """
    n, d = z.shape
    values = z.double() - z.double().mean(0)
    variance, directions = torch.linalg.eigh(values.T @ values / n)
    variance = variance.clamp_min(0.0)
    length = (variance + _STIFF * d / n) ** -0.5
    spread = (variance * length**2).mean().clamp_min(1e-12).sqrt()  # of the turned statistics, over all of them
    return ((directions * (length / spread)) @ directions.T).float()


def _reading_twice(encoder: VectorEncoder) -> nn.Sequential:
    """The encoder's layers, the first of which reads what they read and, to begin with ignoring it, as much again."""
    dropout, first, *others = encoder.layers
    wide = nn.Linear(2 * first.in_features, first.out_features)
    with torch.no_grad():
        wide.weight.copy_(torch.cat([first.weight, torch.zeros_like(first.weight)], dim=1))
        wide.bias.copy_(first.bias)
    return nn.Sequential(dropout, wide, *others)
