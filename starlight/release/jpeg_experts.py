"""Experts of techniques in JPEG coefficients, fitted again on JPEG files alone, on from where they stand.

A training run shares its images among all containers, and few of its JPEG files are as large as people's. What decides
at a false-positive rate of one in thousands are the few authentic files that look most like stego: it takes many
covers, encoders and sizes to meet them.

Then log-odds of those that find half of their stego files at 1 % are made exact by files of other covers. A small
network with dropout says too little where it is sure, and thresholds are extrapolated on the understanding that
log-odds mean what they say.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from starlight.detector.calibration.calibration import FINDS_NOTHING, SPEAKS, Calibration
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.model.encoders import WIDTH
from starlight.detector.weights import Member, averaged, load
from starlight.release.champion import HIDDEN
from starlight.release.evidence import File
from starlight.release.jpeg_sample import TECHNIQUES, Files, Read
from starlight.release.refit import Scores, by_further, log_odds
from starlight.streams import dct
from starlight.training.fit_experts import AGAIN, fit_encoder

__all__ = ["renew", "said", "set_thresholds", "told"]

_FEW = 20  # images over log-odds of 0, authentic or stego ones, under which nobody knows how far these are exact
_BEYOND = 0.01  # share of authentic images
_RIDGE = 1e-3  # of the least squares that keep the context of the map, relative to the variance


class _Context(NamedTuple):
    """What a detector's fusion is given of the stream: of n images (n, 96), and of an image without it (1, 96)."""

    given: Tensor
    of_nothing: Tensor


def renew(members: Sequence[Member], learnt: Read, apart: Read, *, seed: int) -> dict[str, float]:
    """Fit the experts that read `dct` again, in place, and make their log-odds exact.

    The map and the embedding read the encoder's numbers as well: they go on to be given what they were given, to the
    rounding of images that are no JPEG, and of others as nearly as can be.

    Parameters
    ----------
    members : sequence of Member
        Of a detector, in evaluation mode.
    learnt, apart : Read
        Images to learn from, and images of other covers.
    seed : int
        Of the order of the images and of dropout.

    Returns
    -------
    dict
        Technique to the factor that its log-odds were multiplied by, at least 1.
    """
    vectors, carried = torch.from_numpy(learnt.vectors), torch.from_numpy(learnt.technique)
    before = [_context(model, vectors) for model, _ in members]
    names = members[0].model.config.techniques
    able = torch.tensor([name in TECHNIQUES for name in names])
    stego, authentic = carried[:, None] == torch.arange(len(names)), (carried < 0)[:, None] & able
    for place, (model, _) in enumerate(members):
        fit_encoder(
            model.encoders[dct.NAME], vectors, stego, authentic, torch.ones(len(vectors)), AGAIN,
            seed=seed + place, turned=False,
        )  # fmt: skip
        model.eval()
    factors = _sharpen(members, apart)
    for (model, _), context in zip(members, before, strict=True):
        _keep_context(model, vectors, context)
    return factors


@torch.inference_mode()
def said(members: Sequence[Member], vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n, t) log-odds that the experts of the stream `dct` give to (n, d) statistics, over all members."""
    each = [m.model.encoders[dct.NAME](torch.from_numpy(vectors))[1] + m.model.offset for m in members]
    return averaged(each, [m.weight for m in members]).numpy()


def _sharpen(members: Sequence[Member], apart: Read) -> dict[str, float]:
    names, log_odds_of = members[0].model.config.techniques, said(members, apart.vectors)
    factors = {}
    for t, name in enumerate(names):
        if name not in TECHNIQUES:
            continue
        authentic, carrying = log_odds_of[apart.technique < 0, t], log_odds_of[apart.technique == t, t]
        factors[name] = factor = _slope(authentic, carrying) if _able(authentic, carrying) else 1.0
        with torch.no_grad():
            for model, _ in members:
                judge, offset = model.encoders[dct.NAME].judge[-1], model.offset[t]
                judge.weight[t] *= factor
                judge.bias[t] = factor * (judge.bias[t] + offset) - offset
    return factors


def _able(authentic: NDArray, stego: NDArray) -> bool:
    """Whether half of the stego images lie beyond all but a few authentic ones.

    Elsewhere log-odds tell of the kind of cover as much as of a payload, and what stretches them stretches the tail of
    covers that nobody has seen yet.
    """
    return bool(len(stego) and np.median(stego) > np.quantile(authentic, 1.0 - _BEYOND))


def _slope(authentic: NDArray, stego: NDArray) -> float:
    """What makes log-odds over 0 exact, at least 1: the slope of a logistic regression, either side of the same sum."""
    from sklearn.linear_model import LogisticRegression

    parts = authentic[authentic > 0], stego[stego > 0]
    if min(map(len, parts)) < _FEW:
        return 1.0
    weight = np.repeat([1 / len(authentic), 1 / len(stego)], [len(part) for part in parts])
    labels = np.repeat([0, 1], [len(part) for part in parts])
    model = LogisticRegression(C=1e6).fit(np.concatenate(parts)[:, None], labels, sample_weight=weight / weight.mean())
    return max(1.0, float(model.coef_[0, 0]))


def _places(model: UnifiedStarlightDetector) -> Tensor:
    """Where the fusion reads the stream's numbers, and the log-odds of the techniques that show in it."""
    names = model.config.techniques
    first = WIDTH * list(model.encoders).index(dct.NAME)
    experts = [WIDTH * len(model.encoders) + t for t, name in enumerate(names) if name in TECHNIQUES]
    return torch.tensor([*range(first, first + WIDTH), *experts])


