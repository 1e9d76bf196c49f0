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

from starlight.store import StreamReader
from starlight.streams.collate import CROPS, first_rows, vectors
from starlight.streams.starts import read_by
from starlight.training.cells.crops import Crops
from starlight.training.cells.store import CellStore, Source
from starlight.training.image_rows import ImageRows

__all__ = ["Batch", "TrainingData"]


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


class TrainingData(ImageRows):
    """Rows of the manifest as batches.

    Parameters
    ----------
    rows, reader, streams
        As for `ImageRows`.
    crops : Crops
        Where crops come from.
    scratch : Path
        Absolute; folder for the cells of the fixed front end, which grows with the number of tiles.
    begins : sequence of str, optional
        Streams whose beginning is read too; those that a detector of these streams reads, unless given.
    """

    def __init__(
        self, rows: pd.DataFrame, reader: StreamReader, streams: Sequence[str], crops: Crops, scratch: Path, *,
        begins: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(rows, reader, streams)
        self._crops, self._scratch = crops, scratch
        self._begins = tuple(read_by(streams) if begins is None else begins)

    @functools.cached_property
    def _starts(self) -> dict[str, np.ndarray]:
        """`<stream>_start` to the bits (n, bits) of all images."""
        if not self._begins:
            return {}
        palettes = (self.reader.get(sample, "palette") for sample in self.rows["sample_id"])
        records = (self._cells.first_rows(i) | {"palette": palette} for i, palette in enumerate(palettes))
        return first_rows(records, self._begins)

    @functools.cached_property
    def _cells(self) -> CellStore:
        """Made when a crop is first asked for: experts alone read none."""
        ids, paths = (self.rows[column].tolist() for column in ("sample_id", "path"))
        twins = np.where(self.labels == 1, self.twins, -1).tolist()
        twin_of = [(ids[t], paths[t]) if t >= 0 else ("", "") for t in twins]
        sources = [Source(i, path, *twin) for i, path, twin in zip(ids, paths, twin_of, strict=True)]
        streams = [name for name in self.streams if name in CROPS]
        return CellStore(sources, self.labels == 0, streams, self._crops, self._scratch)

    def batch(self, indices: Sequence[int], *, tile: str = "first", rng: np.random.Generator | None = None) -> Batch:
        """Images as a model reads them.

        Parameters
        ----------
        indices : sequence of int
        tile : {"first", "random", "all"}
            Of each image tile 0; tile 0 half of the time, else one at random; or every tile.
        rng : Generator, optional
            For `random`.

        Returns
        -------
        Batch
        """
        indices = np.asarray(indices)
        tiles = self._tiles(indices, tile, rng)
        names = [n for n in self.streams if n not in CROPS]
        arrays = vectors([self.record(i) for i in indices], names)
        inputs = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        most = max(map(len, tiles))
        inputs["tiles"] = torch.tensor([len(t) for t in tiles])
        gathered = self._cells.gather(indices, tiles, most)
        inputs |= {f"{name}_cells": torch.from_numpy(cells).float() for name, cells in gathered.cells.items()}
        inputs |= {name: torch.from_numpy(bits[indices]) for name, bits in self._starts.items()}
        where = {int(i): position for position, i in enumerate(indices)}
        pairs = [(p, where[int(self.twins[i])]) for p, i in enumerate(indices) if int(self.twins[i]) in where]
        return Batch(
            inputs,
            torch.from_numpy(self.mask[indices]),
            torch.from_numpy(self.technique[indices]),
            torch.from_numpy(self.weight[indices]),
            torch.tensor(pairs, dtype=torch.int64).reshape(-1, 2),
            torch.from_numpy(gathered.target),
            torch.from_numpy(gathered.valid),
        )

    def cell_moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of each channel of a crop stream's cells, over tiles that have any."""
        return self._cells.moments(name, most)

    def payload_share(self) -> np.ndarray:
        """(n,) share of each image's cells that differ from its twin; NaN where there is no twin."""
        return self._cells.share()

    def crop(self, index: int, tile: int) -> np.ndarray:
        """Samples of one tile of an image, uint8 (h, w, 1 or 3).

        Raises
        ------
        StarlightError
            The file is gone, or is no more what it was at the scan.
        """
        row = self.rows.loc[index]
        return self._crops.of(row["sample_id"], row["path"])["pixel"][tile].transpose(1, 2, 0)

    def _tiles(self, indices: np.ndarray, tile: str, rng: np.random.Generator | None) -> list[list[int]]:
        counts = self._cells.count[indices]
        if tile == "all":
            return [list(range(c)) for c in counts]
        if tile == "first" or rng is None:
            return [[0] for _ in counts]
        return [[int(rng.integers(c)) if rng.random() < 0.5 else 0] for c in counts]
