"""Ablations as experiments: what is varied, and the table that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.metrics import mcnemar

__all__ = ["MEASURES", "Variation", "rows", "summary", "variations"]

MEASURES = (
    "fpr", "negative.fpr", "precision", "recall", "auc", "detection_at_fpr001", "detection_at_fpr01",
    "protocol.detection",
)  # fmt: skip
SEEDS = (2025, 2026, 2027)
_RATIOS = (0.0, 0.2, 0.33, 0.5)
_HARD_WEIGHTS = (1.0, 1.5, 2.0, 3.0, 4.0)
_SHORT = {"finetune.control": False, "evaluate.stream_ablation": False}
# In all of them: the map, which says where and not whether, is hardly trained, and the baseline is in no row.
_SIZED = {
    "train.epochs": 1, "train.max_steps": 10, "train.network_epochs": 1, "finetune.epochs": 1, "evaluate.maps": False,
}  # fmt: skip


class Variation(NamedTuple):
    """One experiment: the group it belongs to, its name there, and what it sets in `params.yaml`."""

    group: str
    name: str
    overrides: dict[str, object]

    @property
    def experiment(self) -> str:
        """A name that git and DVC accept."""
        seed = self.overrides.get("seed", SEEDS[0])
        return f"{self.group}-{self.name}-{seed}".replace(".", "p").replace("_", "-").lower()


def variations(categories: Sequence[str], seeds: Sequence[int] = SEEDS) -> list[Variation]:
    """All experiments of the table; the main ones once a seed, the rest with the first seed, which comes first.

    What no row of the table needs is left out or kept short: the blanked streams and, unless mining is in question, the
    control of all but the full detector, the baseline, most of the map's training. What mining can do shows where the
    base detector has something to learn: in `unseen` it knows no look-alikes but twins, and no ensemble dilutes it.
    What fewer streams can show is seen beside `reading: off`, for what can be read in a file is found without any.

    Parameters
    ----------
    categories : sequence of str
        Negative categories of the data.
    seeds : sequence of int
    """
    first, every = seeds[:1], tuple(seeds)
    table: list[tuple[str, str, dict[str, object], Sequence[int]]] = [("full", "all", {}, every)]
    unread = {"train.reading": False}  # what is read in the file itself says nothing of streams
    table += [("reading", "off", unread, every)]
    table += [("streams", name, unread | {"streams": name}, every) for name in ("six", "eight")]
    table += [("mask", "off", {"train.constraint_mask": False}, every)]
    unseen = {"train.held_back_negatives": 1.0, "finetune.only_mined": True, "ensemble.enabled": False,
              "finetune.control": True}  # fmt: skip
    table += [("unseen", "mined", unseen, every)]
    table += [("ratio", f"{r}", {"negative_ratio": r}, every if r == 0 else first) for r in _RATIOS if r != 0.33]
    table += [
        ("hard", f"{w}", {"finetune.hard_negative_weight": w}, first) for w in _HARD_WEIGHTS if w != 2.0
    ]  # fmt: skip
    for left_out in sorted(categories):
        kept = [c for c in sorted(categories) if c != left_out]
        table.append(("without", left_out, {"negative_categories": kept}, first))
    found = [
        Variation(g, n, _sized(g) | ({} if g == "full" else _SHORT) | o | {"seed": s})
        for g, n, o, ss in table
        for s in ss
    ]
    return sorted(found, key=lambda v: (v.group != "full", v.overrides["seed"] != seeds[0]))


def _sized(group: str) -> dict[str, object]:
    """What cuts an experiment short; where streams are missing the network gives verdicts, and is trained as it is."""
    return {k: v for k, v in _SIZED.items() if group != "streams" or not k.startswith("train.")}


def rows(
    variation: Variation,
    metrics: Mapping[str, object],
    judged: pd.DataFrame | None = None,
    full: pd.DataFrame | None = None,
    effect: pd.DataFrame | None = None,
) -> list[dict[str, object]]:
    """Rows of `reports/ablations.csv` from what an experiment wrote.

    An experiment with a control has the rows without mining too: its base detector, and the one that was fine-tuned on
    random negatives.

    Parameters
    ----------
    variation : Variation
    metrics : mapping
        Its `metrics.json`.
    judged, full : DataFrame, optional
        Its `predictions.csv`, and that of the full detector with the same seed.
    effect : DataFrame, optional
        Its `before_after.csv`.

    Returns
    -------
    list of dict
        `group`, `experiment`, `seed`, MEASURES; `authentic_n`, `stego_n`, how many of them the experiment alone gets
        wrong and how many the full detector alone (`*_only_here`, `*_only_full`), and McNemar's `*_p`, where both
        tables are there; with a control `base<r>_k`, `base<r>_n`, `base<r>_p` and `base<r>_precision`: authentic
        images flagged where it finds as much as its base does while flagging r per cent of them.
    """
    models = [(variation.group, variation.name, "v4")]
    controlled = variation.overrides.get("finetune.control", True)
    if controlled:
        group = "mining" if variation.group == "full" else variation.group
        models += [(group, "off", "v4_base"), (group, "random", "control")]
    return [
        {"group": group, "experiment": name, "seed": variation.overrides["seed"],
         **{measure: _look(metrics[model], measure) for measure in MEASURES}, **_against(judged, model, full),
         **(_beside_base(effect, model) if controlled else {})}
        for group, name, model in models if model in metrics
    ]  # fmt: skip


def _beside_base(effect: pd.DataFrame | None, model: str) -> dict[str, object]:
    """False alarms and precision of a model where it finds as much as the base detector."""
    found: dict[str, object] = {}
    if effect is None:
        return found
    for rate, compared in effect[effect["model"] == model].groupby("base_fpr"):
        of_group = compared.set_index("group")
        alarms, precision = of_group.loc["authentic"], of_group.loc["flagged"]
        values = int(alarms["k"]), int(alarms["n"]), alarms["p_against_base"], precision["value"]
        name = f"base{100 * rate:g}"
        found |= dict(zip((f"{name}_{part}" for part in ("k", "n", "p", "precision")), values, strict=True))
    return found


def _against(judged: pd.DataFrame | None, model: str, full: pd.DataFrame | None) -> dict[str, object]:
    """Errors on the images that both judged, set against each other."""
    if judged is None or full is None or f"{model}_flagged" not in judged:
        return {}
    image = ["path", "sample_id"]
    both = judged.merge(full[[*image, "v4_flagged"]].rename(columns={"v4_flagged": "full"}), on=image)
    found: dict[str, object] = {}
    for name, label in (("authentic", 0), ("stego", 1)):
        chosen = both["label"] == label
        here, there = (column[chosen] == label for column in (both[f"{model}_flagged"], both["full"]))
        test = mcnemar(here, there)
        found |= {f"{name}_n": int(chosen.sum()), f"{name}_only_here": test.only_second,
                  f"{name}_only_full": test.only_first, f"{name}_p": round(test.p_value, 6)}  # fmt: skip
    return found


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Mean and spread over seeds, and the difference from the full detector with the same seeds.

    Returns
    -------
    DataFrame
        One row an experiment, of each commit where the table names commits: `<measure>` (mean), `<measure>_sd` (NaN
        for one seed), `<measure>_change` (mean of the paired differences).
    """
    if "commit" in table:
        parts = table.groupby("commit", sort=False, dropna=False)
        return pd.concat([summary(p.drop(columns="commit")).assign(commit=c) for c, p in parts], ignore_index=True)
    full = table[table["group"] == "full"].set_index("seed")
    out = []
    for (group, name), part in table.groupby(["group", "experiment"], sort=True):
        row: dict[str, object] = {"group": group, "experiment": name, "seeds": len(part)}
        for measure in MEASURES:
            values = part[measure].astype(float)
            paired = values.to_numpy() - full[measure].reindex(part["seed"]).to_numpy(float)
            row[measure] = round(float(values.mean()), 6)
            row[f"{measure}_sd"] = round(float(values.std(ddof=1)), 6) if len(values) > 1 else np.nan
            row[f"{measure}_change"] = round(float(np.mean(paired)), 6)
        out.append(row)
    return pd.DataFrame(out)


def _look(metrics: object, dotted: str) -> float:
    for key in dotted.split("."):
        metrics = metrics.get(key) if isinstance(metrics, Mapping) else None
    return float("nan") if metrics is None else round(float(metrics), 6)
