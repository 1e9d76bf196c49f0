"""A detector with random weights and images to show it: what tests of the commands run on."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from starlight.detector.calibration.calibration import SPEAKS, Calibration, Row
from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.detector.plain.network import VECTORS
from starlight.detector.weights import Member, write
from starlight.streams import REGISTRY
from starlight.techniques import LABELS

torch.set_num_threads(1)  # threads that wait for each other on a busy machine cost more than they give


def weights(
    path: Path, *, threshold: float = 0.0, members: int = 1, std: float = 10.0, ood_limit: float = 2.0,
    experts: bool = False, **meta
) -> Path:  # fmt: skip
    """Write a random detector; a threshold far below or above all scores flags everything or nothing.

    The smaller `std`, the deviation that statistics are taken to have, the farther apart the scores of images. With
    `experts` they answer alone, as those of a trained one do.
    """
    torch.manual_seed(0)
    streams = tuple(REGISTRY)
    sizes = {"palette": 768} | {n: len(REGISTRY[n].FEATURES) for n in ("format", "content", "dct")}
    config = DetectorConfig(streams, tuple((n, sizes[n]) for n in streams if n in VECTORS), LABELS)
    everywhere = Row((threshold,) * len(LABELS), (SPEAKS,) * len(LABELS), 100)
    lower = Row((threshold - 6.0,) * len(LABELS), (SPEAKS,) * len(LABELS), 100)
    other = Calibration(LABELS, {"all": lower}, 1.0, 0.0, 0.01, 100)
    calibration = Calibration(LABELS, {"all": everywhere}, 1.0, 0.0, 0.001, 100, (other,))
    ensemble = [Member(UnifiedStarlightDetector(config), 1.0 + 0.2 * i) for i in range(members)]
    for member in ensemble:
        member.model.technique_head.reset_parameters()  # a fresh one is zero and says nothing
        for encoder in member.model.encoders.values():
            if hasattr(encoder, "std"):
                encoder.std.fill_(std)
        if experts:
            member.model.has_expert.fill_(True)
            member.model.encoders["content"].judges.fill_(True)
    write(path, ensemble, calibration, {"name": "tiny", "ood_limit": ood_limit, **meta})
    return path


def pixels(side: int = 64, seed: int = 0, channels: int = 3) -> np.ndarray:
    """A smooth scene with a little noise, uint8."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] / side
    waves = [np.sin(7 * x + a) + np.cos(5 * y * (1 + a)) for a in rng.random(channels)]
    return (128 + 40 * np.stack(waves, axis=2) + rng.normal(0, 2, (side, side, channels))).clip(1, 254).astype(np.uint8)


def images(folder: Path, count: int = 6, side: int = 64) -> list[Path]:
    """Write images of all kinds of containers in turn."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for i in range(count):
        kind = ("rgb.png", "rgba.png", "index.png", "grey.png", "photo.jpg", "anim.gif")[i % 6]
        path = folder / f"{i:03}-{kind}"
        picture = Image.fromarray(pixels(side + 13 * (i // 6), i, 4 if kind == "rgba.png" else 3))
        if kind in ("index.png", "anim.gif"):
            picture = picture.quantize(64)
        elif kind == "grey.png":
            picture = picture.convert("L")
        picture.save(path)
        written.append(path)
    return written
