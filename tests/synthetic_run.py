"""The files of a made-up run, as the stages before `report` leave them."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from knobs import knobs
from synthetic_predictions import make_predictions

from starlight import manifest, metrics
from starlight.monitor.alerts import AlertParams
from starlight.plots.contact_sheet import contact_sheet
from starlight.reports.inputs import ReportParams
from starlight.reports.write import write

ROADMAP = (
    {"goal": "False alarms that one can live with", "metric": "v4.fpr", "target": 0.0005, "direction": "<=",
     "milestone": "M1"},
    {"goal": "Find the protocol", "metric": "v4.protocol.detection", "target": 0.995, "direction": ">=",
     "milestone": "M1"},
    {"goal": "LSB replacement", "metric": "v4.techniques.lsbr.detection", "target": 0.9, "direction": ">=",
     "milestone": "M2"},
    {"goal": "Rank well", "metric": "v4.auc", "target": 0.9, "direction": ">=", "milestone": "M2"},
    {"goal": "Fast enough", "metric": "latency.png_256_ms.p95", "target": 100.0, "direction": "<=", "milestone": "M3"},
)  # fmt: skip
PARAMS = ReportParams(alerts=knobs(AlertParams, accuracy_over="protocol", imbalance_max=0.4), roadmap=ROADMAP)


def make_manifest(predictions: pd.DataFrame, train_covers: int = 60, seed: int = 1) -> pd.DataFrame:
    """The test images of `predictions`, as many again and more of other covers for training, and one broken file."""
    train = make_predictions(train_covers, seed)
    train["sample_id"] = [f"{number:016x}" for number in range(len(train))]
    train["cover_id"] = "train_" + train.cover_id
    train["path"] = train.path.str.replace("submission_2025/", "submission_2025/train_", regex=False)
    rows = pd.concat([predictions.assign(split="test"), train.assign(split="train")], ignore_index=True)
    rng = np.random.default_rng(seed)
    rows["bytes"] = rng.integers(20_000, 90_000, len(rows))
    rows["status"] = "ok"
    wanted = [name for name in manifest.COLUMNS if name in rows]
    broken = {"path": "datasets/sample_submission_2025/clean/broken|`.png", "kind": "clean", "label": 0,
              "status": "quarantined", "reason": "truncated: 12 bytes missing", "submission": "sample"}  # fmt: skip
    return manifest.frame([*rows[wanted].to_dict("records"), broken])


def make_curves(epochs: int = 12, seed: int = 0, diverge: bool = False) -> pd.DataFrame:
    """Curves that fall and level off, or rise again."""
    rng = np.random.default_rng(seed)
    epoch = np.arange(1, epochs + 1)
    loss = 0.1 + 0.6 * np.exp(-epoch / 3) + rng.normal(0, 0.005, epochs)
    if diverge:
        loss = loss + np.where(epoch > epochs // 2, 0.2 * (epoch - epochs // 2), 0)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "lr": 1e-3 * (1 - epoch / (epochs + 1)),
            "train_loss": loss.round(6),
            "val_loss": (loss + 0.05).round(6),
            "val_auc": (1 - loss / 4).round(6),
            "val_detection": (1 - loss).round(6),
            "val_fpr": (loss / 100).round(6),
        }
    )


def _csv(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    frame.to_csv(path, index=False, lineterminator="\n")


def make_run(root: Path, predictions: pd.DataFrame | None = None, optional: bool = True) -> tuple[Path, Path]:
    """Write a run; returns its folder of reports and its manifest."""
    predictions = make_predictions() if predictions is None else predictions
    reports, table = root / "reports", root / "artifacts/manifest.csv"
    _csv(predictions, reports / "predictions.csv")
    (reports / "metrics.json").write_text(metrics.dumps(metrics.evaluate_all(predictions)), encoding="utf-8")
    table.parent.mkdir(parents=True, exist_ok=True)
    manifest.write(make_manifest(predictions), table)
    if optional:
        _optional(reports, predictions)
    return reports, table


def _optional(reports: Path, predictions: pd.DataFrame) -> None:
    for number, name in enumerate(("v3", "base")):
        _csv(make_curves(12, number), reports / f"train/{name}.csv")
    _csv(make_curves(5, 3), reports / "finetune/curves.csv")
    hard = predictions[(predictions.label == 0) & (predictions.v4_base_flagged == 1)]
    mined = hard.assign(fp_ratio=hard.v4_base_map_fp_ratio, highest_confidence=hard.v4_base_probability)
    _csv(mined[["path", "fp_ratio", "highest_confidence", "category"]], reports / "mining/hard_negatives.csv")
    (reports / "mining/audit.json").write_text(
        json.dumps({"scanned_authentic": 900, "by_rule": {"both": 3}, "advice": ""})
    )
    blanked = [
        ("(none)", 0.01, 0.9, 0.95, 0.99, 0.8),
        ("content", 0.02, 0.8, 0.9, 0.99, 0.3),
        ("dct", 0.01, 0.7, 0.9, 0.2, 0.8),
    ]
    columns = ["blanked", "fpr", "recall", "auc", "detection.alpha", "detection.lsbr"]
    _csv(pd.DataFrame(blanked, columns=columns), reports / "stream_ablation.csv")
    effect = [
        {"model": model, "group": "all", "measure": "accuracy", "value": value, "low": value - 0.01,
         "high": value + 0.01, "p_against_base": p}
        for model, value, p in (("v4_base", 0.9, 1.0), ("v4", 0.92, 0.004), ("control", 0.9, 0.7))
    ]  # fmt: skip
    _csv(pd.DataFrame(effect), reports / "finetune/before_after.csv")
    counted = [
        ("real", "all real", 400, 1, 0.0025, 6.3e-05, 0.013851),
        ("generated", "look-alikes, new ones", 4000, 9, 0.00225, 0.001029, 0.004267),
        ("generated", "all generated", 9000, 9, 0.001, 0.000457, 0.001898),
    ]
    evidence = [
        {
            "group": group,
            "source": source,
            "images": n,
            "flagged": k,
            "abstained": 2,
            "unreadable": 0,
            "fpr": fpr,
            "low": low,
            "high": high,
            "taken_for": "lsbr 9",
        }
        for group, source, n, k, fpr, low, high in counted
    ]
    _csv(pd.DataFrame(evidence), reports / "evidence.csv")
    rng = np.random.default_rng(5)
    rows = [
        {
            "group": name.partition("-")[0],
            "experiment": name.partition("-")[2] or "all",
            "seed": seed,
            "fpr": 0.002 + worse / 50 + 1e-4 * rng.random(),
            "recall": 0.9 - worse + 1e-3 * rng.random(),
        }
        for name, worse in (("full", 0.0), ("mining-off", 0.05), ("without-tiny", 0.0))
        for seed in range(3)
    ]
    _csv(pd.DataFrame(rows), reports / "ablations.csv")
    _csv(_ladder(), reports / "ladder.csv")

    (reports / "bench").mkdir(parents=True, exist_ok=True)
    latency = {
        "png_256_ms": {"p50": 21.5, "p95": 48.0},
        "jpeg_512_images_per_second": {"workers_1": 46.2},
        "machine": "two cores",
    }
    (reports / "bench/latency.json").write_text(json.dumps(latency))
    pictures = [rng.integers(0, 255, (96, 160, 3), dtype=np.uint8) for _ in range(6)]
    maps = [rng.random((12, 20)) ** 4 for _ in pictures]
    for name in ("hardest.png", "mining/worst.png"):
        contact_sheet(pictures, maps, [f"lsbr -{n}.21" for n in range(6)], reports / name)


def _ladder() -> pd.DataFrame:
    """Two seeds; each rung rids one part of its false alarms."""
    counts = {"clean": 80, "twins": 200, "lookalikes": 150, "protocol": 120, "stego": 300}
    flagged = {"v3": (4, 90, 60, 110, 130), "twins": (4, 6, 55, 100, 112), "negatives": (3, 5, 6, 96, 105),
               "mask": (3, 4, 5, 97, 106), "experts": (0, 1, 0, 114, 180), "reading": (0, 1, 0, 120, 186),
               "mining": (0, 1, 0, 120, 187)}  # fmt: skip
    return pd.DataFrame([
        {"rung": rung, "seed": seed, **{f"{name}_n": n for name, n in counts.items()},
         **{f"{name}_k": max(0, k - seed) for name, k in zip(counts, found, strict=True)}, "v4_alarms": 1,
         "protocol_at_v4": found[3] // 2, "stego_at_v4": found[4] // 3, "commit": "g0123456"}
        for rung, found in flagged.items() for seed in (0, 1)
    ])  # fmt: skip


if __name__ == "__main__":
    import sys

    folder, table = make_run(Path(sys.argv[1]))
    write(folder, table, PARAMS, params_hash="0" * 16, code_hash="1" * 16)
