"""Every byte of a file is accounted for: the image ends where it ends, and what follows is the trailer."""

import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starlight.errors import BadImage
from starlight.images.containers import FORMATS, Container, parse
from starlight.lab.fuzz import specimens

SPECIMENS = specimens.make()
BARE = {name: parse(data).trailer for name, data in SPECIMENS.items()}  # Pillow pads a TIFF of many pages
PIXELS = np.random.default_rng(7).integers(0, 256, (16, 16, 3), dtype=np.uint8)
KNOWN = [
    b"\0",
    b"\0" * 40,
    b"\xff\xd9",
    b"\xff" * 9,
    b"IEND\xaeB`\x82",
    b"\x00\x3b",
    b"AI42payload\0",
    b"II*\0\x08\0\0\0",
]


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_plain_file_ends_at_its_last_byte(name):
    container = parse(SPECIMENS[name])
    assert container.format == name.split()[0]
    assert (container.width, container.height) == (40, 24)
    assert container.problems == ()
    assert container.trailer.strip(b"\0") == b""
    assert name == "tiff pages" or container.end == len(SPECIMENS[name])


@pytest.mark.parametrize("name", SPECIMENS)
@pytest.mark.parametrize("tail", [*KNOWN, SPECIMENS["jpeg 4:2:0"], SPECIMENS["png rgb"], SPECIMENS["gif"]])
def test_known_trailers(name, tail):
    assert parse(SPECIMENS[name] + tail).trailer == BARE[name] + tail


@settings(max_examples=300, deadline=None)
@given(name=st.sampled_from(sorted(SPECIMENS)), tail=st.binary(max_size=300))
def test_any_bytes_appended_come_back(name, tail):
    container = parse(SPECIMENS[name] + tail)
    assert container.trailer == BARE[name] + tail
    assert container.trailer == (SPECIMENS[name] + tail)[container.end :]


@settings(max_examples=300, deadline=None)
@given(magic=st.sampled_from([d[:16] for d in SPECIMENS.values()] + [b""]), rest=st.binary(max_size=400))
def test_any_bytes_at_all_are_a_container_or_a_bad_image(magic, rest):
    try:
        assert isinstance(parse(magic + rest), Container)
    except BadImage as error:
        assert error.reason == str(error) and "\n" not in error.reason


@pytest.mark.parametrize("name", SPECIMENS)
def test_segments_lie_in_the_file_and_cover_it(name):
    data, container = SPECIMENS[name], parse(SPECIMENS[name])
    assert all(at >= 0 and at + size <= len(data) for _, at, size in container.segments)
    if container.format == "png":
        assert 8 + sum(size for _, _, size in container.segments) == container.end


