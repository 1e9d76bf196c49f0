"""The ladder from V3 to V4: what each thing that V4 has and V3 has not does to false alarms and to what is found."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from starlight.lab.ablations.ablations import SEEDS, Variation
from starlight.metrics import parts, view

__all__ = ["GROUP", "RUNGS", "ladder", "rung_rows"]

GROUP = "ladder"
_TWINS = {"baseline.twins": True}
_NEGATIVES = _TWINS | {"baseline.negatives": 0.33}
_MASK = _NEGATIVES | {"baseline.constraint_mask": True}
_UNREAD = {"train.reading": False, "train.network_epochs": 1, "finetune.epochs": 0}  # no row asks for its V3 and V4
# Rung, the experiment that it is measured in (by what that sets in `params.yaml`), and the detector there.
_EXPERIMENTS = {"v3": {}, "twins": _TWINS, "negatives": _NEGATIVES, "mask": _MASK, "experts": _UNREAD}
_MEASURED = {
    "v3": (("v3", "v3"), ("reading", "v4_base"), ("mining", "v4")), "twins": (("twins", "v3"),),
    "negatives": (("negatives", "v3"),), "mask": (("mask", "v3"),), "experts": (("experts", "v4_base"),),
}  # fmt: skip
RUNGS = ("v3", "twins", "negatives", "mask", "experts", "reading", "mining")


def ladder(seeds: Sequence[int] = SEEDS) -> list[Variation]:
    """The experiments of the ladder, for each seed.

    All of V4 is that of the ordinary pipeline, so that it is trained once a seed. The map is not measured.
    """
    shared = {"finetune.control": False, "evaluate.stream_ablation": False, "evaluate.maps": False}
    return [
        Variation(GROUP, name, shared | overrides | {"seed": seed})
        for seed in seeds
        for name, overrides in _EXPERIMENTS.items()
    ]


def rung_rows(variation: Variation, judged: pd.DataFrame, reference: pd.DataFrame) -> list[dict[str, object]]:
    """Rows of `reports/ladder.csv` from what an experiment judged.

    Parameters
    ----------
    variation : Variation
        One of `ladder`.
    judged, reference : DataFrame
        Its `predictions.csv`, and that of the first experiment with its seed, whose V4 sets the rate to compare at.

    Returns
    -------
    list of dict
        `rung`, `seed`; of each part (see `starlight.metrics.parts`) the number of
        images `<part>_n` and of flagged ones `<part>_k`; `v4_alarms`, the authentic images that V4 flags, and
        `protocol_at_v4`, `stego_at_v4`, what the rung finds while it flags as many.
    """
    of_v4 = view(reference, "v4")
    alarms = int(of_v4.flagged[of_v4.label == 0].sum())
    return [
        {"rung": rung, "seed": variation.overrides["seed"], **_flagged(view(judged, model), alarms)}
        for rung, model in _MEASURED[variation.name]
    ]


def _flagged(frame: pd.DataFrame, alarms: int) -> dict[str, int]:
    of, authentic = parts(frame), frame.label == 0
    found = {f"{name}_n": int(chosen.sum()) for name, chosen in of.items()}
    found |= {f"{name}_k": int(frame.flagged[chosen].sum()) for name, chosen in of.items()}
    ranked = np.sort(frame.score[authentic].to_numpy(float))[::-1]
    over = frame.score > (ranked[alarms] if alarms < len(ranked) else -np.inf)
    return found | {"v4_alarms": alarms} | {f"{n}_at_v4": int(over[of[n]].sum()) for n in ("protocol", "stego")}
