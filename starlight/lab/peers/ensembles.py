"""Rich features with an ensemble of Fisher linear discriminants: what learns on the pipeline's training images.

Features: SPAM (Pevny, Bas and Fridrich, TIFS 5, 2010) and DCTR (Holub and Fridrich, TIFS 10, 2015); ensemble: Kodovsky,
Fridrich and Holub, TIFS 7, 2012. All three are sealwatch's.

The size of the subspaces is chosen by cross-validation over covers. The ensemble's own search by out-of-bag error takes
pairs to be independent; where several stego images share a cover it settles on subspaces that are far too large.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed
from sklearn.model_selection import GroupKFold

from starlight.errors import StarlightError
from starlight.lab.peers.peers import Peer, coefficients, planes, sealwatch
from starlight.metrics import auc

__all__ = ["ENSEMBLES", "Ensemble", "dctr", "fit", "spam", "train", "vote"]

_LEARNERS = 100
_SUBSPACES = (16, 32, 64, 128, 256, 512)  # features of a learner, to choose from
_FOLDS = 3
_LEAST_PAIRS = 20  # under which no ensemble is trained
_LUMA = np.array([  # ITU-T T.81, table K.1, of quality 50
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55], [14, 13, 16, 24, 40, 57, 69, 56],
    [14, 17, 22, 29, 51, 87, 80, 62], [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99],
])  # fmt: skip


@dataclass(frozen=True)
class Ensemble:
    """Features, the techniques whose carrier it is trained on, and the files that it judges."""

    name: str
    carrier: str
    about: str
    features: Callable[[Path], np.ndarray | None]


def spam(path: Path) -> np.ndarray | None:
    """(686,) SPAM features, mean over the channels; None unless lossless and not indexed."""
    channels = planes(path)
    if channels is None:
        return None
    with sealwatch().BACKEND_RUST:
        return np.mean([_flat(sealwatch().spam.extract(channel)) for channel in channels], axis=0)


def dctr(path: Path) -> np.ndarray | None:
    """(8000,) DCTR features of luma; None unless JPEG.

    The quantisation step follows the paper's equation 10, the quality being read from the file's own table.
    """
    luma = coefficients(path)
    if luma is None:
        return None
    step = float(np.clip(8 * (luma[1] / _LUMA).mean(), 0.2, 100))
    return _flat(sealwatch().dctr.extract(sealwatch().tools.jpeg.decompress(*luma) - 128, step))


ENSEMBLES = (
    Ensemble("SPAM + FLD", "samples", "SPAM features, FLD ensemble; lossless grey and colour files", spam),
    Ensemble("DCTR + FLD", "jpeg", "DCTR features, FLD ensemble; JPEG", dctr),
)


def train(kind: Ensemble, pairs: Sequence[tuple[str, str, str]], *, seed: int, workers: int = 1) -> Peer:
    """Train one ensemble on pairs of images.

    Parameters
    ----------
    kind : Ensemble
    pairs : sequence of (str, str, str)
        Paths of twin and stego image, and their cover_id.
    seed : int
    workers : int
        Processes.

    Returns
    -------
    Peer

    Raises
    ------
    StarlightError
        There are too few pairs whose features can be computed.
    """
    made = Parallel(n_jobs=workers)(delayed(_pair)(kind.features, pair[:2]) for pair in pairs)
    usable = [(*found, pair[2]) for found, pair in zip(made, pairs, strict=True) if found is not None]
    if len(usable) < _LEAST_PAIRS or len({pair[2] for pair in usable}) < _FOLDS:
        least = f"{_LEAST_PAIRS} of {_FOLDS} covers"
        raise StarlightError(f"{kind.name}: {len(usable)} training pairs are too few, it takes {least}")
    covers, stego = (np.ascontiguousarray([pair[i] for pair in usable]) for i in (0, 1))
    learners = fit(covers, stego, [pair[2] for pair in usable], seed=seed)
    about = f"{kind.about}; {len(usable)} training pairs, subspaces of {len(learners[0].subspace)}"
    return Peer(kind.name, about, functools.partial(_score, kind.features, learners))


def fit(covers: np.ndarray, stego: np.ndarray, groups: Sequence[str], *, seed: int) -> list:
    """Base learners of sealwatch's FLD ensemble.

    Parameters
    ----------
    covers, stego : ndarray, shape (n, d)
        Features of pairs.
    groups : sequence of str, length n
        Pairs of one group are never in training and held out at once.
    seed : int
    """
    sizes = [size for size in _SUBSPACES if size <= covers.shape[1]] or [covers.shape[1]]
    best = max(sizes, key=lambda size: _held_out_auc(covers, stego, groups, size, seed))
    return _learners(covers, stego, best, seed)


def vote(projections: np.ndarray) -> np.ndarray:
    """Mean vote of the learners; between images of equal votes, which are many, the mean projection decides.

    Parameters
    ----------
    projections : ndarray, shape (learners, n)
        Signed distances from each learner's threshold.

    Returns
    -------
    ndarray, shape (n,)
    """
    mean = projections.mean(axis=0)
    return np.sign(projections).mean(axis=0) + mean / (1 + np.abs(mean)) / len(projections)


def _learners(covers: np.ndarray, stego: np.ndarray, size: int, seed: int) -> list:
    trainer = sealwatch().ensemble_classifier.FldEnsembleTrainer(
        covers, stego, seed=seed, verbose=0, d_sub=size, L=_LEARNERS
    )
    return trainer.train()[0].base_learners


def _held_out_auc(covers: np.ndarray, stego: np.ndarray, groups: Sequence[str], size: int, seed: int) -> float:
    found = []
    for train_rows, held_out in GroupKFold(_FOLDS).split(covers, groups=groups):
        learners = _learners(covers[train_rows], stego[train_rows], size, seed)
        scores = _scores(learners, np.r_[covers[held_out], stego[held_out]])
        found.append(float(auc(np.repeat([0, 1], len(held_out)), scores)[0]))
    return float(np.mean(found))


def _scores(learners: list, features: np.ndarray) -> np.ndarray:
    return vote(np.array([learner.predict(features) for learner in learners]))


def _score(features: Callable, learners: list, path: Path) -> float | None:
    found = features(path)
    return None if found is None else float(_scores(learners, found[None])[0])


def _pair(features: Callable, pair: tuple[str, str]) -> tuple[np.ndarray, np.ndarray] | None:
    try:
        cover, stego = (features(Path(path)) for path in pair)
    except Exception:  # whatever a peer's code raises on one image, training goes on; the pairs used are reported
        return None
    return None if cover is None or stego is None else (cover, stego)


def _flat(features: dict) -> np.ndarray:
    return np.concatenate([np.ravel(values) for values in features.values()])
