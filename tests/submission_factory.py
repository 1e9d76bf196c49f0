"""A small submission with every kind of file in it, made from a seed."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from starlight.techniques import get

SIZE = 72
TEXT = b"A message that stands in the first bits of its carrier, long enough to be read."


def picture(rng: np.random.Generator, size: int = SIZE, channels: int = 3) -> np.ndarray:
    """A picture with structure: smooth blobs and a little noise, uint8 (size, size, channels)."""
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    coarse = coarse.resize((size, size), Image.Resampling.BICUBIC)
    noisy = np.asarray(coarse, np.int16) + rng.integers(-3, 4, (size, size, 3))
    pixels = np.clip(noisy, 0, 255).astype(np.uint8)
    if channels == 4:
        alpha = np.asarray(Image.fromarray(pixels).convert("L")) | 128
        pixels = np.dstack([pixels, alpha])
    return pixels


def save(path: Path, pixels: np.ndarray, **options) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path, **options)
    return path


def say(path: Path, technique: str, *, category: str = "pixel", clean_file: str | None = None, **more) -> None:
    """Write the sidecar of a stego file."""
    content = {"embedding": {"category": category, "technique": technique, "ai42": technique == "alpha", **more}}
    if clean_file is not None:
        content["clean_file"] = clean_file
    path.with_name(path.name + ".json").write_text(json.dumps(content))


def submission(folder: Path, *, n: int = 6, seed: int = 0) -> Path:
    """`n` clean PNG and JPEG files each, a stego file for each PNG (lsb.rgb and lsbm in turn), a few negatives."""
    rng = np.random.default_rng(seed)
    for i in range(n):
        pixels = picture(rng)
        save(folder / f"clean/a{i:03}.png", pixels)
        technique = ("lsb.rgb", "lsbm")[i % 2]
        payload = TEXT if technique == "lsb.rgb" else 0.4
        stego = save(folder / f"stego/s{i:03}.png", get(technique).embed(pixels, payload, seed=i))
        say(stego, technique, clean_file=f"a{i:03}.png", **({"payload_rate": 0.4} if technique == "lsbm" else {}))
        save(folder / f"clean/j{i:03}.jpg", picture(rng), quality=85)
    lines = []
    for i, category in enumerate(("rgb_no_alpha", "uniform_alpha", "natural_noise", "repetitive_patterns") * 2):
        pixels = picture(rng, channels=4 if category == "uniform_alpha" else 3)
        if category == "uniform_alpha":
            pixels[..., 3] = 255
        save(folder / f"negatives/{category}/n{i}.png", pixels)
        lines.append({"filename": f"n{i}.png", "category": category, "expected_behavior": "clean"})
    (folder / "negatives/manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder
