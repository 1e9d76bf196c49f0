"""Beginnings of bit planes: they hold the payload's first bits, and a network of six streams learns from them."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from starlight.detector.model import DetectorConfig, UnifiedStarlightDetector
from starlight.detector.model.encoders import StartEncoder
from starlight.images.image import decode
from starlight.streams import SETS
from starlight.streams.compute import compute_streams
from starlight.streams.starts import STARTS, read_by, starts
from starlight.techniques import get
from starlight.techniques.readable.protocol import to_bits

TEXT = b"the first words of a longer letter, which goes on below the first row of the image, and on"


def png(pixels: np.ndarray, palette: np.ndarray | None = None) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(pixels)
    if palette is not None:
        picture.putpalette(palette.tobytes())
    picture.save(out, "png")
    return out.getvalue()


def bits_of(data: bytes, name: str) -> np.ndarray:
    return starts(compute_streams(decode(data), SETS["six"], 2), [name])[name]


@pytest.mark.parametrize(("width", "height"), [(300, 40), (64, 64)])
@pytest.mark.parametrize(
    ("technique", "stream", "shape"), [("lsb.rgb", "lsb", (3,)), ("alpha", "alpha", (4,)), ("palette", "palette", ())]
)
def test_the_first_row_holds_the_first_bits(technique, stream, shape, width, height):
    rng = np.random.default_rng(3)
    cover = rng.integers(0, 256, (height, width, *shape), dtype=np.uint8)
    palette = rng.permutation(768 * 4)[:768].astype(np.uint8).reshape(256, 3) if technique == "palette" else None
    stego = get(technique).embed(cover, TEXT, bit_order="lsb-first", mark=False)
    found = bits_of(png(stego, palette), stream)
    row = min(width, 256) * (3 if stream == "lsb" else 1)
    wanted = 2.0 * to_bits(TEXT, "lsb-first")[:row] - 1
    assert len(found) == STARTS[stream] and not found[row:].any()
    if technique == "palette":  # a colour that the palette lists twice says nothing of its index
        once = np.unique(palette, axis=0, return_counts=True)[1].max() == 1
        assert once or np.mean(found[: len(wanted)] == wanted) > 0.95
    else:
        assert np.array_equal(found[: len(wanted)], wanted)


def test_a_plane_that_is_not_there_gives_zeros():
    data = png(np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8))
    assert not bits_of(data, "alpha").any() and not bits_of(data, "palette").any() and bits_of(data, "lsb").any()
    torch.manual_seed(0)
    assert not StartEncoder()(torch.zeros(2, 256)).any()


def test_nobody_reads_beginnings_where_statistics_say_what_they_decode_to():
    assert read_by(SETS["six"]) == ("alpha", "lsb", "palette") and not read_by(SETS["nine"]) + read_by(SETS["eight"])


def test_a_small_encoder_tells_text_from_noise_in_a_few_rows():
    torch.manual_seed(1)
    rng, words = np.random.default_rng(1), [b"old", b"bridge", b"clock", b"tower", b"night", b"letter", b"meet"]

    def batch(n: int) -> tuple[torch.Tensor, torch.Tensor]:
        noise = rng.integers(0, 2, (n, 768))
        for row in noise[: n // 2]:
            row[:] = to_bits(b" ".join(rng.choice(words, 40))[:96], "msb-first")
        return torch.from_numpy(2.0 * noise - 1).float(), (torch.arange(n) < n // 2).float()

    model = torch.nn.Sequential(StartEncoder(), torch.nn.Linear(32, 1))
    optimiser = torch.optim.AdamW(model.parameters(), 3e-3)
    for _ in range(60):
        bits, label = batch(32)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(model(bits)[:, 0], label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    bits, label = batch(200)
    assert ((model(bits)[:, 0] > 0) == (label > 0)).float().mean() > 0.98


def test_what_is_blanked_takes_its_beginning_along():
    streams = ("pixel", "lsb", "format")
    config = DetectorConfig(streams, (("format", 5),), ("a", "b"), starts=("lsb",))
    torch.manual_seed(2)
    model = UnifiedStarlightDetector(config).eval()
    torch.nn.init.normal_(model.technique_head.weight)
    one = {"pixel": torch.rand(1, 1, 3, 256, 256), "lsb": torch.zeros(1, 1, 3, 256, 256), "format": torch.randn(1, 5),
           "tiles": torch.tensor([1]), "lsb_start": torch.ones(1, 768)}  # fmt: skip
    other = one | {"lsb_start": -torch.ones(1, 768)}
    assert not torch.equal(model(one).logits, model(other).logits)
    assert torch.equal(model(one, blank="lsb").logits, model(other, blank="lsb").logits)
