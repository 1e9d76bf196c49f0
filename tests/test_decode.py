"""Reading payloads back: every scan order, bit order, tool and carrier; nothing out of clean files."""

import numpy as np
import pytest
import scenes

from starlight.images import image as images
from starlight.sample import lookalikes
from starlight.streams.readable import decode
from starlight.streams.readable.decode import decode_payload
from starlight.techniques import get
from starlight.techniques.readable import lsb_framings

TEXT = scenes.TEXT


def features(data: bytes) -> dict[str, float]:
    values = decode.compute(images.decode(data))
    assert len(values) == len(decode.FEATURES)
    return dict(zip(decode.FEATURES, values, strict=True))


def read(data: bytes):
    return decode_payload(images.decode(data))


@pytest.mark.parametrize("bit_order", ["lsb-first", "msb-first"])
@pytest.mark.parametrize("channels", [(0, 1, 2), (2, 1, 0), (0,), (1,), (2,)])
def test_channels_and_bit_orders(bit_order, channels):
    stego = get("lsb.rgb").embed(scenes.scene(0, 64, 80), TEXT, bit_order=bit_order, channels=channels)
    found = read(scenes.file(stego))
    assert (found.technique, found.payload, found.marked) == ("lsb.rgb", TEXT, False)


@pytest.mark.parametrize("tool", lsb_framings.FRAMINGS)
def test_tools(tool):
    stego = get("lsb.rgb").embed(scenes.scene(0, 64, 80), TEXT, tool=tool)
    found = read(scenes.file(stego))
    assert (found.technique, found.payload) == ("lsb.rgb", TEXT)
    assert tool in found.variant


@pytest.mark.parametrize("turn", ["columns", "from the last row"])
def test_other_scan_orders(turn):
    cover = scenes.scene(0, 64, 80)
    view = cover.swapaxes(0, 1) if turn == "columns" else cover[::-1]
    stego = get("lsb.rgb").embed(np.ascontiguousarray(view), TEXT)
    stego = stego.swapaxes(0, 1) if turn == "columns" else stego[::-1]
    assert read(scenes.file(np.ascontiguousarray(stego))).payload == TEXT


def test_grey_rows():
    grey = scenes.scene(0, 64, 80, 1)
    bits = np.unpackbits(np.frombuffer(TEXT + b"\0", np.uint8))
    grey.reshape(-1)[: len(bits)] = grey.reshape(-1)[: len(bits)] & 0xFE | bits
    assert read(scenes.file(grey)).payload == TEXT


@pytest.mark.parametrize("bit_order", ["lsb-first", "msb-first"])
def test_alpha(bit_order):
    cover = np.concatenate([scenes.scene(0, 64, 80), np.full((64, 80, 1), 255, np.uint8)], axis=2)
    stego = scenes.file(get("alpha").embed(cover, b"secret", bit_order=bit_order))
    found = read(stego)
    assert (found.technique, found.payload, found.marked) == ("alpha", b"secret", True)
    assert features(stego)["alpha_mark"] == 1 and features(scenes.file(cover))["alpha_mark"] == 0


@pytest.mark.parametrize("bit_order", ["lsb-first", "msb-first"])
def test_palette(bit_order):
    rng = np.random.default_rng(0)
    indices, palette = rng.integers(0, 64, (64, 80), dtype=np.uint8), rng.integers(0, 256, (64, 3))
    found = read(scenes.indexed(get("palette").embed(indices, TEXT, bit_order=bit_order), palette))
    assert (found.technique, found.payload) == ("palette", TEXT)
    assert read(scenes.indexed(indices, palette)) is None


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
def test_comment_and_trailer(form):
    cover = scenes.file(scenes.scene(0, 64, 80), form)
    for name in ("exif", "raw"):
        stego = get(name).embed(cover, TEXT)
        assert (read(stego).technique, read(stego).payload) == (name, TEXT)
    assert read(cover) is None
    values = features(cover)
    assert np.isnan(values["comment_net"]) and np.isnan(values["trailer_net"])


def test_comment_of_a_camera_is_no_payload():
    cover = scenes.file(scenes.scene(0, 64, 80), "JPEG")
    for comment in (b" " * 40 + b"\0", bytes(64), TEXT + bytes(30), b""):
        assert read(get("exif").embed(cover, comment, framed=False)) is None


def test_payload_at_the_first_pixel_of_a_large_image():
    cover = np.tile(scenes.scene(0, 500, 500), (2, 3, 1))
    stego = scenes.file(get("lsb.rgb").embed(cover, TEXT))
    assert read(stego).payload == TEXT
    assert features(stego)["rgb_net"] > features(scenes.file(cover))["rgb_net"] + 1


