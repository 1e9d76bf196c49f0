"""Images of a split as rows: labels, masks, classes of pictures, twins, and their stored streams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from starlight.detector.calibration.classes import picture_class
from starlight.store import StreamReader
from starlight.streams.collate import vectors
from starlight.techniques import OTHER, TECHNIQUES

__all__ = ["LABELS", "ImageRows"]

LABELS = (*TECHNIQUES, OTHER)


class ImageRows:
    """Rows of the manifest with their stored streams.

    Parameters
    ----------
    rows : DataFrame
        Of the manifest; those without stored streams are left out (and listed in `missing`).
    reader : StreamReader
    streams : sequence of str
        Streams that the detector reads.

    Attributes
    ----------
    technique : (n,) int
        Index in `LABELS` of what an image carries, -1 for none.
    labels : (n,) int
        1 for stego, 0 for authentic images.
    mask : (n, t) bool
        The constraint mask.
    classes : list of str
        Class of each picture, as thresholds know it.
    twins : (n,) int
        Row of an image's payload-free twin, -1 where it has none.
    weight : (n,) float32
        Loss weight, 1 unless set.
    """

    def __init__(self, rows: pd.DataFrame, reader: StreamReader, streams: Sequence[str]) -> None:
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
        self.classes = [picture_class(reader.facts(i)) for i in ids]
        place = {sample: i for i, sample in enumerate(ids)}
        self.twins = np.array([place.get(t, -1) if isinstance(t, str) else -1 for t in self.rows["twin_id"]])
        self.weight = np.ones(len(ids), np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, index: int, streams: Sequence[str] | None = None) -> dict[str, np.ndarray]:
        """Stored streams of one image, all that are read unless some are named."""
        sample = self.rows.at[index, "sample_id"]
        wanted = dict.fromkeys("pixel" if n == "lsb" else n for n in streams or self.streams)
        return {name: self.reader.get(sample, name) for name in wanted}

    def vectors(self, name: str) -> np.ndarray:
        """A vector stream of all images, (n, d) float32."""
        stored = [{name: self.reader.get(sample, name)} for sample in self.rows["sample_id"]]
        return vectors(stored, [name])[name]


def _label(technique: object, kind: str) -> int:
    if kind not in ("stego", "forged"):
        return -1
    return LABELS.index(technique) if technique in LABELS else LABELS.index(OTHER)
