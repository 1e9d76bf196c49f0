"""Starlight beside its peers on one test set: which image each of them scores how, and what that comes to."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed
from tqdm import tqdm

from starlight.detector.detector import Detector
from starlight.lab.peers import ensembles, images, measures, report
from starlight.lab.peers.images import ImageSet
from starlight.lab.peers.peers import Peer, attacks, rules, sealwatch, starlight
from starlight.lab.peers.programs import with_programs
from starlight.sample.build import SampleParams

__all__ = ["Plan", "image_sets", "peers", "score", "write"]

_CHUNK = 32  # images handed to a process at a time
_TRAINED = 6  # techniques of each of the two carriers that ensembles are trained on


@dataclass(frozen=True)
class Plan:
    """Size of a run.

    Attributes
    ----------
    images : int
        Covers of a test set that is made.
    stego : int
        Stego images of each technique in it.
    train : int
        Most images, half of them stego, that each ensemble is trained on.
    seed : int
    workers : int
    programs : int
        Covers that each program of this machine is given.
    """

    images: int = 600
    stego: int = 150
    train: int = 600
    seed: int = 990_002
    workers: int = 1
    programs: int = 30


def image_sets(
    plan: Plan, params: SampleParams, scratch: Path, *, manifest: Path, datasets: Path, covers: Path | None = None
) -> tuple[ImageSet, ImageSet]:
    """The test set and the training images.

    Parameters
    ----------
    plan : Plan
    params : SampleParams
        Of the built-in submission, for what is made.
    scratch : Path
        Folder for it.
    manifest, datasets : Path
        Of the pipeline; without a manifest both sets are made.
    covers : Path, optional
        Photographs to make the test set from, in place of the pipeline's test split.

    Raises
    ------
    StarlightError
        The folder of covers is not there or holds no image, or the manifest lists files that are not there.
    """
    here = manifest.is_file()
    if covers is not None or not here:
        settings = images.test_params(params, plan.images, plan.stego)
        test = images.made(scratch / "test", settings, plan.seed, covers=covers, workers=plan.workers)
    else:
        test = images.of_manifest(manifest, datasets, "test")
    test = with_programs(test, scratch / "programs", plan.programs, seed=plan.seed)
    if here:
        return test, images.of_manifest(manifest, datasets, "train")
    few = -(-plan.train // (2 * _TRAINED))
    settings = replace(
        params, enabled=True, covers=max(plan.train // 2, images.LEAST_COVERS), stego_per_technique=few,
        adaptive_per_technique=few, negatives=0,
    )  # fmt: skip
    return test, images.made(scratch / "train", settings, params.seed, workers=plan.workers)


def peers(detector: Detector, training: ImageSet, plan: Plan) -> list[Peer]:
    """Starlight, the attacks, the trained ensembles and the rules, in the order of their columns.

    Parameters
    ----------
    detector : Detector
    training : ImageSet
        For the ensembles.
    plan : Plan

    Raises
    ------
    StarlightError
        sealwatch is not installed, or there are too few training images.
    """
    sealwatch()
    trained = []
    for kind in ensembles.ENSEMBLES:
        pairs = images.training_pairs(training, kind.carrier, plan.train // 2, seed=plan.seed)
        trained.append(ensembles.train(kind, pairs, seed=plan.seed, workers=plan.workers))
    return [starlight(detector), *attacks(), *trained, *rules()]


def score(table: pd.DataFrame, detectors: Sequence[Peer], *, workers: int = 1) -> pd.DataFrame:
    """Let every detector judge every image.

    Parameters
    ----------
    table : DataFrame
        Of images; see `images.COLUMNS`.
    detectors : sequence of Peer
    workers : int
        Processes; times are of the processor and so depend little on them.

    Returns
    -------
    DataFrame
        The table's columns for each detector in turn, and `detector`, `score` (NaN where not judged), `ms`, `reason`
        (`outside` for a kind of file that it does not judge, else what went wrong).
    """
    paths = [table["path"].iloc[i : i + _CHUNK].tolist() for i in range(0, len(table), _CHUNK)]
    parts = []
    with Parallel(n_jobs=workers) as pool:
        for peer in tqdm(detectors, unit="detector", mininterval=5):
            answers = [one for chunk in pool(delayed(_judge)(peer, chunk) for chunk in paths) for one in chunk]
            found = pd.DataFrame(answers, columns=["score", "ms", "reason"], index=table.index)
            parts.append(pd.concat([table.assign(detector=peer.name), found], axis=1))
    return pd.concat(parts, ignore_index=True)


def write(out: Path, scored: pd.DataFrame, detectors: Sequence[Peer], origins: Sequence[str]) -> str:
    """Write `detect.csv` and `detect.md`, and `detect_sources.csv` where there are several sources.

    Parameters
    ----------
    out : Path
        Folder.
    scored : DataFrame
        As `score` gives it.
    detectors : sequence of Peer
    origins : sequence of str
        Sentences on what was measured, and with what.

    Returns
    -------
    str
        The Markdown.
    """
    measured = measures.by_technique(scored, detectors)
    sources = measures.by_source(scored, detectors)
    text = report.to_markdown(measured, measures.summary(scored, detectors), sources, origins)
    out.mkdir(parents=True, exist_ok=True)
    measured.round(6).to_csv(out / "detect.csv", index=False, lineterminator="\n")
    if len(sources):
        sources.round(6).to_csv(out / "detect_sources.csv", index=False, lineterminator="\n")
    (out / "detect.md").write_text(text, encoding="utf-8")
    return text


def _judge(peer: Peer, paths: Sequence[str]) -> list[tuple[float, float, str]]:
    answers = []
    for path in paths:
        started = time.process_time()
        try:
            with np.errstate(all="ignore"):
                found = peer.score(Path(path))
            value, reason = (np.nan, "outside") if found is None else (float(found), "")
        except Exception as error:  # a peer's code may raise anything on an image; it is counted, and the run goes on
            value, reason = np.nan, f"{type(error).__name__}: {error}"
        if not reason and np.isnan(value):
            reason = "no number"
        answers.append((value, 1e3 * (time.process_time() - started), reason))
    return answers
