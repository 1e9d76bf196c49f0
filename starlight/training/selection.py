"""Passes of a detector over a data set, and which epoch is the best by them: at the tail, then by the map."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from starlight.detector.calibration import thresholds
from starlight.detector.calibration.judgement import columns
from starlight.detector.model import UnifiedStarlightDetector
from starlight.detector.model.experts import Experts, answers
from starlight.detector.model.unified import without
from starlight.detector.weights import Member, averaged
from starlight.metrics import auc, map_measures
from starlight.techniques import LABELS
from starlight.training import devices
from starlight.training.data import Batch, TrainingData
from starlight.training.losses import LossWeights, detector_loss

__all__ = ["SELECTION_FPR", "Forward", "Passes", "Validation", "blanked", "forward", "validate"]

SELECTION_FPR = 0.005  # false-positive rate at which epochs are compared; a few hundred images show no lower one
_MAP_SHARE = 0.1  # weight of the map's MCC beside the detection
_BATCH = 32


class Forward(NamedTuple):
    """What a pass over n images gives.

    logits : (n, t) log-odds of each technique.
    counts : (n, 4) map cells of all tiles at probability 0.5: payload found, false, missed, rightly left alone;
        all 0 where nobody knows where the payload is.
    confidence : (n,) highest cell probability.
    unlike : (n,) share of the statistics that lie beyond all training images.
    loss : mean loss, NaN unless asked for.
    """

    logits: np.ndarray
    counts: np.ndarray
    confidence: np.ndarray
    unlike: np.ndarray
    loss: float


class Validation(NamedTuple):
    """Validation measures of an epoch; `score` chooses the best one.

    `detection` is the mean over techniques of the share found at a false-positive rate of `SELECTION_FPR`, and
    `score` is `detection + 0.1 * map_mcc`.
    """

    loss: float
    auc: float
    detection: float
    fpr: float
    map_mcc: float

    @property
    def score(self) -> float:
        return self.detection + _MAP_SHARE * (0.0 if np.isnan(self.map_mcc) else self.map_mcc)


@torch.no_grad()
def forward(
    model: UnifiedStarlightDetector,
    data: TrainingData,
    device: torch.device,
    weights: LossWeights | None = None,
    threshold: float = 0.5,
) -> Forward:
    """Run a detector over all tiles of all images of a data set.

    Parameters
    ----------
    model : UnifiedStarlightDetector
    data : TrainingData
    device : torch.device
    weights : LossWeights, optional
        Without, the loss is not measured.
    threshold : float
        Probability from which a cell of the map counts as payload.
    """
    model.to(device).eval()
    parts: list[tuple[np.ndarray, ...]] = []
    losses: list[tuple[float, int]] = []
    for start in range(0, len(data), _BATCH):
        batch = data.batch(range(start, min(start + _BATCH, len(data))), tile="all").to(device)
        output = model(batch.inputs, batch.mask)
        if weights:
            loss = detector_loss(
                output, batch.technique, batch.weight, batch.pairs, batch.map_target, batch.map_valid, weights
            )
            losses.append((loss.item(), len(batch.technique)))
        probability = torch.sigmoid(output.cell_logits)
        counts, highest = _counts(probability >= threshold, batch), probability.flatten(1).amax(1)
        answers = (output.logits, counts, highest, model.unlikeness(batch.inputs))
        parts.append(tuple(t.float().cpu().numpy() for t in answers))
    joined = [np.concatenate(column) for column in zip(*parts, strict=True)]
    loss = float("nan")
    if losses:
        values, counts = zip(*losses, strict=True)
        loss = float(np.average(values, weights=counts))
    return Forward(*joined, loss)


def by_experts(model: UnifiedStarlightDetector, data: TrainingData) -> Forward | None:
    """What experts alone say, many times sooner, with nothing known of the map; None where they cannot answer alone."""
    experts, speaks = Experts(model.cpu().eval()), columns(model.config.techniques)
    values, parts = {name: data.vectors(name) for name in experts.streams}, []
    for start in range(0, len(data), _BATCH):
        chosen = slice(start, start + _BATCH)
        mask = data.mask[chosen][:, speaks]
        found = answers([experts], {name: rows[chosen] for name, rows in values.items()}, mask)
        if found is None:
            return None
        parts.append((found[0][0], found[1]))
    logits, unlike = (np.concatenate(column) for column in zip(*parts, strict=True))
    n = len(data)
    return Forward(logits, np.zeros((n, 4), np.float32), np.full(n, np.nan, np.float32), unlike, float("nan"))


class Passes:
    """Passes over one data set, one for each model however often it is asked for: ensembles share members.

    Models are known by their configuration and weights: a copy needs no second pass, one trained further does.

    Attributes
    ----------
    data : TrainingData
    threshold : float
        Probability from which a cell of the map counts as payload.
    maps : bool
        Whether the map is wanted too; without it, experts answer where they can.
    """

    def __init__(self, data: TrainingData, *, threshold: float = 0.5, maps: bool = True) -> None:
        self.data, self.threshold, self.maps = data, threshold, maps
        self._done: dict[bytes, Forward] = {}

    def log_odds(self, members: Sequence[Member]) -> np.ndarray:
        """(n, t) log-odds of an ensemble."""
        return averaged([self.of(m.model).logits for m in members], [m.weight for m in members])

    def of(self, model: UnifiedStarlightDetector) -> Forward:
        """What a model gives on the data set."""
        key = _fingerprint(model)
        if key not in self._done:
            quick = None if self.maps else by_experts(model, self.data)
            device = devices.current()[0]
            self._done[key] = quick or forward(model, self.data, device, threshold=self.threshold)
        return self._done[key]


def _fingerprint(model: UnifiedStarlightDetector) -> bytes:
    digest = hashlib.sha256(str(model.config).encode())
    for name, value in sorted(model.state_dict().items()):
        digest.update(name.encode() + value.cpu().numpy().tobytes())
    return digest.digest()


@torch.no_grad()
def blanked(
    model: UnifiedStarlightDetector, data: TrainingData, device: torch.device, blanks: Sequence[str | None]
) -> dict[str | None, np.ndarray]:
    """Log-odds with each of some streams left out. Each image is encoded once.

    Parameters
    ----------
    model : UnifiedStarlightDetector
    data : TrainingData
    device : torch.device
    blanks : sequence of str or None
        None leaves out nothing.

    Returns
    -------
    dict
        Stream to log-odds, (n, t).
    """
    if bool(model.has_expert.all()):
        experts = Experts(model.cpu().eval())
        read = experts.read({name: data.vectors(name) for name in experts.streams})
        return {blank: experts.judge(read, data.mask, blank) for blank in blanks}
    model.to(device).eval()
    parts: dict[str | None, list[np.ndarray]] = {blank: [] for blank in blanks}
    for start in range(0, len(data), _BATCH):
        batch = data.batch(range(start, min(start + _BATCH, len(data))), tile="all").to(device)
        encoded = model.encode(batch.inputs)
        for blank in blanks:
            parts[blank].append(model.judge(without(encoded, blank), batch.mask)[0].float().cpu().numpy())
    return {blank: np.concatenate(found) for blank, found in parts.items()}


def _counts(over: torch.Tensor, batch: Batch) -> torch.Tensor:
    valid, truth = batch.map_valid > 0, batch.map_target > 0
    cells = (over & truth, over & ~truth, ~over & truth, ~over & ~truth)
    return torch.stack([(c & valid).flatten(1).sum(1) for c in cells], dim=1)


def validate(
    model: UnifiedStarlightDetector, data: TrainingData, device: torch.device, weights: LossWeights
) -> Validation:
    """Measures of a detector on the validation split.

    Parameters
    ----------
    model : UnifiedStarlightDetector
    data : TrainingData
        The validation split.
    device : torch.device
    weights : LossWeights

    Returns
    -------
    Validation
    """
    run = forward(model, data, device, weights)
    fitted = thresholds.fit(
        run.logits, data.technique, data.classes, techniques=LABELS, target_fpr=SELECTION_FPR
    )  # fmt: skip
    score = np.clip(fitted.score(run.logits, data.classes), -1e6, 1e6)
    authentic = np.sort(score[data.labels == 0])[::-1]
    threshold = authentic[int(SELECTION_FPR * len(authentic))] if len(authentic) else np.inf
    found = [np.mean(score[data.technique == t] > threshold) for t in sorted(set(data.technique[data.labels == 1]))]
    fpr = float(np.mean(authentic > threshold)) if len(authentic) else float("nan")
    both = 0 < data.labels.sum() < len(data)
    return Validation(
        run.loss,
        float(np.ravel(auc(data.labels, score))[0]) if both else float("nan"),
        float(np.mean(found)) if found else float("nan"),
        fpr,
        float(map_measures(*run.counts.sum(axis=0))["mcc"]),
    )
