"""What heads on sets of statistics find on files of other sources, beside the detector's own experts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from starlight.detector.weights import Stored, averaged
from starlight.lab.features.files import AS_THEY_LIE, METHODS, SAVED_AGAIN, Read
from starlight.lab.features.heads import fit
from starlight.metrics import auc, bootstrap_interval, clopper_pearson, cover_weights, detection_at_fpr
from starlight.streams import dct

__all__ = ["FAMILIES", "HEADS", "TODAY", "Scored", "measure", "origin", "scored"]

TODAY = "expert of today"
FAMILIES = (("f5", "nsf5"), ("uerd", "juniward"), ("steghide",))  # techniques that share a head
HEADS: Mapping[str, tuple[str, ...]] = {  # to the sets that they read
    "stream": ("stream",),
    "shifts": ("shifts",),
    "phases": ("phases",),
    "co-occurrences": ("cooccurrences",),
    "all": ("stream", "shifts", "phases", "cooccurrences"),
}
BY_QUALITY = "all, by quality"
STEPS = (1.2, 3.2)  # 8 times what the standard table is multiplied by: qualities of about 92 and 80
QUALITY = ("quality 93 and more", "80 to 92", "under 80")
_FAR = 0.1  # weight of images of other qualities, to a head of one quality
FPRS = {"percent": 0.01, "permille": 0.001}


class Scored(NamedTuple):
    """Scores of n judged files: a row each, and (n,) of each head and family."""

    rows: pd.DataFrame
    scores: Mapping[tuple[str, tuple[str, ...]], NDArray]


def scored(learnt: Read, judged: Read, stored: Stored, told: Callable[[str], None] = print) -> Scored:
    """Fit every head on what is learnt from, and score what is judged.

    Parameters
    ----------
    learnt, judged : Read
    stored : Stored
        The detector, whose experts are judged beside.
    told : callable
        Is given a line for each head.
    """
    scores = {}
    names = stored.members[0].model.config.techniques
    today = _today(stored, judged.sets["stream"])
    for family in FAMILIES:
        scores[TODAY, family] = today[:, [names.index(name) for name in family]].max(axis=1)
        for head, sets in HEADS.items():
            scores[head, family] = _fitted(learnt, judged, sets, family)
            told(f"{head} {family}")
        scores[BY_QUALITY, family] = _by_quality(learnt, judged, HEADS["all"], family)
    return Scored(judged.rows, scores)


@torch.inference_mode()
def _today(stored: Stored, vectors: NDArray) -> NDArray:
    said = [m.model.encoders[dct.NAME](torch.from_numpy(vectors))[1] + m.model.offset for m in stored.members]
    return averaged(said, [m.weight for m in stored.members]).numpy()


def _values(data: Read, sets: Sequence[str], at: NDArray) -> NDArray:
    return np.concatenate([data.sets[name][at] for name in sets], axis=1)


def _quality(rows: pd.DataFrame) -> NDArray[np.int64]:
    return np.digitize(rows["step"], STEPS)


def _fitted(
    learnt: Read, judged: Read, sets: Sequence[str], family: Sequence[str], quality: int | None = None
) -> NDArray:
    rows = learnt.rows
    at = np.flatnonzero(rows["technique"].isin(["", *family]) & rows["cover"].isin(_covers(rows, family)))
    used = rows.iloc[at]
    weight = None if quality is None else np.where(_quality(used) == quality, 1.0, _FAR)
    head = fit(_values(learnt, sets, at), (used["technique"] != "").to_numpy(), used["photograph"].tolist(), weight)
    return head.score(_values(judged, sets, np.arange(len(judged.rows))))


def _covers(rows: pd.DataFrame, family: Sequence[str]) -> set[str]:
    """Covers that have a stego file of the family: pairs alone are learnt from."""
    return set(rows.loc[rows["technique"].isin(family), "cover"])


def _by_quality(learnt: Read, judged: Read, sets: Sequence[str], family: Sequence[str]) -> NDArray:
    of, out = _quality(judged.rows), np.zeros(len(judged.rows))
    for quality in np.unique(of):
        out[of == quality] = _fitted(learnt, judged, sets, family, int(quality))[of == quality]
    return out


def measure(data: Scored, *, seed: int = 0) -> pd.DataFrame:
    """Ranking and shares found, of each method and head, by kind of file and by quality.

    Returns
    -------
    DataFrame
        `kind`, `quality` ("" for all together), `technique`, `rate`, `head`, `n`, `clean`, `auc` with its bootstrap
        interval over covers, and for both FPRs the share found with its Clopper-Pearson interval.
    """
    rows, out = data.rows, []
    quality = np.array(QUALITY)[_quality(rows)]
    for kind in (AS_THEY_LIE, SAVED_AGAIN):
        for part in ("", *QUALITY):
            of_kind = (rows["kind"] == kind) & ((quality == part) | (part == ""))
            for method in METHODS:
                stego = of_kind & (rows["technique"] == method.technique) & np.isclose(rows["rate"], method.rate)
                both = (of_kind & (rows["technique"] == "")) | stego
                if stego.sum() and both.sum() > stego.sum():
                    out += _measured(data, both.to_numpy(), {"kind": kind, "quality": part, **method._asdict()}, seed)
    return pd.DataFrame(out)


def _measured(data: Scored, both: NDArray, what: dict, seed: int) -> list[dict]:
    rows = data.rows[both]
    label = (rows["technique"] != "").to_numpy().astype(int)
    drawn = cover_weights(rows["photograph"], seed=seed)
    out, n = [], int(label.sum())
    for (head, family), scores in data.scores.items():
        if what["technique"] not in family:
            continue
        score = scores[both]
        low, high = bootstrap_interval(auc(label, score, drawn))
        row = what | {"head": head, "n": n, "clean": int(len(label) - n), "auc": float(auc(label, score)[0]),
                      "auc_low": low, "auc_high": high}  # fmt: skip
        for at, fpr in FPRS.items():
            k = round(float(detection_at_fpr(label, score, fpr)[0]) * n)
            row |= dict(zip((f"found_{at}", f"low_{at}", f"high_{at}"), (k / n, *clopper_pearson(k, n)),
                            strict=True))  # fmt: skip
        out.append(row)
    return out


def origin(learnt: Read, judged: Read, folder: str) -> str:
    """A sentence on what was learnt from, and what was judged."""
    of = judged.rows.groupby("kind")["photograph"].nunique()
    sources = ", ".join(f"{name} ({n})" for name, n in judged.rows.groupby("source")["photograph"].nunique().items())
    pairs = {family: int(learnt.rows["technique"].isin(family).sum()) for family in FAMILIES}
    told = ", ".join(f"{n:,} of {' and '.join(f'`{name}`' for name in family)}" for family, n in pairs.items())
    first = f"Heads learnt from pairs of {learnt.rows['cover'].nunique():,} JPEG files made for it: {told}."
    photographs = judged.rows["photograph"].nunique()
    second = (f"Judged on {len(judged.rows):,} files of {photographs:,} photographs of a folder "
              f"named `{folder}`, by its folders {sources}; {of.get(AS_THEY_LIE, 0)} photographs as they lie, "
              f"{of.get(SAVED_AGAIN, 0)} saved again.")  # fmt: skip
    return f"{first} {second}"
