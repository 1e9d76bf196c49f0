"""The detector: shapes, masks, symmetry of its front end, what it does with what is missing."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.detector.model.encoders import VectorEncoder
from starlight.detector.model.experts import Experts
from starlight.detector.model.frontend import PixelFrontend, PlaneFrontend
from starlight.detector.plain.network import IMPOSSIBLE
from starlight.metrics import auc
from starlight.techniques import LABELS
from starlight.training.fit_experts import Schedule, TrainingSet, fit_encoder, fit_expert, judged_by, reads

SIZES = (("palette", 768), ("format", 12), ("content", 40), ("dct", 30))
STREAMS = ("pixel", "alpha", "lsb", "palette", "metadata", "format", "palette_lsb", "content", "dct")


def detector(**kw):
    torch.manual_seed(0)
    model = UnifiedStarlightDetector(DetectorConfig(STREAMS, SIZES, LABELS, **kw)).eval()
    torch.nn.init.normal_(model.technique_head.weight)  # a fresh one corrects nothing
    return model


def batch(b=3, k=2, seed=0):
    rng = np.random.default_rng(seed)
    crops = {"pixel": 3, "alpha": 2, "lsb": 3, "palette_lsb": 1}
    made = {n: torch.tensor(rng.integers(0, 256, (b, k, c, 256, 256)) / 255, dtype=torch.float32)
            for n, c in crops.items()}  # fmt: skip
    made |= {n: torch.tensor(rng.normal(size=(b, d)), dtype=torch.float32) for n, d in (*SIZES, ("metadata", 2048))}
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


def training_set(features, stego, seed=0):
    rng = np.random.default_rng(seed)
    return TrainingSet(features.astype(np.float32), stego, np.ones(len(stego)), rng.integers(0, 2, len(stego)))


def test_an_expert_finds_a_direction_of_little_variance():
    rng = np.random.default_rng(3)
    base = rng.normal(size=(600, 1))
    features = np.hstack([base * 3, base * 3 + rng.normal(0, 0.1, (600, 1))])
    stego = np.arange(600) % 2 == 1
    features[stego, 1] += 0.5
    weight, offset = fit_expert(training_set(features, stego))
    assert np.mean((features @ weight + offset > 0) == stego) > 0.8


def test_no_expert_where_nothing_generalises():
    """More statistics than images: any data can be told apart, but not on the covers that were left out."""
    rng = np.random.default_rng(5)
    features, stego = rng.normal(size=(120, 400)), np.arange(120) % 2 == 1
    weight, _ = fit_expert(training_set(features, stego))
    assert np.std(rng.normal(size=(500, 400)) @ weight) < 0.5


def test_no_expert_from_a_handful_of_images():
    stego = np.arange(40) < 6
    weight, offset = fit_expert(training_set(stego[:, None] * np.ones((40, 3)), stego))
    assert not weight.any() and offset == 0


def test_an_image_of_no_weight_does_not_count():
    rng = np.random.default_rng(6)
    features, stego = rng.normal(size=(400, 5)), np.arange(400) % 2 == 1
    features[stego, 2] += 3
    data = training_set(features, stego)
    spoilt = data._replace(
        features=np.vstack([data.features, data.features + 9 * np.eye(5, dtype=np.float32)[2]]),
        stego=np.tile(stego, 2), weight=np.repeat([1.0, 0.0], 400), half=np.tile(data.half, 2),
    )  # fmt: skip
    assert np.allclose(fit_expert(spoilt)[0], fit_expert(data)[0], atol=0.05)


@pytest.mark.parametrize("technique", LABELS)
def test_an_expert_reads_what_its_technique_shows_in(technique):
    columns = reads(technique, STREAMS)
    assert all(chosen.any() for chosen in columns.values())
    judges = [stream for stream in STREAMS if judged_by(stream, [technique])[0]]
    assert bool(columns) != bool(judges)
    assert reads(technique, STREAMS[:6]) == {} and not set(judges) & set(STREAMS[:6])


def test_an_encoder_learns_its_techniques_and_no_other():
    """One technique raises a statistic on covers where another is high: no linear expert could tell."""
    rng = np.random.default_rng(7)
    vectors = rng.normal(size=(3000, 6)).astype(np.float32)
    stego = np.zeros((3000, 3), bool)
    stego[np.arange(3000) % 2 == 1, 1] = True
    vectors[stego[:, 1], 0] += 3 * np.sign(vectors[stego[:, 1], 3])
    torch.manual_seed(0)
    encoder = VectorEncoder(6, 3)
    encoder.judges[:2] = True
    parts = (torch.from_numpy(part) for part in (vectors, stego, np.repeat(~stego.any(1)[:, None], 3, axis=1)))
    fit_encoder(encoder, *parts, torch.ones(3000), seed=0)
    with torch.no_grad():
        said = encoder.eval()(torch.from_numpy(vectors))[1].numpy()
    assert np.mean((said[:, 1] > 0) == stego[:, 1]) > 0.85
    assert not said[:, 0].any() and not said[:, 2].any()  # the first has no stego image, the third is not its own


def test_an_expert_is_blind_to_all_else():
    model, inputs = detector(), batch()
    encoder = model.encoders["content"]
    with torch.no_grad():
        encoder.linear.fill_(1.0)
        encoder.reads[0, :4] = True
        model.has_expert[:2] = True
        model.technique_head.weight.zero_()
    before = model(inputs).logits
    inputs["content"][:, 4:] += 1
    assert torch.equal(model(inputs).logits, before)
    inputs["content"][:, :4] += 1
    after = model(inputs).logits
    assert not torch.equal(after[:, 0], before[:, 0]) and torch.equal(after[:, 1:], before[:, 1:])


@torch.no_grad()
def test_experts_alone_say_what_the_whole_detector_says():
    model, inputs, mask = detector(), batch(), torch.rand(3, len(LABELS)) < 0.7

    def said(inputs, mask):
        experts = Experts(model)
        found = experts.judge(experts.read({name: tensor.numpy() for name, tensor in inputs.items()}), mask.numpy())
        return None if found is None else torch.from_numpy(found)

    assert said(inputs, torch.ones_like(mask)) is None  # nobody has an expert yet
    model.has_expert.fill_(True)
    model.encoders["content"].judges.fill_(True)
    model.encoders["dct"].reads.fill_(True)
    torch.nn.init.normal_(model.encoders["dct"].linear)
    assert torch.equal(said(inputs, mask), model(inputs, mask).logits)
    one = {name: tensor[:1] for name, tensor in inputs.items()}
    one["content"] = torch.full_like(one["content"], float("nan"))
    assert torch.equal(said(one, mask[:1]), model(one, mask[:1]).logits)
    model.has_expert[2] = False
    without = mask.clone()
    without[:, 2] = False
    assert torch.equal(said(inputs, without), model(inputs, without).logits)
    assert said(inputs, without | (torch.arange(len(LABELS)) == 2)) is None


@pytest.mark.parametrize("turned", [True, False])
def test_an_expert_finds_what_moves_along_a_direction_in_which_covers_hardly_vary(turned):
    """Four statistics that all follow one cause, and an embedding that parts two of them by less than they scatter."""
    rng = np.random.default_rng(3)
    count, size, half = 8000, 4, 4000
    values = rng.normal(size=(count, 1)) + 0.02 * rng.normal(size=(count, size))
    stego = np.arange(count) % 2 == 1
    values[stego, 0] += 0.05
    encoder = VectorEncoder(size, 1)
    encoder.judges[:] = True
    labels = torch.from_numpy(stego[:, None])
    vectors = torch.from_numpy(values).float()
    torch.manual_seed(0)
    parts = vectors[:half], labels[:half], ~labels[:half], torch.ones(half), Schedule(12, 2e-3)
    fit_encoder(encoder, *parts, seed=0, turned=turned)
    encoder.eval()
    with torch.no_grad():
        score = encoder.judge(encoder.layers(encoder.standardise(vectors[half:]))).numpy()[:, 0]
    assert (auc(stego[half:], score) > 0.85) == turned
