"""Round trips over every carrier and bit order, and the physics of the simulators."""

import contextlib

import numpy as np
import pytest

from starlight.errors import StarlightError
from starlight.images.containers import parse
from starlight.images.image import decode
from starlight.images.writing import exif_block as tiff
from starlight.images.writing import segments
from starlight.images.writing.encode import Encoding, encode
from starlight.techniques import TECHNIQUES, carriers, category_of, get
from starlight.techniques.readable import lsb_framings
from starlight.techniques.readable.protocol import BIT_ORDERS

TEXT = "The harbour at dawn, plan B: café, Straße, 港口 🔑".encode()
PALETTE = bytes(range(256)) * 3
CARRIERS = {
    "alpha": [("png", 4), ("webp", 4), ("png", 2)],
    "lsb.rgb": [("png", 3), ("webp", 3), ("png", 4), ("bmp", 3), ("tiff", 3)],
    "palette": [("png", 0), ("gif", 0)],
}
CASES = [(name, *carrier, order) for name, all_ in CARRIERS.items() for carrier in all_ for order in BIT_ORDERS]


def _samples(channels: int, seed: int = 1, shape: tuple[int, int] = (61, 67)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (*shape, channels) if channels else shape, np.uint8)


def _through_a_file(samples: np.ndarray, encoding: Encoding) -> np.ndarray:
    image = decode(encode(samples, encoding))
    if image.indices is not None:
        return image.indices
    return image.pixels if image.alpha is None else np.dstack([image.pixels, image.alpha])


@pytest.mark.parametrize(("name", "format_", "channels", "order"), CASES)
def test_text_comes_back_through_a_file(name, format_, channels, order):
    technique, cover = get(name), _samples(channels)
    stego = technique.embed(cover, TEXT, bit_order=order)
    assert stego is not cover and not np.array_equal(stego, cover)
    assert int(np.abs(stego.astype(int) - cover).max()) == 1
    back = _through_a_file(stego, Encoding(format_, palette=b"" if channels else PALETTE))
    assert technique.extract(back, bit_order=order) == TEXT
    other = BIT_ORDERS[1 - BIT_ORDERS.index(order)]
    with contextlib.suppress(StarlightError):  # the other order may hold no NUL at all
        assert technique.extract(back, bit_order=other) != TEXT


@pytest.mark.parametrize("tool", lsb_framings.FRAMINGS)
@pytest.mark.parametrize("channels", [3, 4])
def test_framings_of_open_tools_come_back(tool, channels):
    cover, technique = _samples(channels), get("lsb.rgb")
    stego = technique.embed(cover, TEXT, tool=tool)
    assert technique.extract(stego, tool=tool) == TEXT
    assert np.array_equal(stego[..., 3:], cover[..., 3:])
    room = technique.capacity_bits(cover, tool=tool) // 8
    full = bytes(np.random.default_rng(2).integers(32, 127, room, np.uint8))
    assert technique.extract(technique.embed(cover, full, tool=tool), tool=tool) == full
    with pytest.raises(StarlightError, match=r"fit|needed"):
        technique.embed(cover, full + bytes(40), tool=tool)


def test_framings_are_those_of_the_tools():
    samples, bits = np.zeros(999, np.uint8), lambda a: np.packbits(a & 1).tobytes()
    assert bits(get_framing("stegano", samples))[:7] == b"5:hello"
    assert get_framing("stepic", samples)[:45].reshape(5, 9)[:, 8].tolist() == [0, 0, 0, 0, 1]
    assert np.packbits(get_framing("stego-lsb-1", samples) & 1).tobytes()[:7] == b"\5\0hello"
    assert get_framing("stegpy", samples)[:4].tolist() == [0x10 | 3, 0, 3, 1]  # "s" in pairs, and the depth mark


def get_framing(tool: str, samples: np.ndarray) -> np.ndarray:
    return lsb_framings.get(tool).write(samples, b"hello")


@pytest.mark.parametrize("channels", [(0,), (2, 1, 0), (1, 2)])
def test_a_subset_of_channels_leaves_the_others_alone(channels):
    cover, technique = _samples(3), get("lsb.rgb")
    stego = technique.embed(cover, TEXT, channels=channels)
    assert technique.extract(stego, channels=channels) == TEXT
    rest = [c for c in range(3) if c not in channels]
    assert np.array_equal(stego[..., rest], cover[..., rest])


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
@pytest.mark.parametrize("charset", ["ascii", "unicode", "undefined"])
def test_exif_changes_nothing_but_its_segment(format_, charset):
    block = tiff.build(tiff.Block(">", {0x10F: tiff.ascii_("Maker")}, {0x927C: (7, bytes(range(99)))}))
    cover = encode(_samples(3), Encoding(format_, exif=block))
    stego = get("exif").embed(cover, TEXT, charset=charset)
    assert get("exif").extract(stego) == TEXT
    before, after = parse(cover), parse(stego)
    assert after.user_comment[8:] == TEXT + b"\0" and not after.problems
    assert after.exif_fields == before.exif_fields + 1
    assert after.exif.startswith(block[:4]) and bytes(range(99)) in after.exif
    assert segments.set_exif(stego, block) == cover
    assert np.array_equal(decode(stego).pixels, decode(cover).pixels)


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_exif_goes_into_a_file_without_any_and_is_replaced(format_):
    cover = encode(_samples(3), Encoding(format_))
    stego = get("exif").embed(get("exif").embed(cover, b"first"), TEXT)
    assert get("exif").extract(stego) == TEXT and b"first" not in parse(stego).user_comment


