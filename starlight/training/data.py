"""Training images as batches: streams, masks, targets, twins; the fixed front end computed once."""

from __future__ import annotations

import hashlib
import inspect
import json
import shutil
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F
from tqdm import tqdm

from starlight.classes import container_class
from starlight.collate import CROPS, collate, tile_count
from starlight.extract import StreamReader
from starlight.model import cells, frontend
from starlight.model.cells import record_cells
from starlight.model.frontend import CELL, FRONTENDS
from starlight.techniques import OTHER, TECHNIQUES

__all__ = ["Batch", "TrainingData"]

LABELS = (*TECHNIQUES, OTHER)
MAP = 32  # cells on a side of the map
_KEPT = 6  # sets of cells that stay: training and validation of both versions, the test split, and one to spare


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
        pixels = self.rows["width"].to_numpy(int) * self.rows["height"].to_numpy(int)
        self.classes = [
            container_class(f, m, mask, n)
            for f, m, mask, n in zip(self.rows["format"], self.rows["mode"], self.mask, pixels, strict=True)
        ]
        place = {sample: i for i, sample in enumerate(ids)}
        self.twins = np.array([place.get(t, -1) if isinstance(t, str) else -1 for t in self.rows["twin_id"]])
        self.weight = np.ones(len(ids), np.float32)
        self._cells = _CellStore(self, scratch)

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, index: int) -> dict[str, np.ndarray]:
        """Stored streams of one image."""
        sample = self.rows.at[index, "sample_id"]
        wanted = dict.fromkeys("pixel" if n == "lsb" else n for n in self.streams)
        return {name: self.reader.get(sample, name) for name in wanted}

    def vectors(self, name: str) -> np.ndarray:
        """A vector stream of all images, (n, d) float32."""
        return np.stack([collate([self.record(i)], [name])[name][0] for i in range(len(self))])

    def batch(self, indices: Sequence[int], *, tile: str = "first", rng: np.random.Generator | None = None) -> Batch:
        """Batch with tile 0 (`first`), one tile at random, half of the time the first (`random`), or `all`."""
        indices = np.asarray(indices)
        tiles = self._tiles(indices, tile, rng)
        vectors = [n for n in self.streams if n not in CROPS]
        arrays = collate([self.record(i) for i in indices], vectors)
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


