"""What a detector says of every picture of the bench by size, and what that comes to."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from starlight.detector.answer import STEGO
from starlight.detector.detector import Detector
from starlight.lab.sizes.pictures import METHODS, SIZES, Method, Photograph, Plan, chosen, files, part
from starlight.metrics import auc, bootstrap_interval, clopper_pearson, cover_weights

__all__ = ["TWINS", "judged", "measure", "summary"]

TWINS = "payload-free"


def judged(folder: Path, detector: Detector, plan: Plan, methods: Sequence[Method] = METHODS) -> pd.DataFrame:
    """Let a detector judge every picture.

    Parameters
    ----------
    folder : Path
        Of JPEG photographs that the detector was not trained on.
    detector : Detector
    plan : Plan
    methods : sequence of Method

    Returns
    -------
    DataFrame
        Of each picture: `size` in megapixels, `photograph`, `carrier`, `technique` ("" for a payload-free twin),
        `rate`, `label`, `flagged`, `score`, and a column `own_<technique>` for each expert's log-odds.

    Raises
    ------
    StarlightError
        The folder holds no JPEG photograph that blocks can be cut out of.
    """
    work = chosen(folder, plan)
    jobs = (delayed(_judge)(detector, one, size, plan.seed + place, methods) for place, (size, one) in enumerate(work))
    with Parallel(n_jobs=plan.workers, return_as="generator", batch_size=1) as pool:
        rows = [row for rows in tqdm(pool(jobs), total=len(work), unit="part", mininterval=5) for row in rows]
    return pd.DataFrame(rows)


def _judge(detector: Detector, one: Photograph, size: float, seed: int, methods: Sequence[Method]) -> list[dict]:
    rows = []
    for carrier, method, data in files(part(one, size, seed), size, methods):
        said = detector.judge(data, maps=False)
        experts = zip(detector.predictor.techniques, said.prediction.logits[0].tolist(), strict=True)
        rows.append(
            {"size": size, "photograph": one.name, "carrier": carrier, "technique": method.technique if method else "",
             "rate": method.rate if method else np.nan, "label": int(method is not None),
             "flagged": int(said.detection.verdict == STEGO), "score": float(said.prediction.score[0])}
            | {f"own_{name}": value for name, value in experts}
        )  # fmt: skip
    return rows


def measure(pictures: pd.DataFrame, *, seed: int = 0) -> pd.DataFrame:
    """Found at the threshold, and ranking against the twins of the same size and carrier.

    Parameters
    ----------
    pictures : DataFrame
        As `judged` gives it.
    seed : int
        Of the resamples that the AUC's interval is from.

    Returns
    -------
    DataFrame
        A row for each method, and `payload-free` ones, at each size: `k` of `n` called stego, `share` with its
        Clopper-Pearson interval `low`, `high`; `auc` of the score with its bootstrap interval over photographs, and
        `own_auc` of the technique's own expert, whether or not it may speak.
    """
    rows = []
    for (size, carrier), group in pictures.groupby(["size", "carrier"]):
        twins = group[group["label"] == 0]
        rows.append({"technique": TWINS, "rate": np.nan, "size": size, "carrier": carrier, **_share(twins)})
        for (name, rate), stego in group[group["label"] == 1].groupby(["technique", "rate"]):
            both = pd.concat([twins, stego])
            label, score = both["label"].to_numpy(), both["score"].to_numpy()
            drawn = auc(label, score, cover_weights(both["photograph"], seed=seed))
            low, high = bootstrap_interval(drawn)
            own = float(auc(label, both[f"own_{name}"].to_numpy())[0]) if f"own_{name}" in both else np.nan
            rows.append(
                {"technique": name, "rate": rate, "size": size, "carrier": carrier, **_share(stego),
                 "auc": float(auc(label, score)[0]), "auc_low": low, "auc_high": high, "own_auc": own}
            )  # fmt: skip
    order = {m.technique: i for i, m in enumerate(METHODS)}
    table = pd.DataFrame(rows)
    place = table["technique"].map(order).fillna(-1)
    return table.assign(place=place).sort_values(["carrier", "place", "rate", "size"]).drop(columns="place")


def _share(rows: pd.DataFrame) -> dict[str, float]:
    k, n = int(rows["flagged"].sum()), len(rows)
    low, high = clopper_pearson(k, n)
    return {"k": k, "n": n, "share": k / n, "low": low, "high": high}


def summary(pictures: pd.DataFrame) -> list[tuple[float, int]]:
    """Sizes in megapixels and how many photographs each has."""
    return [(size, pictures.loc[pictures["size"] == size, "photograph"].nunique()) for size in SIZES]
