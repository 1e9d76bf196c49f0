"""What heads on sets of statistics find on files of other sources, beside the detector's own experts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray

from starlight.detector.weights import Stored
from starlight.lab.features.files import AS_THEY_LIE, METHODS, SAVED_AGAIN, Read
from starlight.lab.features.heads import fit, fit_network, prepared
from starlight.metrics import auc, bootstrap_interval, clopper_pearson, cover_weights, detection_at_fpr
from starlight.release.jpeg_experts import said

__all__ = [
    "BY_QUALITY",
    "FAMILIES",
    "FPRS",
    "HEADS",
    "NETWORKS",
    "QUALITY",
    "TODAY",
    "Scored",
    "measure",
    "origin",
    "scored",
]

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
NETWORKS: Mapping[str, tuple[str, ...]] = {
    "network, stream": HEADS["stream"],
    "network, stream and co-occurrences": ("stream", "cooccurrences"),
    "network, all": HEADS["all"],
}
STEPS = (1.2, 3.2)  # 8 times what the standard table is multiplied by: qualities of about 92 and 80
QUALITY = ("quality 93 and more", "80 to 92", "under 80")
_FAR = 0.1  # weight of images of other qualities, to a head of one quality
FPRS = {"percent": 0.01, "permille": 0.001}


class Scored(NamedTuple):
    """Scores of n judged files: a row each, and (n,) of each head and family."""

    rows: pd.DataFrame
    scores: Mapping[tuple[str, tuple[str, ...]], NDArray]


def scored(learnt: Read, judged: Read, stored: Stored, *, seed: int = 0) -> Scored:
    """Fit every head on what is learnt from, and score what is judged.

    Parameters
    ----------
    learnt, judged : Read
    stored : Stored
        The detector, whose experts are judged beside.
    seed : int
        Of the networks.
    """
    names = stored.members[0].model.config.techniques
    today = said(stored.members, judged.sets["stream"])
    scores = {(TODAY, one): today[:, [names.index(name) for name in one]].max(axis=1) for one in FAMILIES}
    for head, sets in HEADS.items():
        for one in FAMILIES:
            found = _linear(learnt, judged, sets, one, by_quality=head == "all")
            scores |= {(name, one): score for name, score in zip((head, BY_QUALITY), found, strict=False)}
    for head, sets in NETWORKS.items():
        log_odds = _of_network(learnt, judged, sets, seed)
        scores |= {(head, one): log_odds[:, k] for k, one in enumerate(FAMILIES)}
    return Scored(judged.rows, scores)


def _values(data: Read, sets: Sequence[str], at: NDArray) -> NDArray:
    return np.concatenate([data.sets[name][at] for name in sets], axis=1)


def _quality(rows: pd.DataFrame) -> NDArray[np.int64]:
    return np.digitize(rows["step"], STEPS)


def _linear(
    learnt: Read, judged: Read, sets: Sequence[str], family: Sequence[str], *, by_quality: bool
) -> Iterator[NDArray]:
    """Scores of a linear head; then, if asked, of one for each quality."""
    rows = learnt.rows
    at = np.flatnonzero(rows["technique"].isin(["", *family]) & rows["cover"].isin(_covers(rows, family)))
    used, others = rows.iloc[at], _values(judged, sets, np.arange(len(judged.rows)))
    pairs = prepared(_values(learnt, sets, at), (used["technique"] != "").to_numpy())
    yield fit(pairs, used["photograph"].tolist()).score(others)
    if by_quality:
        of, out = _quality(judged.rows), np.zeros(len(judged.rows))
        for quality in np.unique(of):
            weight = np.where(_quality(used) == quality, 1.0, _FAR)
            out[of == quality] = fit(pairs, used["photograph"].tolist(), weight).score(others[of == quality])
        yield out


@torch.inference_mode()
def _say(network, values: NDArray) -> NDArray:
    return network(torch.from_numpy(values))[1].numpy()


def _of_network(learnt: Read, judged: Read, sets: Sequence[str], seed: int) -> NDArray:
    """(n, families) log-odds."""
    carried = learnt.rows["technique"]
    stego = np.stack([carried.isin(family).to_numpy() for family in FAMILIES], axis=1)
    known, other = (_values(data, sets, np.arange(len(data.rows))) for data in (learnt, judged))
    return _say(fit_network(known, stego, seed=seed), other)


def _covers(rows: pd.DataFrame, family: Sequence[str]) -> set[str]:
    """Covers that have a stego file of the family: pairs alone are learnt from."""
    return set(rows.loc[rows["technique"].isin(family), "cover"])


def measure(data: Scored, *, seed: int = 0) -> pd.DataFrame:
    """Ranking and shares found, of each method and head, by kind of file and by quality.

    Stego files are ranked against their own twins, so that both are of the same covers; all clean files of the kind
    set the thresholds at which shares are found.

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
    paired = rows["cover"].isin(rows.loc[label == 1, "cover"]).to_numpy()
    drawn = cover_weights(rows["photograph"][paired], seed=seed)
    out, n = [], int(label.sum())
    for (head, family), scores in data.scores.items():
        if what["technique"] not in family:
            continue
        score = scores[both]
        low, high = bootstrap_interval(auc(label[paired], score[paired], drawn))
        row = what | {"head": head, "n": n, "clean": int(len(label) - n), "auc_low": low, "auc_high": high}
        row["auc"] = float(auc(label[paired], score[paired])[0])
        for at, fpr in FPRS.items():
            k = round(float(detection_at_fpr(label, score, fpr)[0]) * n)
            row |= zip((f"found_{at}", f"low_{at}", f"high_{at}"), (k / n, *clopper_pearson(k, n)), strict=True)
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
