"""The `forgery` block of `params.yaml`."""

from __future__ import annotations

import dataclasses

from starlight.params import knob

__all__ = ["ForgeryParams"]


@dataclasses.dataclass(frozen=True)
class ForgeryParams:
    """Training of the detector of tampered images.

    Attributes
    ----------
    network_steps : int
        Batches that the network over local statistics learns from.
    forged_anew : float
        Share of the authentic training images that it also sees with a part erased, spliced in or copied.
    augmented : int
        Changed copies (turned, cut, coloured, blurred) of each training image of a pair.
    held_back : float
        Share of the authentic training images, but for twins, that only mining and fine-tuning see.
    mine_share : float
        Of those, the share with the highest scores, which are hard negatives in any case.
    overlap : float
        Intersection over union with the true region from which a suspicion is right.
    trees, depth : int
        Of the base verifier.
    tuning_trees : int
        Trees that fine-tuning adds at most, in five blocks of which the best end is kept.
    tuning_rate : float
        Share of each of their answers that is added.
    caution : float
        Log-odds taken off suspicions that are no copies.
    target_fpr : float
        Image-level false-positive rate that thresholds are set for, by images out of fold.
    seeds : int
        Trainings that figures are given for.
    hardest : int
        Images on the contact sheet of the worst errors.
    workers : int
        Processes; 0 means one for each core.
    """

    network_steps: int = knob(min=1, max=1_000_000)
    forged_anew: float = knob(min=0.0, max=1.0)
    augmented: int = knob(min=0, max=16)
    held_back: float = knob(min=0.0, max=1.0)
    mine_share: float = knob(min=0.0, max=1.0)
    overlap: float = knob(min=0.01, max=1.0)
    trees: int = knob(min=1, max=10_000)
    depth: int = knob(min=1, max=8)
    tuning_trees: int = knob(min=0, max=10_000)
    tuning_rate: float = knob(min=1e-4, max=1.0)
    caution: float = knob(min=0.0, max=10.0)
    target_fpr: float = knob(min=1e-6, max=0.2)
    seeds: int = knob(min=1, max=20)
    hardest: int = knob(min=0, max=200)
    workers: int = knob(min=0, max=1024)
