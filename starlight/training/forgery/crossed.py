"""One verifier of all images, and those that have not seen a fold of covers: what is said of images out of fold.

Thresholds and the length of fine-tuning are told by images that the verifier at hand did not learn from. Taken out of
fold, these are all training and validation images, several times as many as the validation split has, and the verifier
in use learns from all of them (M. Stone, Journal of the Royal Statistical Society B 36, 1974).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from joblib import Parallel, delayed

from starlight.forgery.verifier import Verifier
from starlight.training.forgery.examples import Examples

__all__ = ["FOLDS", "Crossed", "crossed", "folds_of"]

FOLDS = 5


class Crossed(NamedTuple):
    """A verifier and its like.

    Attributes
    ----------
    whole : Verifier
        Of all images.
    parts : tuple of Verifier
        Each has not seen one fold; none where there is but one fold.
    """

    whole: Verifier
    parts: tuple[Verifier, ...]

    def probability(self, data: Examples, folds: np.ndarray) -> np.ndarray:
        """How likely each suspicion is a forgery, by the verifier that has not seen its image's fold, float64 (m,).

        Parameters
        ----------
        data : Examples
            The images that were learnt from.
        folds : (n,) int
            See `folds_of`.
        """
        if not self.parts:
            return self.whole.probability(data.table)
        said = np.zeros(len(data.table))
        for fold, part in enumerate(self.parts):
            rows = folds[data.image] == fold
            said[rows] = part.probability(data.table[rows])
        return said

    def save_parts(self, folder: Path) -> None:
        """Write `<fold>.safetensors` for each part, and nothing else into the folder."""
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.safetensors"):
            old.unlink()
        for fold, part in enumerate(self.parts):
            part.save(folder / f"{fold}.safetensors")

    @classmethod
    def load(cls, whole: Path, folder: Path) -> Crossed:
        """Read a verifier, and the parts that `save_parts` wrote."""
        count = len(list(folder.glob("*.safetensors")))
        return cls(Verifier.load(whole), tuple(Verifier.load(folder / f"{k}.safetensors") for k in range(count)))


def folds_of(data: Examples, right: np.ndarray) -> np.ndarray:
    """Fold of each image, int (n,): that of its cover. Covers with right suspicions are spread evenly.

    Parameters
    ----------
    data : Examples
    right : (m,) bool
        Which suspicions are right. With those of one cover only there is one fold.

    Returns
    -------
    ndarray
    """
    covers = data.rows["cover_id"].to_numpy()
    telling = set(covers[np.unique(data.image[right])])
    drawn = sorted(set(covers), key=lambda c: (c not in telling, hashlib.sha256(f"crossed:{c}".encode()).digest()))
    count = max(1, min(FOLDS, len(telling)))
    place = {cover: i % count for i, cover in enumerate(drawn)}
    return np.array([place[cover] for cover in covers], int)


def crossed(fit: Callable[[int, np.ndarray], Sequence[Verifier]], folds: np.ndarray, workers: int) -> list[Crossed]:
    """Fit one verifier, or several in sequence, on all images and without each fold.

    Parameters
    ----------
    fit : callable
        Of the fold that is left out (-1 for none) and which images are seen, bool (n,).
    folds : (n,) int
    workers : int
        Processes.

    Returns
    -------
    list of Crossed
        As many as `fit` gives.
    """
    count = int(folds.max(initial=0)) + 1
    left_out = [-1, *range(count)] if count > 1 else [-1]
    made = Parallel(n_jobs=min(workers, len(left_out)))(delayed(fit)(fold, folds != fold) for fold in left_out)
    return [Crossed(whole, tuple(parts)) for whole, *parts in zip(*made, strict=True)]