def test_lossy_samples_are_not_read():
    """What a codec makes up holds no message, so nothing may be read there."""
    values = features(scenes.file(scenes.scene(0, 64, 80), "JPEG"))
    assert np.isnan(values["rgb_net"]) and np.isnan(values["other_net"])


def test_uniform_alpha_adds_no_scan():
    cover = np.concatenate([scenes.scene(0, 64, 80), np.full((64, 80, 1), 200, np.uint8)], axis=2)
    assert not any(s.name.startswith("rgba") for s in decode.scan_orders(images.decode(scenes.file(cover))))


@pytest.mark.parametrize("category", lookalikes.CATEGORIES)
def test_negatives_read_as_nothing(category):
    rng = np.random.default_rng(11)
    for number in range(2):
        assert read(lookalikes.make(category, rng, str(number)).data) is None


def test_patterned_images_read_as_nothing():
    for period in (1, 2, 3, 4, 8, 16):
        stripes = ((np.arange(96) // period) % 2 + 100).astype(np.uint8)
        image = np.broadcast_to(stripes[None, :, None], (96, 96, 3))
        assert read(scenes.file(np.ascontiguousarray(image))) is None
        assert read(scenes.file(np.ascontiguousarray(image.swapaxes(0, 1)))) is None


def _low_bits_in_levels(bits: np.ndarray, channels: int) -> np.ndarray:
    """Samples (64, 80, channels) of two levels, 60 for a bit 0 and 201 for a bit 1 in scan order."""
    chosen = np.zeros(64 * 80 * channels, bool)
    chosen[: len(bits)] = bits
    return np.where(chosen, 201, 60).astype(np.uint8).reshape(64, 80, channels)


def _low_bits_in_colours(bits: np.ndarray) -> np.ndarray:
    """Pixels (64, 80, 3) of two colours, whose red differs in the low bit."""
    chosen = np.zeros(64 * 80, bool)
    chosen[: len(bits)] = bits
    return np.where(chosen[:, None], [101, 200, 200], [100, 50, 50]).astype(np.uint8).reshape(64, 80, 3)


def test_low_bits_that_the_rest_of_the_pixel_says_are_no_payload():
    """Of two levels or two colours, the low bit says no more than the others do, whatever it reads as."""
    bits = np.unpackbits(np.frombuffer((TEXT * 4)[:220], np.uint8))
    for drawn in (_low_bits_in_levels(bits, 1), _low_bits_in_levels(bits, 3), _low_bits_in_colours(bits)):
        assert read(scenes.file(drawn)) is None
    dots = np.random.default_rng(4).random(len(bits)) < 0.5
    for cover in (_low_bits_in_levels(dots, 1), _low_bits_in_levels(dots, 3), _low_bits_in_colours(dots)):
        stego = get("lsb.rgb").embed(np.broadcast_to(cover, (64, 80, 3)).copy(), TEXT)
        assert read(scenes.file(stego)).payload == TEXT


@pytest.mark.parametrize(("tool", "least"), [("stegpy", 60), ("stegano", 20), ("stego-lsb", 20), ("stego-lsb-1", 20)])
def test_a_tools_header_counts(tool, least):
    """Sixteen bytes of text are hardly evidence by themselves; that the header announces sixteen is."""
    stego = get("lsb.rgb").embed(scenes.scene(0, 64, 80), TEXT[:16], tool=tool)
    net = 4 * np.sinh(features(scenes.file(stego))["rgb_net"])
    bare = 4 * np.sinh(features(scenes.file(get("lsb.rgb").embed(scenes.scene(0, 64, 80), TEXT[:16])))["rgb_net"])
    assert net > least and net > bare


def test_a_header_whose_count_is_not_text_is_nothing():
    cover = scenes.scene(0, 64, 80)
    junk = np.random.default_rng(5).bytes(40)
    found = features(scenes.file(get("lsb.rgb").embed(cover, b"\x40\x00\x00" + junk, framed=False)))
    assert 4 * np.sinh(found["rgb_net"]) < 16


def test_text_behind_what_a_device_left():
    """A message may follow a thumbnail or a film that was there before."""
    rng = np.random.default_rng(6)
    left = scenes.file(scenes.scene(0, 64, 80)) + b"\xff\xd8\xff\xe0\0\x10JFIF" + rng.bytes(3000)
    assert features(left)["trailer_net"] < np.arcsinh(10 / 4)
    assert features(left + TEXT)["trailer_net"] > np.arcsinh(20 / 4)


def test_the_end_of_a_metadata_packet_is_no_message():
    left = scenes.file(scenes.scene(0, 64, 80)) + b'<?xpacket end="w"?>\0'
    assert features(left)["trailer_net"] < 0.5
    assert features(left + TEXT)["trailer_net"] > np.arcsinh(20 / 4)