class _CellStore:
    """Cells of the fixed front end and map targets of every tile, in memory-mapped files.

    The files stay for the stages that come after, named after all that they follow from; the oldest are removed.
    """

    def __init__(self, data: TrainingData, scratch: Path) -> None:
        self.count = np.array([tile_count(data.record(i)) for i in range(len(data))], dtype=np.int64)
        self.start = np.concatenate([[0], np.cumsum(self.count)])
        self.folder = scratch / f"cells-{_fingerprint(data)}"
        if not self.folder.exists():
            self._build(data, scratch)
        self._open(self.folder, data, "r")
        self.share = np.load(self.folder / "share.npy")

    def _build(self, data: TrainingData, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        for old in sorted(scratch.glob("cells-*"), key=lambda folder: folder.stat().st_mtime)[: -_KEPT + 1]:
            shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=scratch, prefix="new-cells-") as made:
            folder = Path(made) / "cells"
            folder.mkdir()
            self._open(folder, data, "w+")
            self.share = np.full(len(data), np.nan)
            with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # NumPy lets go of the lock, spans do not overlap
                filled = pool.map(lambda i: self._fill(data, i), range(len(data)))
                for _ in tqdm(filled, total=len(data), desc="cells", unit="image", mininterval=2.0):
                    pass
            np.save(folder / "share.npy", self.share)
            try:
                folder.rename(self.folder)
            except OSError:
                if not self.folder.exists():  # else another process was first, with the same
                    raise

    def _open(self, folder: Path, data: TrainingData, mode: str) -> None:
        total = max(1, int(self.start[-1]))
        channels = {n: FRONTENDS[n]().channels for n in data.streams if n in CROPS}
        shapes = {n: ((total, c, MAP, MAP), np.float16) for n, c in channels.items()}
        shapes |= {n: ((total, MAP, MAP), np.bool_) for n in ("target", "valid")}
        maps = {n: np.memmap(folder / n, dtype, mode, shape=shape) for n, (shape, dtype) in shapes.items()}
        self.target, self.valid = maps.pop("target"), maps.pop("valid")
        self.cells = maps

    def _fill(self, data: TrainingData, i: int) -> None:
        record = data.record(i)
        span = slice(self.start[i], self.start[i + 1])
        for name in self.cells:
            if record["pixel" if name == "lsb" else name].shape[1]:
                self.cells[name][span] = record_cells(name, record)
        height, width = record["pixel"].shape[-2:]
        self.valid[span, : -(-height // CELL), : -(-width // CELL)] = True
        if data.labels[i] == 1:
            self._compare(data, i, int(data.twins[i]), span)

    def _compare(self, data: TrainingData, i: int, twin: int, span: slice) -> None:
        if twin < 0 or data.record(twin)["pixel"].shape != data.record(i)["pixel"].shape:
            self.valid[span] = False  # without a twin nobody knows where the payload is
            return
        crops, other = (collate([data.record(k)], list(self.cells)) for k in (i, twin))
        changed = np.zeros((span.stop - span.start, MAP, MAP), bool)
        for name in CROPS.keys() & crops.keys():
            differs = torch.from_numpy((crops[name][0] != other[name][0]).any(axis=1).astype(np.float32))
            changed |= F.max_pool2d(differs[:, None], CELL)[:, 0].numpy() > 0
        self.target[span] = changed
        self.share[i] = changed[self.valid[span]].mean()

    def gather(self, name: str, indices: np.ndarray, tiles: list[list[int]], most: int) -> np.ndarray:
        """(b, most, c, 32, 32) float16, zeros past the end of a shorter list."""
        source = self.cells[name]
        out = np.zeros((len(indices), most, *source.shape[1:]), source.dtype)
        for row, (i, ks) in enumerate(zip(indices, tiles, strict=True)):
            out[row, : len(ks)] = source[self.start[i] + np.asarray(ks)]
        return out

    def moments(self, name: str, most: int) -> tuple[np.ndarray, np.ndarray]:
        """See `TrainingData.cell_moments`."""
        tiles = np.unique(np.linspace(0, len(self.cells[name]) - 1, most).astype(int))
        sample = self.cells[name][tiles].astype(np.float32)
        sample = sample[sample.reshape(len(sample), -1).any(axis=1)]
        if not len(sample):
            return np.zeros(sample.shape[1], np.float32), np.ones(sample.shape[1], np.float32)
        return sample.mean((0, 2, 3)), np.maximum(sample.std((0, 2, 3)), 1e-3)

    def targets(self, indices: np.ndarray, tiles: list[list[int]], most: int) -> tuple[np.ndarray, np.ndarray]:
        """Map target and validity, (b, most, 32, 32) float32."""
        target, valid = (np.zeros((len(indices), most, MAP, MAP), np.float32) for _ in range(2))
        for row, (i, ks) in enumerate(zip(indices, tiles, strict=True)):
            span = self.start[i] + np.asarray(ks)
            target[row, : len(ks)], valid[row, : len(ks)] = self.target[span], self.valid[span]
        return target, valid


def _fingerprint(data: TrainingData) -> str:
    """Hash of what the cells follow from: images, twins, stored streams, and the code that reads them."""
    described = json.dumps(data.reader.streams, sort_keys=True)
    code = "".join(map(inspect.getsource, (cells, frontend, collate)))
    parts = [*data.rows["sample_id"], *map(str, data.twins), *map(str, data.labels), *data.streams, code]
    return hashlib.sha256("\n".join([described, *parts]).encode()).hexdigest()[:16]


def _label(technique: object, kind: str) -> int:
    if kind not in ("stego", "forged"):
        return -1
    return LABELS.index(technique) if technique in LABELS else LABELS.index(OTHER)
