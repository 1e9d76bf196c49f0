"""The `evaluate` stage: every detector on the same test images."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from starlight.detector.calibration.judgement import columns, judge, lowest_rates, named
from starlight.detector.weights import Stored, averaged
from starlight.errors import StarlightError
from starlight.metrics import auc
from starlight.metrics.before_after import compared
from starlight.params import knob
from starlight.store import StreamReader
from starlight.streams import SETS
from starlight.streams.starts import STARTS
from starlight.techniques import LABELS
from starlight.techniques.shown import speaking
from starlight.training import devices
from starlight.training.cells.crops import Crops
from starlight.training.data import TrainingData
from starlight.training.selection import Passes, blanked

__all__ = [
    "EvaluateParams", "Scored", "before_after", "hardest", "load_test", "predictions", "score", "stream_ablation",
]  # fmt: skip

_IDENTITY = (
    "sample_id", "path", "submission", "kind", "category", "technique", "label", "payload_bits", "payload_rate",
    "cover_id", "format", "mode", "width", "height", "source", "tool",
)  # fmt: skip


@dataclasses.dataclass(frozen=True)
class EvaluateParams:
    """The `evaluate` block of `params.yaml`."""

    map_threshold: float = knob(min=0.0, max=1.0)
    stream_ablation: bool = knob()
    maps: bool = knob()
    hardest: int = knob(min=0, max=200)


class Scored(NamedTuple):
    """A detector's answers on n images: score (flagged at 0), probability, technique, map counts, abstention.

    rate : the lowest false-positive rate that it has thresholds for and flags the image at; NaN for none.
    """

    score: np.ndarray
    probability: np.ndarray
    technique: np.ndarray
    counts: np.ndarray
    abstain: np.ndarray
    rate: np.ndarray

    @property
    def flagged(self) -> np.ndarray:
        return (self.score >= 0) & ~self.abstain


def score(stored: Stored, passes: Passes) -> Scored:
    """What a stored detector, one model or an ensemble, says of the images of a data set.

    Parameters
    ----------
    stored : Stored
    passes : Passes
        Over the data set; shared by detectors that share members.
    """
    runs = [passes.of(member.model) for member in stored.members]
    return _scored(stored, passes.data, passes.log_odds(stored.members), runs[0].unlike, runs[-1].counts)


def _scored(stored: Stored, data: TrainingData, logits, unlike, counts=None) -> Scored:
    techniques = stored.calibration.techniques
    found = data.found[:, columns(techniques)] if stored.members[0].model.config.reads else None
    how = data.classes, stored.calibration, stored.meta["ood_limit"], found
    answer, rate = judge(logits, np.zeros(0), unlike, *how), lowest_rates(logits, unlike, *how)
    technique = named(answer.technique_scores, techniques)
    return Scored(answer.score, answer.probability, technique, counts, answer.abstain, rate)


def predictions(detectors: Mapping[str, Stored], data: TrainingData, params: EvaluateParams) -> pd.DataFrame:
    """One row a test image, five columns and four counts a detector; sorted by path.

    Without `params.maps`, much sooner, the counts are 0 where experts can answer alone.

    Parameters
    ----------
    detectors : mapping
        Name to detector.
    data : TrainingData
    params : EvaluateParams

    Returns
    -------
    DataFrame
        Columns of `reports/predictions.csv`: identity, then for each detector `<m>_probability`, `<m>_flagged`,
        `<m>_technique`, `<m>_ood`, `<m>_rate` (of `Scored`), `<m>_map_fp_ratio` and the map's cell counts.
    """
    rows = data.rows
    table = rows[list(_IDENTITY)].copy()
    for name in ("category", "technique", "tool"):
        table[name] = table[name].fillna("")
    table["twin_of"] = _twin_of(rows)
    table["container"] = data.classes
    table["quality"] = np.round(data.qualities)
    passes = Passes(data, threshold=params.map_threshold, maps=params.maps)
    for name, stored in detectors.items():
        answer = score(stored, passes)
        table[f"{name}_probability"] = answer.probability.round(6)
        table[f"{name}_score"] = answer.score.round(6)
        table[f"{name}_flagged"] = answer.flagged.astype(int)
        table[f"{name}_technique"] = answer.technique
        table[f"{name}_ood"] = answer.abstain.astype(int)
        table[f"{name}_rate"] = answer.rate
        cells = answer.counts.sum(axis=1)
        table[f"{name}_map_fp_ratio"] = np.where(cells > 0, answer.counts[:, 1] / np.maximum(cells, 1), np.nan).round(6)
        for i, count in enumerate(("tp", "fp", "fn", "tn")):
            table[f"{name}_map_{count}"] = answer.counts[:, i].astype(int)
    return table.sort_values("path").reset_index(drop=True)


def _twin_of(rows: pd.DataFrame) -> list[str]:
    """For each image, the techniques whose stego was made from that very file, `;`-joined."""
    made: dict[str, set[str]] = {}
    for twin, technique in zip(rows["twin_id"], rows["technique"], strict=True):
        if isinstance(twin, str) and twin:
            made.setdefault(twin, set()).add(str(technique))
    return [";".join(sorted(made.get(s, ()))) for s in rows["sample_id"]]


def stream_ablation(stored: Stored, data: TrainingData, *, each: bool = True) -> pd.DataFrame:
    """Measures of a detector with each of the streams left out that have a say in its verdict.

    Parameters
    ----------
    stored : Stored
    data : TrainingData
    each : bool
        Without, the first row alone.

    Returns
    -------
    DataFrame
        First row: no stream is left out; then one row a stream.
    """
    if each:
        device, weights = devices.current()[0], [m.weight for m in stored.members]
        blanks = (None, *speaking(stored.members[0].model.config.streams))
        runs = [blanked(m.model, data, device, blanks) for m in stored.members]
        found = {blank: averaged([run[blank] for run in runs], weights) for blank in blanks}
    else:
        found = {None: Passes(data, maps=False).log_odds(stored.members)}
    unlike = np.zeros(len(data))  # an image with a stream left out is unlike any seen, which is not the question
    rows = []
    for blank, logits in found.items():
        answer = _scored(stored, data, logits, unlike)
        authentic = data.labels == 0
        rows.append({
            "blanked": blank or "(none)",
            "fpr": round(float(answer.flagged[authentic].mean()), 6),
            "recall": round(float(answer.flagged[~authentic].mean()), 6),
            "auc": round(float(np.ravel(auc(data.labels, answer.score))[0]), 6),
            **{f"detection.{LABELS[t]}": round(float(answer.flagged[data.technique == t].mean()), 6)
               for t in sorted(set(data.technique[~authentic]))},
        })  # fmt: skip
    return pd.DataFrame(rows)


def before_after(table: pd.DataFrame, names: tuple[str, ...] = ("v4_base", "v4", "control")) -> pd.DataFrame:
    """Base, mined and random fine-tuning on the same images; see `starlight.metrics.before_after.compared`."""
    groups = {"all": table["path"].notna(), "authentic": table["label"] == 0, "stego": table["label"] == 1}
    groups |= {f"negative:{c}": table["category"].eq(c) & table["kind"].eq("negative")
               for c in sorted(set(table.loc[table["kind"] == "negative", "category"]))}  # fmt: skip
    groups |= {f"technique:{t}": table["technique"].eq(t) & table["label"].eq(1)
               for t in sorted(set(table.loc[table["label"] == 1, "technique"]))}  # fmt: skip
    return compared(table, groups, names)


def load_test(manifest: pd.DataFrame, reader: StreamReader, crops: Crops, scratch: Path) -> TrainingData:
    """The test split with all streams.

    Parameters
    ----------
    manifest : DataFrame
    reader : StreamReader
    crops : Crops
    scratch : Path
        Absolute; folder for what does not fit into memory.

    Raises
    ------
    StarlightError
        There is nothing to measure on.
    """
    rows = manifest[(manifest["status"] == "ok") & (manifest["split"] == "test")]
    rows = rows[rows["kind"].isin(["clean", "stego", "negative"])]
    if not len(rows):
        raise StarlightError("datasets/: the test split has no usable image; add a submission with more covers")
    return TrainingData(rows, reader, SETS["nine"], crops, scratch, begins=tuple(STARTS))


def hardest(table: pd.DataFrame, data: TrainingData, count: int, name: str = "v4") -> tuple[list[int], list[str]]:
    """The authentic images that look most like stego and the stego images that look least so, half of each.

    Parameters
    ----------
    table : DataFrame
        As `predictions` gives it.
    data : TrainingData
        That it was made from.
    count : int
        Images in all.
    name : str
        Detector.

    Returns
    -------
    positions : list of int
        In `data`; authentic images first, the worst of each half first.
    captions : list of str
        Technique, category or `clean`, and the score, which flags from 0 on.
    """
    authentic = table[table["label"] == 0].sort_values([f"{name}_score", "path"], ascending=[False, True])
    stego = table[table["label"] == 1].sort_values([f"{name}_score", "path"])
    shown = pd.concat([authentic.head(-(-count // 2)), stego.head(count // 2)])
    place = {path: i for i, path in enumerate(data.rows["path"])}
    kinds = shown["technique"].where(shown["technique"] != "", shown["category"]).replace("", "clean")
    captions = [f"{kind} {score:+.2f}" for kind, score in zip(kinds, shown[f"{name}_score"], strict=True)]
    return [place[path] for path in shown["path"]], captions
