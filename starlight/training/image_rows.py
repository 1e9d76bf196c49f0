"""Images of a split as rows: labels, masks, classes of pictures, twins, and their stored streams."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from starlight.detector.calibration.classes import picture_class
from starlight.images.jpeg.quality import nearest_quality
from starlight.images.picture import FACTS
from starlight.store import StreamReader
from starlight.streams import REGISTRY
from starlight.streams.collate import CROPS
from starlight.techniques import LABELS, OTHER

__all__ = ["ImageRows"]


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
    qualities : list of float
        JPEG quality of each, see `starlight.images.jpeg.quality`; NaN for what is no JPEG.
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
        facts = [reader.facts(i) for i in ids]
        self.classes = [picture_class(one) for one in facts]
        self.qualities = [nearest_quality(float(one[FACTS.index("step")])) for one in facts]
        place = {sample: i for i, sample in enumerate(ids)}
        self.twins = np.array([place.get(t, -1) if isinstance(t, str) else -1 for t in self.rows["twin_id"]])
        self.weight = np.ones(len(ids), np.float32)

    def __len__(self) -> int:
        return len(self.rows)

    def record(self, index: int) -> dict[str, np.ndarray]:
        """Stored streams of one image, which are all but the crops."""
        sample = self.rows.at[index, "sample_id"]
        return {name: self.reader.get(sample, name) for name in self.streams if name not in CROPS}

    def vectors(self, name: str) -> np.ndarray:
        """A vector stream of all images, (n, d) float32."""
        out = np.zeros((0, 0), np.float32)
        for i, sample in enumerate(self.rows["sample_id"]):
            vector = REGISTRY[name].to_model(self.reader.get(sample, name))
            if not i:  # filled row by row: of a million images there is no room for a second copy
                out = np.empty((len(self), len(vector)), np.float32)
            out[i] = vector
        return out


def _label(technique: object, kind: str) -> int:
    if kind not in ("stego", "forged"):
        return -1
    return LABELS.index(technique) if technique in LABELS else LABELS.index(OTHER)
