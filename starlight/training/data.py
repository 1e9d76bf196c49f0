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
from starlight.training.cell_store import CellStore
from starlight.training.image_rows import ImageRows

__all__ = ["Batch", "TrainingData"]

_OF_STARTS = ("pixel", "alpha", "palette")  # stored streams that the beginnings of planes are read from


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
    scratch : Path
        Folder for the cells of the fixed front end, memory-mapped; grows with the number of tiles.
    begins : sequence of str, optional
        Streams whose beginning is read too; those that a detector of these streams reads, unless given.
    """

    def __init__(
        self, rows: pd.DataFrame, reader: StreamReader, streams: Sequence[str], scratch: Path, *,
        begins: Sequence[str] | None = None,
    ) -> None:  # fmt: skip
        super().__init__(rows, reader, streams)
        self._scratch, self._begins = scratch, tuple(read_by(streams) if begins is None else begins)

    @functools.cached_property
    def _starts(self) -> dict[str, np.ndarray]:
        """`<stream>_start` to the bits (n, bits) of all images."""
        if not self._begins:
            return {}
        return first_rows((self.record(i, _OF_STARTS) for i in range(len(self))), self._begins)

    @functools.cached_property
    def _cells(self) -> CellStore:
        """Made when a crop is first asked for: experts alone read none."""
        return CellStore(self, self._scratch)

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
        arrays = vectors([self.record(i, names) for i in indices], names)
        inputs = {k: torch.from_numpy(np.ascontiguousarray(v)) for k, v in arrays.items()}
        most = max(map(len, tiles))
        inputs["tiles"] = torch.tensor([len(t) for t in tiles])
        for name in self.streams:
            if name in CROPS:
                inputs[f"{name}_cells"] = torch.from_numpy(self._cells.gather(name, indices, tiles, most)).float()
        inputs |= {name: torch.from_numpy(bits[indices]) for name, bits in self._starts.items()}
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