@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "gif", "bmp"])
@pytest.mark.parametrize("framed", [True, False])
def test_raw_is_what_follows_the_image(format_, framed):
    indexed = format_ == "gif"
    cover = encode(_samples(0 if indexed else 3), Encoding(format_, palette=PALETTE if indexed else b""))
    stego = get("raw").embed(cover, TEXT, framed=framed)
    assert stego.startswith(cover) and get("raw").extract(stego) == TEXT
    with pytest.raises(StarlightError, match="nothing follows"):
        get("raw").extract(cover)


@pytest.mark.parametrize("name", ["lsbr", "lsbm"])
@pytest.mark.parametrize("rate", [0.1, 0.5, 1.0])
def test_half_of_the_visited_samples_change(name, rate):
    cover = _samples(3, shape=(128, 128))
    change = get(name).embed(cover, rate, seed=4).astype(int) - cover
    assert np.mean(change != 0) == pytest.approx(rate / 2, abs=0.01)
    assert set(np.unique(change)) == {-1, 0, 1}
    moved = change[(change != 0) & (cover > 0) & (cover < 255)]
    even = cover[(change != 0) & (cover > 0) & (cover < 255)] % 2 == 0
    if name == "lsbr":  # even values rise, odd ones fall
        assert np.array_equal(moved == 1, even)
    else:
        assert np.mean(moved[even] == 1) == pytest.approx(0.5, abs=0.06)


def test_replacement_fills_so_many_planes_from_the_first_sample_on():
    cover = _samples(3, shape=(64, 64))
    stego = get("lsbr").embed(cover, 0.25, seed=4, depth=2, in_order=True)
    changed = (cover ^ stego).reshape(-1)
    assert not changed[cover.size // 4 :].any() and changed.max() == 3
    assert np.bincount(changed[: cover.size // 4]) / (cover.size // 4) == pytest.approx([0.25] * 4, abs=0.04)
    with pytest.raises(StarlightError, match="depth"):
        get("lsbr").embed(cover, 0.5, depth=5)


def test_matching_steps_inwards_at_the_ends_of_the_range():
    for value, step in ((0, 1), (255, -1)):
        cover = np.full((64, 64), value, np.uint8)
        change = get("lsbm").embed(cover, 1.0, seed=1).astype(int) - cover
        assert set(np.unique(change)) == {0, step}


@pytest.mark.parametrize("name", ["hill", "suniward", "wow", "hugo", "mipod"])
def test_adaptive_techniques_prefer_texture_and_change_more_at_more_rate(name):
    rng = np.random.default_rng(3)
    cover = np.full((96, 96), 128.0)
    cover[:, 48:] += 25 * rng.standard_normal((96, 48))
    cover[:, :48] += rng.standard_normal((96, 48))
    cover = np.clip(np.rint(cover), 0, 255).astype(np.uint8)
    low, high = (get(name).embed(cover, rate, seed=5) != cover for rate in (0.1, 0.4))
    assert 0 < low.mean() < high.mean() < 0.2
    assert low[:, 48:].mean() > 5 * low[:, :48].mean()
    assert np.array_equal(get(name).embed(cover, 0.4, seed=5) != cover, high)


@pytest.mark.parametrize("name", ["hill", "wow"])
def test_a_cover_without_texture_is_refused(name):
    with pytest.raises(StarlightError, match="texture"):
        get(name).embed(np.full((64, 64), 255, np.uint8), 0.4, seed=1)


def test_suniward_spreads_over_a_flat_cover_and_never_wraps():
    stego = get("suniward").embed(np.full((64, 64), 255, np.uint8), 0.4, seed=1)
    assert set(np.unique(stego)) == {254, 255}


def test_every_name_has_a_module_that_says_what_it_is():
    for name in TECHNIQUES:
        module = get(name)
        assert name == module.NAME and module.CARRIER in carriers.CARRIERS
        assert hasattr(module, "extract") == module.READABLE
    assert {category_of(name) for name in TECHNIQUES} == {"pixel", "metadata", "eoi"}


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: get("dream"), "dream"),
        (lambda: get("alpha").embed(_samples(3), b"x"), "alpha"),
        (lambda: get("alpha").embed(_samples(4, shape=(4, 4)), TEXT), "do not fit"),
        (lambda: get("palette").embed(_samples(3), b"x"), "indices"),
        (lambda: get("lsb.rgb").embed(_samples(0), b"x"), "colour"),
        (lambda: get("lsb.rgb").embed(_samples(3), b"x", tool="magic"), "magic"),
        (lambda: get("exif").embed(b"GIF89a", b"x"), "JPEG, PNG and WEBP"),
        (lambda: get("exif").embed(encode(_samples(3), Encoding("jpeg")), bytes([65]) * 70_000), "do not fit"),
        (lambda: get("exif").embed(encode(_samples(3), Encoding("png"))[:50], b"x"), "breaks off"),
        (lambda: get("lsbm").embed(_samples(3), 1.5), "1.5"),
        (lambda: get("hill").embed(_samples(0, shape=(8, 8)), 0.4), "smaller"),
    ],
)
def test_what_cannot_be_embedded_says_why(call, match):
    with pytest.raises(StarlightError, match=match):
        call()