@pytest.mark.parametrize(
    ("name", "facts"),
    [
        ("png rgba", {"mode": "RGBA", "has_alpha": True, "lossless": True, "indexed": False}),
        ("png 16-bit rgb", {"mode": "RGB;16", "bit_depth": 16}),
        ("png 16-bit grey", {"mode": "I;16", "bit_depth": 16}),
        ("png 1-bit", {"mode": "1", "bit_depth": 1}),
        ("png grey alpha", {"mode": "LA", "has_alpha": True}),
        ("png key", {"mode": "RGB", "has_alpha": True}),
        ("png palette 4 alpha", {"mode": "P", "bit_depth": 4, "indexed": True, "has_alpha": True}),
        ("png interlaced", {"interlaced": True}),
        ("png animated", {"frames": 3}),
        ("png profile", {"icc_length": 320}),
        ("png text", {"comments": (b"words", b"more words"), "xmp": b"<x:xmpmeta/>"}),
        ("jpeg 4:2:0", {"mode": "RGB", "sampling": "4:2:0", "lossless": False, "progressive": False}),
        ("jpeg 4:4:4", {"sampling": "4:4:4", "exif_fields": 6}),
        ("jpeg 4:2:2", {"sampling": "4:2:2", "comments": (b"a remark",)}),
        ("jpeg grey", {"mode": "L", "sampling": "grey"}),
        ("jpeg cmyk", {"mode": "CMYK"}),
        ("jpeg progressive", {"progressive": True, "icc_length": 320}),
        ("gif", {"mode": "P", "indexed": True, "comments": (b"a remark",), "interlaced": True}),
        ("gif transparent", {"has_alpha": True, "interlaced": False}),
        ("gif animated", {"frames": 3}),
        ("webp lossy", {"lossless": False, "has_alpha": False, "mode": "RGB"}),
        ("webp lossless", {"lossless": True}),
        ("webp lossy alpha", {"lossless": False, "has_alpha": True, "mode": "RGBA"}),
        ("webp lossless alpha", {"lossless": True, "has_alpha": True}),
        ("webp animated", {"frames": 3, "lossless": True}),
        ("webp exif", {"icc_length": 320, "exif_fields": 6}),
        ("bmp palette", {"indexed": True, "mode": "P"}),
        ("bmp grey", {"indexed": False, "mode": "L"}),
        ("tiff rgba", {"has_alpha": True, "mode": "RGBA"}),
        ("tiff 16-bit", {"mode": "I;16", "bit_depth": 16}),
        ("tiff jpeg", {"lossless": False}),
        ("tiff pages", {"frames": 2}),
        ("tiff palette", {"indexed": True}),
    ],
)
def test_facts(name, facts):
    container = parse(SPECIMENS[name])
    assert {key: getattr(container, key) for key in facts} == facts


@pytest.mark.parametrize("name", ["png rgb", "jpeg 4:4:4", "webp exif"])
def test_user_comment_and_exif_block(name):
    container = parse(SPECIMENS[name] + b"tail")
    assert container.user_comment == b"ASCII\0\0\0a remark"
    assert container.exif[:4] in (b"II*\0", b"MM\0*")
    assert container.exif_fields == 6


def test_every_format_has_a_specimen():
    assert {name.split()[0] for name in SPECIMENS} == set(FORMATS)


def test_quantisation_tables_are_in_natural_order():
    container = parse(specimens.encode(PIXELS, "JPEG", quality=50))
    first = np.array(container.quant_tables[0]).reshape(8, 8)
    assert first[0].tolist() == [16, 11, 10, 16, 24, 40, 51, 61]  # T.81, table K.1
    assert first[:, 0].tolist() == [16, 12, 14, 14, 18, 24, 49, 72]


def test_exif_written_by_imagemagick_as_text():
    block = b"Exif\0\0" + parse(SPECIMENS["png rgb"]).exif
    text = b"\nexif\n%8d\n" % len(block) + block.hex().encode()
    chunk = specimens.png_chunk(b"tEXt", b"Raw profile type exif\0" + text)
    container = parse(specimens.png(PIXELS, 2, extra=chunk))
    assert container.user_comment == b"ASCII\0\0\0a remark"
    assert container.comments == ()


def test_xmp_of_a_gif_is_stored_bare():
    packet = b"<?xpacket begin?><x:xmpmeta/>"
    magic = b"\x01" + bytes(range(255, -1, -1)) + b"\0"
    data = SPECIMENS["gif grey"]
    container = parse(data[:-1] + b"\x21\xff\x0bXMP DataXMP" + packet + magic + b";" + b"tail")
    assert (container.xmp, container.trailer) == (packet, b"tail")


def test_comment_in_the_first_directory_big_endian():
    entry = struct.pack(">HHII", 0x9286, 7, 20, 26)
    block = b"MM\0*" + struct.pack(">IH", 8, 1) + entry + bytes(4) + b"ASCII\0\0\0hidden words"
    segment = b"\xff\xe1" + struct.pack(">H", len(block) + 8) + b"Exif\0\0" + block
    data = SPECIMENS["jpeg 4:2:0"]
    assert parse(data[:2] + segment + data[2:]).user_comment == b"ASCII\0\0\0hidden words"
