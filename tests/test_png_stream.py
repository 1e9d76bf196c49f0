"""A PNG's stream is unpacked once, and that changes nothing: neither pixels, nor the account, nor what is refused."""

import struct
import zlib

import numpy as np
import pytest

from starlight.errors import BadImage
from starlight.findings.account import account
from starlight.images import png_stream
from starlight.images.containers import parse
from starlight.images.image import decode
from starlight.lab.fuzz import specimens

PNGS = {name: data for name, data in specimens.make().items() if data.startswith(b"\x89PNG")}
RNG = np.random.default_rng(3)
RGB = specimens.encode(RNG.integers(0, 256, (21, 33, 3), dtype=np.uint8), "PNG")


def with_stream(change):
    """The file with another stream in one IDAT chunk."""
    container = parse(RGB)
    packed = b"".join(RGB[at + 8 : at + size - 4] for name, at, size in container.segments if name == "IDAT")
    first = next(at for name, at, _ in container.segments if name == "IDAT")
    body = b"IDAT" + change(packed)
    chunk = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
    return RGB[:first] + chunk + b"\0\0\0\0IEND\xaeB`\x82"


@pytest.mark.parametrize("name", PNGS)
def test_pixels_and_account_are_those_of_the_decoder_alone(name, monkeypatch):
    image = decode(PNGS[name])
    assert image.kept[png_stream.WHOLE]
    with monkeypatch.context() as m:
        m.setattr(png_stream, "unpacked", lambda data, container: None)
        plain = decode(PNGS[name])
    assert not plain.kept[png_stream.WHOLE]
    for part in ("pixels", "alpha", "indices", "palette"):
        np.testing.assert_array_equal(getattr(image, part), getattr(plain, part))
    assert account(image) == account(plain)


@pytest.mark.parametrize("tail", [b"hidden behind the stream", b"\0\1\2\3\4"])
def test_bytes_behind_the_stream_are_still_found(tail):
    image = decode(with_stream(lambda packed: packed + tail))
    assert not image.kept[png_stream.WHOLE]
    assert tail in [found.payload for found in account(image).findings if found.hidden]


def test_rows_below_the_last_are_still_found():
    rows = b"text in rows below the last one " * 4
    image = decode(with_stream(lambda packed: zlib.compress(zlib.decompress(packed) + rows)))
    assert not image.kept[png_stream.WHOLE]
    assert any(found.payload.startswith(b"text in rows") for found in account(image).findings)


@pytest.mark.parametrize("change", [lambda p: p[:-9], lambda p: p[: len(p) // 2], lambda p: p[:40] + b"\xff" + p[41:]])
def test_a_broken_stream_is_left_to_the_decoder(change):
    data = with_stream(change)
    assert png_stream.unpacked(data, parse(data)) is None


def test_a_stream_cut_in_the_midst_is_refused():
    with pytest.raises(BadImage):
        decode(with_stream(lambda packed: packed[: len(packed) // 2]))
