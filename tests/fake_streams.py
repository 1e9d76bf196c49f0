"""A small data set in memory: stored streams with a planted payload, and its manifest."""

import numpy as np
import pandas as pd

from starlight.images.picture import FACTS
from starlight.streams import REGISTRY
from starlight.techniques import TECHNIQUES

SIDE = 64


class FakeReader:
    """What `StreamReader` offers, from a dictionary."""

    def __init__(self, records: dict, masks: dict) -> None:
        self.records, self.masks, self.ids = records, masks, list(records)
        self.streams, self.crops = {}, FakeCrops(records)

    def get(self, sample_id: str, stream: str) -> np.ndarray:
        return self.records[sample_id][stream]

    def mask(self, sample_id: str) -> np.ndarray:
        return self.masks[sample_id]

    def facts(self, sample_id: str) -> np.ndarray:
        """Of a small noisy picture, stored without loss."""
        size = np.log2(SIDE * SIDE)
        known = {"pixels": size, "samples": size + np.log2(3), "turns": 0.5, "lossless": 1.0}
        known |= dict.fromkeys(("step", "unlike_libjpeg"), np.nan)
        return np.array([known.get(name, 0.0) for name in FACTS], np.float32)

    def found(self, sample_id: str) -> np.ndarray:
        return np.zeros(len(TECHNIQUES) + 1, bool)


class FakeCrops:
    """What `Crops` offers, from a dictionary."""

    max_tiles = 1

    def __init__(self, records: dict) -> None:
        self.records = records

    def of(self, sample_id: str, path: str) -> dict[str, np.ndarray]:
        return {name: self.records[sample_id][name] for name in ("pixel", "alpha", "palette_lsb")}


def record(rng: np.random.Generator, payload: bool, pixels: np.ndarray) -> dict[str, np.ndarray]:
    vectors = {name: rng.normal(size=len(REGISTRY[name].FEATURES)).astype(np.float32) for name in ("format", "content")}
    vectors["content"][:66] += 1.0 * payload
    return {
        "pixel": pixels, "alpha": np.zeros((1, 0, SIDE, SIDE), np.uint8),
        "palette_lsb": np.zeros((1, 0, SIDE, SIDE), np.uint8), "palette": np.zeros(768, np.uint8),
        "metadata": np.zeros(2048, np.uint8), "dct": np.full(len(REGISTRY["dct"].FEATURES), np.nan, np.float32),
        **vectors,
    }  # fmt: skip


def data_set(covers: int = 60, seed: int = 0) -> tuple[pd.DataFrame, FakeReader]:
    """For each cover a clean image, its stego twin (LSBs of the upper half replaced) and a negative."""
    rng = np.random.default_rng(seed)
    rows, records, masks = [], {}, {}
    mask = np.ones(len(TECHNIQUES) + 1, bool)
    for cover in range(covers):
        clean = rng.integers(0, 256, (1, 3, SIDE, SIDE)).astype(np.uint8)
        stego = clean.copy()
        stego[:, :, : SIDE // 2] = (stego[:, :, : SIDE // 2] & 254) | rng.integers(0, 2, (1, 3, SIDE // 2, SIDE))
        other = rng.integers(0, 256, clean.shape).astype(np.uint8)
        split = ("train", "train", "val", "test")[cover % 4]
        for kind, pixels in (("clean", clean), ("stego", stego), ("negative", other)):
            sample = f"{cover:015x}{'cef'[('clean', 'stego', 'negative').index(kind)]}"
            records[sample], masks[sample] = record(rng, kind == "stego", pixels), mask
            rows.append({
                "sample_id": sample, "path": f"a/{kind}/{cover:03d}.png", "submission": "a", "kind": kind,
                "category": "flat" if kind == "negative" else "", "technique": "lsbr" if kind == "stego" else "",
                "label": int(kind == "stego"), "payload_bits": np.nan, "payload_rate": np.nan, "cover_id": f"c{cover}",
                "split": split, "format": "png", "mode": "RGB", "width": SIDE, "height": SIDE, "status": "ok",
                "source": "a", "tool": "", "twin_id": f"{cover:015x}c" if kind == "stego" else "",
            })  # fmt: skip
    return pd.DataFrame(rows), FakeReader(records, masks)
