"""The detector: shapes, masks, symmetry of its front end, what it does with what is missing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from starlight.model import DetectorConfig, UnifiedStarlightDetector
from starlight.model.detector import IMPOSSIBLE
from starlight.model.frontend import PixelFrontend, PlaneFrontend
from starlight.techniques import OTHER, TECHNIQUES
from starlight.training.fisher import TrainingSet, fisher_discriminants

BLOCKS = (("palette", (768,)), ("format", (12,)), ("content", (10, 30)), ("dct", (30,)))
STREAMS = ("pixel", "alpha", "lsb", "palette", "metadata", "format", "palette_lsb", "content", "dct")
LABELS = (*TECHNIQUES, OTHER)


def detector(**kw):
    torch.manual_seed(0)
    return UnifiedStarlightDetector(DetectorConfig(STREAMS, BLOCKS, LABELS, **kw)).eval()


def batch(b=3, k=2, seed=0):
    rng = np.random.default_rng(seed)
    crops = {"pixel": 3, "alpha": 2, "lsb": 3, "palette_lsb": 1}
    made = {n: torch.tensor(rng.integers(0, 256, (b, k, c, 256, 256)) / 255, dtype=torch.float32)
            for n, c in crops.items()}  # fmt: skip
    made |= {
        n: torch.tensor(rng.normal(size=(b, d)), dtype=torch.float32)
        for n, d in (*((n, sum(b)) for n, b in BLOCKS), ("metadata", 2048))
    }
    return {**made, "tiles": torch.full((b,), k)}


def test_shapes():
    out = detector()(batch(), torch.ones(3, len(LABELS), dtype=torch.bool))
    assert out.logits.shape == (3, len(LABELS)) and out.stego_logit.shape == (3,)
    assert out.cell_logits.shape == (3, 2, 32, 32)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.booleans(), min_size=len(LABELS), max_size=len(LABELS)), st.integers(0, 10))
def test_what_is_masked_is_never_predicted(bits, seed):
    out = detector()(batch(1, 1, seed), torch.tensor([bits]))
    allowed = torch.tensor(bits)
    assert torch.all(out.logits[0, ~allowed] == IMPOSSIBLE)
    if any(bits):
        assert bits[int(out.logits[0].argmax())]
    else:
        assert torch.sigmoid(out.stego_logit[0]) < 1e-9


def test_undefined_statistics_do_not_spread():
    inputs = batch()
    inputs["dct"] = torch.full_like(inputs["dct"], float("nan"))
    assert torch.isfinite(detector()(inputs).logits).all()


def test_tiles_past_the_end_do_not_count():
    inputs = batch(1, 2)
    inputs["tiles"] = torch.tensor([1])
    first = {n: v[:, :1] if v.ndim == 5 else v for n, v in inputs.items()}
    model = detector()
    assert torch.allclose(model(inputs).logits, model(first).logits, atol=1e-5)


@pytest.mark.parametrize("blank", STREAMS)
def test_a_blanked_stream_is_not_read(blank):
    model, inputs = detector(), batch()
    before = model(inputs, blank=blank).logits
    inputs[blank] = torch.rand_like(inputs[blank])
    assert torch.equal(before, model(inputs, blank=blank).logits)
    assert not torch.equal(model(inputs).logits, before)


@pytest.mark.parametrize("front", [PixelFrontend(), PlaneFrontend(2)])
def test_front_end_of_a_transposed_crop_is_a_permutation(front):
    channels = 3 if isinstance(front, PixelFrontend) else 2
    crop = torch.tensor(np.random.default_rng(1).integers(0, 256, (1, channels, 64, 64)) / 255, dtype=torch.float32)
    cells = front(crop)
    assert cells.shape[1] == front.channels
    if channels == 3:
        assert torch.allclose(front(crop.transpose(2, 3)), cells[:, front.transposed()].transpose(2, 3), atol=1e-6)


def test_parity_signed_residual_sees_lsb_replacement():
    """On smooth ground, replacing LSBs moves even values up and odd ones down; matching does neither."""
    rng = np.random.default_rng(2)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 0.05, (3, 256, 256)), 1), 2)
    cover = np.clip(128 + 40 * smooth / np.abs(smooth).max() + rng.normal(0, 1.5, smooth.shape), 0, 255).round()
    replaced = (cover // 2) * 2 + rng.integers(0, 2, cover.shape)
    matched = cover + rng.integers(0, 2, cover.shape) * rng.choice([-1, 1], cover.shape)
    front = PixelFrontend()
    signed = [front(torch.tensor(x[None] / 255, dtype=torch.float32))[0, 3:6].mean().item()
              for x in (cover, replaced, matched)]  # fmt: skip
    assert abs(signed[0]) < 0.01 and abs(signed[2]) < 0.03
    assert abs(signed[1]) > 0.05


def training_set(features, technique, mask=None, twins=None):
    n = len(technique)
    mask = np.ones((n, 1), bool) if mask is None else mask
    twins = np.full(n, -1) if twins is None else twins
    return TrainingSet(features.astype(np.float32), technique, mask, twins, np.arange(n) // 2 % 2)


def test_fisher_finds_a_direction_of_little_variance():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(600, 1))
    features = np.hstack([base * 3, base * 3 + rng.normal(0, 0.1, (600, 1))])
    technique = np.where(np.arange(600) % 2, 0, -1)
    features[technique == 0, 1] += 0.2
    weight, bias = fisher_discriminants(training_set(features, technique))
    score = features @ weight[0] + bias[0]
    assert np.mean((score > 0) == (technique == 0)) > 0.8


def test_fisher_compares_with_possible_carriers_only():
    """A feature that only says which container it is must not count as payload."""
    rng = np.random.default_rng(4)
    container = np.repeat([0, 1], 300)
    features = container[:, None] * 5 + rng.normal(size=(600, 1))
    technique = np.where((container == 1) & (rng.random(600) < 0.5), 0, -1)
    weight, _ = fisher_discriminants(training_set(features, technique, mask=(container == 1)[:, None]))
    assert abs(weight[0, 0]) < 0.4


def test_fisher_gives_nothing_where_nothing_generalises():
    """More features than images: any data can be told apart, but not on the fold that was not seen."""
    rng = np.random.default_rng(5)
    features = rng.normal(size=(120, 400))
    technique = np.where(np.arange(120) % 2, 0, -1)
    weight, _ = fisher_discriminants(training_set(features, technique))
    assert np.std(rng.normal(size=(500, 400)) @ weight[0]) < 0.5


def test_twins_take_the_covers_out_of_the_shift():
    """A payload far smaller than the covers' variety, seen only through the pairs."""
    rng = np.random.default_rng(6)
    covers = rng.normal(size=(200, 30)) * 5
    features = np.vstack([covers, covers])
    features[200:, 7] += 2.0
    technique = np.repeat([-1, 0], 200)
    twins = np.concatenate([np.full(200, -1), np.arange(200)])
    paired, _ = fisher_discriminants(training_set(features, technique, twins=twins))
    assert np.abs(paired[0]).argmax() == 7 and np.abs(paired[0, 7]) > 5 * np.delete(np.abs(paired[0]), 7).max()
