"""A made-up test split with known properties, for the tests of measures, reports, monitoring and alerts."""

import hashlib

import numpy as np
import pandas as pd

PROTOCOL = ("alpha", "palette", "lsb.rgb", "exif", "raw")
HARD = ("lsbr", "f5", "hill")
CATEGORIES = ("rgb_no_alpha", "uniform_alpha", "natural_noise", "repetitive_patterns", "tiny")
CARRIER = {
    "alpha": ("png", "RGBA"), "palette": ("gif", "P"), "lsb.rgb": ("png", "RGB"), "exif": ("jpeg", "RGB"),
    "raw": ("jpeg", "RGB"), "lsbr": ("png", "RGB"), "f5": ("jpeg", "RGB"), "hill": ("png", "L"),
}  # fmt: skip
QUALITY = {"v3": 1.0, "v4_base": 1.8, "v4": 2.4}  # distance between stego and authentic scores, in deviations


def _row(kind, number, *, technique="", category="", twin_of="", rate=np.nan, bits=np.nan):
    container = CARRIER.get(technique or twin_of, ("png", "RGB"))
    path = f"datasets/sample_submission_2025/{kind}/{technique or category or twin_of or 'photo'}_{number:04d}"
    return {
        "sample_id": hashlib.sha256(path.encode()).hexdigest()[:16],
        "path": f"{path}.{container[0]}",
        "submission": "sample_submission_2025" if number % 4 else "anna_submission_2026",
        "kind": kind,
        "category": category,
        "technique": technique,
        "label": int(kind == "stego"),
        "payload_bits": bits,
        "payload_rate": rate,
        "cover_id": f"cover_{number:04d}",
        "format": container[0],
        "mode": container[1],
        "width": 256,
        "height": 192,
        "twin_of": twin_of,
    }


def _facts(images: int) -> list[dict]:
    rows = []
    for number in range(images):
        for technique in (*PROTOCOL, *HARD):
            rate = np.nan if technique in PROTOCOL else (0.05, 0.1, 0.4)[number % 3]
            bits = (200.0, 2000.0)[number % 2] if technique in PROTOCOL else rate * 256 * 192
            rows.append(_row("stego", number, technique=technique, rate=rate, bits=bits))
            rows.append(_row("clean", number, twin_of=technique))
        rows += [_row("negative", number, category=category) for category in CATEGORIES]
    return rows


def make_predictions(images: int = 30, seed: int = 0, quality: dict | None = None) -> pd.DataFrame:
    """Predictions of three models: the protocol easy, the rest harder with less payload, natural noise misleading."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(_facts(images)).sort_values("path", ignore_index=True)
    stego = frame.label.to_numpy() == 1
    ease = np.where(frame.technique.isin(PROTOCOL), 3.0, 8.0 * frame.payload_rate.fillna(0).clip(upper=0.4))
    trap = (frame.category == "natural_noise") * 1.0
    cells = 32 * 24
    for model, distance in (quality or QUALITY).items():
        scale = np.where(stego, distance * ease, trap * (2.6 - distance))
        score = 1 / (1 + np.exp(-2 * (scale + rng.normal(0, 0.6, len(frame)) - 2.0)))
        frame[f"{model}_probability"] = score.round(6)
        frame[f"{model}_flagged"] = (score > 0.5).astype(int)
        frame[f"{model}_rate"] = np.select([score > 0.5, score > 0.4], [0.0005, 0.01], np.nan)
        wrong = rng.random(len(frame)) < 0.1
        frame[f"{model}_technique"] = np.where(wrong, "lsbm", np.where(stego, frame.technique, "lsb.rgb"))
        found = np.where(stego, rng.binomial(cells // 4, np.clip(score, 0.01, 0.95)), 0)
        false = rng.binomial(cells // 2, 0.02 * score)
        frame[f"{model}_map_fp_ratio"] = (false / cells).round(6)
        frame[f"{model}_map_tp"] = found
        frame[f"{model}_map_fp"] = false
        frame[f"{model}_map_fn"] = np.where(stego, cells // 4, 0) - found
        frame[f"{model}_map_tn"] = cells - found - false - frame[f"{model}_map_fn"]
        frame[f"{model}_ood"] = (rng.random(len(frame)) < 0.01).astype(int)
    return frame
