"""Experts of JPEG techniques fitted again: they get better, and all else that the detector says stays as it is."""

import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import tiny
import torch

from starlight.detector.calibration.calibration import FINDS_NOTHING, SPEAKS, UNKNOWN, Calibration, Row
from starlight.detector.weights import load
from starlight.params import read, section
from starlight.release import jpeg_sample
from starlight.release.jpeg_experts import _able, _silenced, _slope, renew
from starlight.release.jpeg_sample import TECHNIQUES, Read
from starlight.sample.build import SampleParams
from starlight.streams import dct
from starlight.techniques import LABELS


@pytest.fixture
def members(tmp_path):
    found = load(tiny.weights(tmp_path / "weights.safetensors", members=2, std=1.0, experts=True)).members
    for model, _ in found:
        shown = torch.tensor([name in TECHNIQUES for name in LABELS])
        model.encoders[dct.NAME].judges.copy_(shown)
        model.encoders["content"].judges.copy_(~shown)
        model.eval()
    return found


def _images(seed: int, n: int = 1200) -> Read:
    """Covers, and F5 files whose first statistics are a little higher."""
    rng = np.random.default_rng(seed)
    vectors = rng.standard_normal((n, len(dct.FEATURES))).astype(np.float32)
    carried = np.where(np.arange(n) % 2, LABELS.index("f5"), -1)
    vectors[carried >= 0, :60] += 2.0
    return Read(vectors, carried)


def _judged(model, vectors: np.ndarray) -> tuple[torch.Tensor, torch.Tensor]:
    """Log-odds that the experts give to vectors of this stream alone, and the embedding."""
    with torch.inference_mode():
        encoded = {}
        for name, encoder in model.encoders.items():
            if hasattr(encoder, "judges"):
                rows = torch.full((len(vectors), len(encoder.mean)), torch.nan)
                encoded[name] = (*encoder(torch.from_numpy(vectors) if name == dct.NAME else rows), None)
                encoded[name] = encoded[name][0], None, encoded[name][1]
            else:
                encoded[name] = torch.zeros(len(vectors), 32), None, None
        logits, embedding = model.judge(encoded)
    return logits, embedding


def test_experts_learn_and_all_else_stays(members):
    nothing = np.full((1, len(dct.FEATURES)), np.nan, np.float32)
    new, f5 = _images(3), LABELS.index("f5")
    before = [(_judged(m.model, nothing), _judged(m.model, new.vectors)) for m in members]
    factors = renew(members, _images(1), _images(2), seed=0)
    assert set(factors) == set(TECHNIQUES) and min(factors.values()) >= 1.0
    for (model, _), ((_, context), (logits, embedding)) in zip(members, before, strict=True):
        said, now = _judged(model, new.vectors)
        stego = torch.from_numpy(new.technique) >= 0
        assert said[stego, f5].median() > said[~stego, f5].quantile(0.95)
        others = [t for t, name in enumerate(LABELS) if name not in TECHNIQUES]
        assert torch.equal(said[:, others], logits[:, others])
        torch.testing.assert_close(_judged(model, nothing)[1], context, atol=1e-4, rtol=1e-4)
        moved = (now - embedding).pow(2).mean() / embedding.var()
        assert moved < 0.5, "the map is given other things than before"


def test_log_odds_over_zero_become_exact():
    """Of exact log-odds x, authentic images have the density of stego ones times exp(-x)."""
    rng = np.random.default_rng(0)
    authentic, stego = rng.normal(-2, 2, 200_000), rng.normal(2, 2, 200_000)  # log likelihood ratio: x
    assert _slope(authentic, stego) == pytest.approx(1.0, abs=0.05)
    assert _slope(authentic / 2, stego / 2) == pytest.approx(2.0, abs=0.1)
    assert _slope(2 * authentic, 2 * stego) == 1.0, "never made smaller"
    assert _slope(authentic[:30] - 9, stego) == 1.0, "nobody knows"


def test_what_finds_little_is_neither_stretched_nor_heard():
    rng = np.random.default_rng(0)
    authentic = rng.normal(0, 1, 5000)
    assert _able(authentic, rng.normal(3, 1, 500)) and not _able(authentic, rng.normal(1.5, 1, 500))
    assert not _able(authentic, np.zeros(0))
    row = Row((1.0, 2.0, 3.0), (SPEAKS, SPEAKS, UNKNOWN), 9)
    found = _silenced(Calibration(("a", "b", "c"), {"all": row}, 1.0, 0.0, 1e-3, 9), ["b", "c"])
    assert found.rows["all"].standing == (SPEAKS, FINDS_NOTHING, UNKNOWN) and found.rows["all"].end == row.end


def test_the_sample_has_every_technique_and_covers_apart(tmp_path: Path):
    params = section(read(Path("params.yaml")), "sample", SampleParams)
    (folder,) = jpeg_sample.submissions(tmp_path, 16, [7], params)
    before = (folder / "sources.csv").stat().st_mtime_ns
    again = jpeg_sample.submissions(tmp_path, 16, [7], params)
    assert again == [folder] and (folder / "sources.csv").stat().st_mtime_ns == before  # what is there is used
    assert {p.suffix for p in (folder / "clean").iterdir()} == {".jpg"}
    alike = [p for p in (folder / "negatives").rglob("*") if p.suffix == ".jpg"]
    found = jpeg_sample.listed([folder])
    carried = set(found.learnt) | set(found.apart)
    assert carried == {"", *TECHNIQUES}
    assert sum(len(files) for part in found for files in part.values()) == 16 + len(alike) + sum(
        1 for _ in (folder / "stego").glob("*.jpg")
    )
    apart = {p.name for p in found.apart.get("", [])}
    for name, files in found.learnt.items():
        if name:
            assert not {json.loads(Path(f"{f}.json").read_text())["clean_file"] for f in files} & apart
    data = jpeg_sample.read({"": found.learnt[""][:2], "f5": found.learnt["f5"][:1]}, LABELS)
    assert data.technique.tolist() == [-1, -1, LABELS.index("f5")]
    assert data.vectors.shape == (3, len(dct.FEATURES)) and np.isfinite(data.vectors).mean() > 0.9


def test_thresholds_of_some_techniques_are_taken_over():
    names, fewer = ("a", "b", "c"), ("b", "c")
    old = Calibration(names, {k: Row((1.0, 2.0, 3.0), (SPEAKS,) * 3, 9) for k in ("all", "indexed")}, 1.5, 0.2, 1e-3, 9)
    rows = {"all": Row((7.0, 8.0), (SPEAKS, FINDS_NOTHING), 5), "lossy": Row((9.0, 9.0), (SPEAKS,) * 2, 5)}
    found = old.with_thresholds(["c"], Calibration(fewer, rows, 4.0, 4.0, 1e-3, 5))
    assert found.rows["all"] == Row((1.0, 2.0, 8.0), (SPEAKS, SPEAKS, FINDS_NOTHING), 9)
    assert found.rows["indexed"] == found.rows["all"] and set(found.rows) == set(old.rows)
    assert (found.slope, found.intercept) == (1.5, 0.2)
    rates = [dataclasses.replace(one, target_fpr=0.01) for one in (old, Calibration(fewer, rows, 4.0, 4.0, 1e-3, 5))]
    both = dataclasses.replace(old, others=(rates[0],)).with_thresholds(["c"], rates[1])
    assert both.at(0.01).rows["all"].end == (1.0, 2.0, 8.0), "those of other rates are taken over as well"