@torch.inference_mode()
def _numbers(model: UnifiedStarlightDetector, vectors: Tensor) -> Tensor:
    """(n, k) what the fusion reads of the stream, at `_places`."""
    able = [t for t, name in enumerate(model.config.techniques) if name in TECHNIQUES]
    own, said = model.encoders[dct.NAME](vectors)
    return torch.cat([own, torch.tanh((said + model.offset)[:, able] / 4)], dim=1)


def _both(model: UnifiedStarlightDetector, vectors: Tensor) -> tuple[Tensor, Tensor]:
    return _numbers(model, vectors), _numbers(model, torch.full((1, vectors.shape[1]), torch.nan))


def _context(model: UnifiedStarlightDetector, vectors: Tensor) -> _Context:
    weight = model.fusion[0].weight.detach()[:, _places(model)]
    return _Context(*(numbers @ weight.T for numbers in _both(model, vectors)))


def _keep_context(model: UnifiedStarlightDetector, vectors: Tensor, before: _Context) -> None:
    """Let the fusion read the new numbers so that it is given what it was given: exactly so of images without them."""
    numbers, of_nothing = (part.double() for part in _both(model, vectors))
    wanted = (before.given - before.of_nothing).double()
    seen = numbers - of_nothing
    square = seen.T @ seen
    square += _RIDGE * square.diagonal().mean() * torch.eye(len(square), dtype=square.dtype)
    weight = torch.linalg.solve(square, seen.T @ wanted)
    with torch.no_grad():
        model.fusion[0].weight[:, _places(model)] = weight.T.float()
        model.fusion[0].bias += (before.of_nothing.double() - of_nothing @ weight)[0].float()


def set_thresholds(weights: Path, apart: Files) -> Callable[[Scores], Calibration]:
    """What sets the thresholds of these techniques anew by further clean images; all others, and the rates, stay.

    At the rate that is promised, an expert is silent that finds less than half of its stego files at 1 %; at other
    rates that thresholds are kept for, it may speak.

    Parameters
    ----------
    weights : Path
        Of the detector.
    apart : mapping of str to sequence of Path
        Files that its experts learnt nothing from.
    """
    stored = load(weights)
    names = stored.members[0].model.config.techniques
    kinds = sorted(apart)
    scores = [log_odds(weights, lambda name=name: [File(HIDDEN, name, path) for path in apart[name]]) for name in kinds]
    carried = np.repeat([names.index(name) if name else -1 for name in kinds], [len(one.classes) for one in scores])
    logits, classes = (np.concatenate([getattr(one, part) for one in scores]) for part in ("logits", "classes"))

    unable = [
        name
        for t, name in enumerate(names)
        if name in TECHNIQUES and not _able(logits[carried < 0, t], logits[carried == t, t])
    ]

    found_by = by_further(
        logits, carried, classes.tolist(), techniques=names, target_fpr=stored.calibration.target_fpr,
        others=[one.target_fpr for one in stored.calibration.others],
    )  # fmt: skip
    return lambda further: stored.calibration.with_thresholds(TECHNIQUES, _silenced(found_by(further), unable))


def _silenced(calibration: Calibration, names: Sequence[str]) -> Calibration:
    silent = [name in names for name in calibration.techniques]
    rows = {
        name: dataclasses.replace(row, standing=tuple(
            FINDS_NOTHING if mute and why == SPEAKS else why for mute, why in zip(silent, row.standing, strict=True)
        ))
        for name, row in calibration.rows.items()
    }  # fmt: skip
    return dataclasses.replace(calibration, rows=rows)


def told(images: int, factors: Mapping[str, float], seeds: Sequence[int], covers: str) -> dict[str, object]:
    """What the weights and their card say of it.

    Parameters
    ----------
    images : int
        That the experts learnt from.
    factors : mapping of str to float
        As `renew` gives them.
    seeds : sequence of int
        Of the files.
    covers : str
        Which photographs were covers besides the packaged ones; empty for none.
    """
    made = f"JPEG files made for them with seeds {', '.join(map(str, seeds))}, of the packaged photographs, the camera"
    return {
        "techniques": list(TECHNIQUES),
        "images": images,
        "data": f"{made} model{' and ' if covers else ''}{covers}",
        "factors": {name: round(factor, 3) for name, factor in factors.items()},
    }
