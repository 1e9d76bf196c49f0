"""Training images as batches: streams, masks, targets, twins; the fixed front end computed once."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from starlight.detector.calibration.classes import container_class
from starlight.extract.extract import StreamReader
from starlight.streams.collate import CROPS, vectors
from starlight.techniques import OTHER, TECHNIQUES
from starlight.training.cell_store import CellStore

__all__ = ["Batch", "TrainingData"]

LABELS = (*TECHNIQUES, OTHER)


@dataclass
class Batch:
    """b images with one tile each; see `detector_loss` for the targets."""

    inputs: dict[str, Tensor]
    mask: Tensor
    technique: Tensor
    weight: Tensor
    pairs: Tensor
    map_target: Tensor
    map_valid: Tensor

    def to(self, device: torch.device) -> Batch:
        fields = {k: v.to(device) for k, v in vars(self).items() if k != "inputs"}
        return Batch({k: v.to(device) for k, v in self.inputs.items()}, **fields)


class TrainingData:
    """Rows of the manifest with their stored streams.

    Parameters
    ----------
    rows : DataFrame
        Of the manifest; those without stored streams are left out (and listed in `missing`).
    reader : StreamReader
    streams : sequence of str
        Streams that the detector reads.
    scratch : Path
        Folder for the cells of the fixed front end, memory-mapped; grows with the number of tiles.
    """

    def __init__(self, rows: pd.DataFrame, reader: StreamReader, streams: Sequence[str], scratch: Path) -> None:
        known = rows["sample_id"].isin(set(reader.ids))
        self.missing = rows.loc[~known, "path"].tolist()
        self.rows = rows[known].reset_index(drop=True)
        self.reader, self.streams = reader, tuple(streams)
        ids = self.rows["sample_id"].tolist()
        self.technique = np.array(
            [_label(t, k) for t, k in zip(self.rows["technique"], self.rows["kind"], strict=True)]
        )
        self.labels = self.rows["label"].to_numpy(int)
        self.mask = np.stack([reader.mask(i) for i in ids]) if ids else np.zeros((0, len(LABELS)), bool)
        self.found = np.stack([reader.found(i) for i in ids]) if ids else np.zeros((0, len(LABELS)), bool)
        pixels = self.rows["width"].to_numpy(int) * self.rows["height"].to_numpy(int)
        self.classes = [
            container_class(f, m, mask, n)
            for f, m, mask, n in zip(self.rows["format"], self.rows["mode"], self.mask, pixels, strict=True)
        ]
        place = {sample: i for i, sample in enumerate(ids)}
        self.twins = np.array([place.get(t, -1) if isinstance(t, str) else -1 for t in self.rows["twin_id"]])
        self.weight = np.ones(len(ids), np.float32)
        self._scratch = scratch

    def __len__(self) -> int:
        return len(self.rows)

    @functools.cached_property
    def _cells(self) -> CellStore:
        """Made when a crop is first asked for: experts alone read none."""
        return CellStore(self, self._scratch)

    def record(self, index: int) -> dict[str, np.ndarray]:
        """Stored streams of one image."""
        sample = self.rows.at[index, "sample_id"]
        wanted = dict.fromkeys("pixel" if n == "lsb" else n for n in self.streams)
        return {name: self.reader.get(sample, name) for name in wanted}

    def vectors(self, name: str) -> np.ndarray:
        """A vector stream of all images, (n, d) float32."""
        stored = [{name: self.reader.get(sample, name)} for sample in self.rows["sample_id"]]
        return vectors(stored, [name])[name]

    def batch(self, indices: Sequence[int], *, tile: str = "first", rng: np.random.Generator | None = None) -> Batch:
        """Batch with tile 0 (`first`), one tile at random, half of the time the first (`random`), or `all`."""
        indices = np.asarray(indices)
        tiles = self._tiles(indices, tile, rng)
        arrays = vectors([self.record(i) for i in indices], [n for n in self.streams if n not in CROPS])
        inputs = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        most = max(map(len, tiles))
        inputs["tiles"] = torch.tensor([len(t) for t in tiles])
        for name in self.streams:
            if name in CROPS:
                inputs[f"{name}_cells"] = torch.from_numpy(self._cells.gather(name, indices, tiles, most)).float()
        target, valid = self._cells.targets(indices, tiles, most)
        where = {int(i): position for position, i in enumerate(indices)}
        pairs = [(p, where[int(self.twins[i])]) for p, i in enumerate(indices) if int(self.twins[i]) in where]
        return Batch(
            inputs,
            torch.from_numpy(self.mask[indices]),
            torch.from_numpy(self.technique[indices]),
            torch.from_numpy(self.weight[indices]),
            torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2),
            torch.from_numpy(target),
            torch.from_numpy(valid),
        )

    def cell_moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel of a crop stream's cells, over tiles that have any."""
        return self._cells.moments(name, most)

    def payload_share(self) -> np.ndarray:
        """(n,) share of each image's cells that differ from its twin; NaN where there is no twin."""
        return self._cells.share

    def _tiles(self, indices: np.ndarray, tile: str, rng: np.random.Generator | None) -> list[list[int]]:
        counts = self._cells.count[indices]
        if tile == "all":
            return [list(range(c)) for c in counts]
        if tile == "first" or rng is None:
            return [[0] for _ in counts]
        return [[int(rng.integers(c)) if rng.random() < 0.5 else 0] for c in counts]


def _label(technique: object, kind: str) -> int:
    if kind not in ("stego", "forged"):
        return -1
    return LABELS.index(technique) if technique in LABELS else LABELS.index(OTHER)
