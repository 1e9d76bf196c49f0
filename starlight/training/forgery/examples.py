"""Suspicions of all images, with what is true of them: what the verifier learns from and is measured on."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from starlight.errors import StarlightError
from starlight.scan.masks import read_mask
from starlight.system.atomic import whole
from starlight.training.forgery.augment import augmentation
from starlight.training.forgery.record import Found, plane

__all__ = ["ROWS", "Examples", "gather"]

ROWS = [
    "sample_id", "path", "submission", "kind", "category", "technique", "label", "cover_id", "split", "format", "width",
    "height", "mask", "source", "twin_id",
]  # columns of the manifest that are kept  # fmt: skip
_TABLES = ("table", "kinds", "image", "overlap", "lead", "sizes", "masks")


class Examples:
    """Images and their suspicions.

    Attributes
    ----------
    rows : DataFrame
        An image each: `ROWS`, `variant` (0 for the file itself), `area` (share tampered with, 0 for authentic ones).
    table : (m, columns) float32
        A suspicion each.
    kinds : (m,) uint8
        Places in `record.KINDS`.
    image : (m,) int32
        Which row of `rows` each belongs to; rising.
    overlap : (m,) float32
        Intersection over union with what is true; of a copy-move that of the better of its regions, or of both.
    lead : (m,) float32
        Of a copy-move, how much more its target overlaps with what is true than its source; 0 of others.
    """

    def __init__(self, rows: pd.DataFrame, arrays: dict[str, np.ndarray]) -> None:
        self.rows = rows.reset_index(drop=True)
        self.table, self.kinds, self.image, self.overlap, self.lead, self._sizes, self._masks = (
            arrays[k] for k in _TABLES
        )
        self._starts = np.concatenate([[0], np.cumsum(self._sizes)])

    @property
    def labels(self) -> np.ndarray:
        """(n,) 1 for forged images."""
        return self.rows["label"].to_numpy(int)

    def mask(self, suspicion: int, side: int = 0) -> np.ndarray:
        """Mask of a suspicion at its image's size, bool (h, w); of a copy its target (1), its source (-1), or both."""
        row = self.rows.iloc[self.image[suspicion]]
        shape = (int(row["height"]), int(row["width"]))
        a, b, c = self._starts[2 * suspicion : 2 * suspicion + 3]
        parts = {-1: ((a, b),), 0: ((a, b), (b, c)), 1: ((b, c),)}[side]
        return np.any([plane(self._masks[start:end].tobytes(), shape) for start, end in parts], axis=0)

    def of(self, image: int) -> np.ndarray:
        """Places of an image's suspicions, which lie beside one another."""
        return np.arange(*np.searchsorted(self.image, [image, image + 1]))

    def taken(self, chosen: np.ndarray) -> Examples:
        """Some of the images, bool (n,), with their suspicions."""
        kept = np.flatnonzero(chosen[self.image])
        place = np.cumsum(chosen) - 1
        masks = [self._masks[self._starts[2 * i] : self._starts[2 * i + 2]] for i in kept]
        arrays = {
            "table": self.table[kept], "kinds": self.kinds[kept], "overlap": self.overlap[kept],
            "lead": self.lead[kept],
            "image": place[self.image[kept]].astype(np.int32), "sizes": self._sizes[kept],
            "masks": np.concatenate(masks) if masks else np.zeros(0, np.uint8),
        }  # fmt: skip
        return Examples(self.rows[chosen], arrays)

    def highest(self, values: np.ndarray, nothing: float) -> np.ndarray:
        """(n,) highest of the values (m,) of each image's suspicions; `nothing` where there is none."""
        found = np.full(len(self.rows), nothing, np.float64)
        np.maximum.at(found, self.image, values)
        return found

    def split(self, *names: str) -> Examples:
        """The images of a split, or of several."""
        return self.taken(self.rows["split"].isin(names).to_numpy())

    def places(self, paths: Iterable[str]) -> list[int]:
        """Which rows the images of these paths are, of changed copies the first."""
        known = {path: i for i, path in reversed(list(enumerate(self.rows["path"])))}
        return [known[path] for path in paths]

    def save(self, folder: Path) -> None:
        """Write `images.csv` and `suspicions.npz`, the same bytes for the same content."""
        folder.mkdir(parents=True, exist_ok=True)
        with whole(folder / "images.csv") as partial:
            self.rows.to_csv(partial, index=False, lineterminator="\n")
        arrays = (self.table, self.kinds, self.image, self.overlap, self.lead, self._sizes, self._masks)
        with whole(folder / "suspicions.npz") as partial, partial.open("wb") as file:
            np.savez(file, **dict(zip(_TABLES, arrays, strict=True)))

    @classmethod
    def load(cls, folder: Path) -> Examples:
        """Read what `save` wrote.

        Raises
        ------
        StarlightError
            A file is missing or broken.
        """
        try:
            rows = pd.read_csv(folder / "images.csv", dtype=dict.fromkeys(ROWS, "str"), keep_default_na=False)
            with np.load(folder / "suspicions.npz", allow_pickle=False) as said:
                arrays = {name: said[name] for name in _TABLES}
        except (OSError, ValueError, KeyError) as error:
            raise StarlightError(f"{folder}: no suspicions: {' '.join(str(error).split())[:200]}") from error
        numbers = ("label", "width", "height")
        return cls(rows.astype(dict.fromkeys(numbers, int)), arrays)


def gather(rows: pd.DataFrame, found: Sequence[Found], root: Path) -> Examples:
    """Put together what was found in images, and measure it against the truth.

    Parameters
    ----------
    rows : DataFrame
        `ROWS` of the manifest and `variant`.
    found : sequence of Found
        Of each row.
    root : Path
        What paths of masks start from.
    """
    areas, overlaps, leads, masks = [], [], [], []
    read = functools.lru_cache(maxsize=4)(read_mask)
    for row, part in zip(rows.itertuples(), found, strict=True):
        truth = read(root / row.mask) if row.mask else None
        if truth is not None and row.variant:
            truth = augmentation(row.sample_id, row.variant).moved(truth)
        areas.append(0.0 if truth is None else float(truth.mean()))
        for a, b in zip(part.first, part.second, strict=True):
            masks += [a, b]
            first, second = (plane(data, part.shape) for data in (a, b))
            found_at = [0.0] * 3 if truth is None else [_iou(m, truth) for m in (first, second, first | second)]
            overlaps.append(max(found_at))
            leads.append(found_at[1] - found_at[0] if second.any() else 0.0)
    counts = [len(part.kinds) for part in found]
    arrays = {
        "table": np.concatenate([part.table for part in found]).astype(np.float32),
        "kinds": np.concatenate([part.kinds for part in found]),
        "image": np.repeat(np.arange(len(found)), counts).astype(np.int32),
        "overlap": np.array(overlaps, np.float32),
        "lead": np.array(leads, np.float32),
        "sizes": np.array([len(data) for data in masks], np.int64).reshape(-1, 2),
        "masks": np.frombuffer(b"".join(masks), np.uint8),
    }
    shapes = np.array([part.shape for part in found]).reshape(-1, 2)
    return Examples(rows.assign(area=np.round(areas, 6), height=shapes[:, 0], width=shapes[:, 1]), arrays)


def _iou(mask: np.ndarray, truth: np.ndarray) -> float:
    union = np.count_nonzero(mask | truth)
    return np.count_nonzero(mask & truth) / union if union else 0.0
