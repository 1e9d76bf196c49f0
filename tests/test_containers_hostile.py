"""Files that lie about their structure: nothing but `BadImage` comes out, within the limits."""

import struct
import zlib

import numpy as np
import pytest

from starlight.errors import BadImage
from starlight.images.containers import Limits, parse
from starlight.lab.fuzz import specimens

SPECIMENS = specimens.make()
JPEG = SPECIMENS["jpeg 4:2:0"]
PIXELS = np.random.default_rng(7).integers(0, 256, (16, 16, 3), dtype=np.uint8)


def segment(code: int, content: bytes) -> bytes:
    return bytes([0xFF, code]) + struct.pack(">H", len(content) + 2) + content


def inserted(piece: bytes) -> bytes:
    return JPEG[:2] + piece + JPEG[2:] + b"tail"


@pytest.mark.parametrize("content", [b"\xff\xd9 and \xff\xda", JPEG, b"Exif\0\0II*\0" + JPEG])
@pytest.mark.parametrize("code", [0xE1, 0xED, 0xFE])
def test_markers_inside_segments_are_not_mistaken(code, content):
    assert parse(inserted(segment(code, content))).trailer == b"tail"


def test_fill_bytes_before_markers():
    container = parse(inserted(b"\xff\xff\xff" + segment(0xFE, b"words")))
    assert (container.trailer, container.comments) == (b"tail", (b"words",))
    assert container.problems == ("fill bytes",)
    filled = JPEG[:-2] + b"\xff\xff\xff\xd9tail"
    assert parse(filled).trailer == b"tail"


def test_missing_end_marker():
    container = parse(JPEG[:-2])
    assert (container.end, container.trailer, container.problems) == (len(JPEG) - 2, b"", ("missing EOI",))


def test_end_marker_that_comes_too_soon_ends_the_image():
    cut = len(JPEG) - 200
    assert parse(JPEG[:cut] + b"\xff\xd9" + b"tail").trailer == b"tail"


def test_a_file_of_fill_bytes_is_read_in_one_go():
    with pytest.raises(BadImage, match="truncated"):
        parse(b"\xff\xd8" + b"\xff" * 20_000_000)


def test_mpf_image_is_structure_and_what_follows_is_not():
    second = specimens.encode(PIXELS, "JPEG")
    data = specimens.with_mpf(JPEG, second)
    container = parse(data + b"payload")
    assert container.trailer == b"payload"
    assert [data[at : at + size] for at, size in container.mpf] == [second]
    assert container.quant_tables == parse(JPEG).quant_tables


def test_mpf_index_cannot_hide_a_payload():
    data = specimens.with_mpf(JPEG, b"AI42 not an image at all")
    container = parse(data)
    assert container.trailer == b"AI42 not an image at all"
    assert container.problems == ("MPF index points to no image",)
    second = specimens.encode(PIXELS, "JPEG")
    longer = parse(specimens.with_mpf(JPEG, second + b"payload inside of the stated length"))
    assert longer.trailer == b"payload inside of the stated length"


def test_broken_mpf_image_is_trailer():
    container = parse(specimens.with_mpf(JPEG, JPEG[:-300]))
    assert container.trailer == JPEG[:-300]
    assert "broken MPF image" in container.problems


def test_thousands_of_scans_are_refused():
    start = JPEG.index(b"\xff\xda")
    scan = JPEG[start:-2]
    wide = JPEG[:start].replace(struct.pack(">HH", 24, 40), struct.pack(">HH", 4000, 4000))
    assert wide != JPEG[:start]
    with pytest.raises(BadImage, match="scans of 4000 x 4000"):
        parse(wide + scan * 80 + b"\xff\xd9")


@pytest.mark.parametrize("size", [(65535, 65535), (0, 5), (5, 0)])
def test_sizes_out_of_bounds(size):
    header = struct.pack(">HH", 24, 40)
    with pytest.raises(BadImage, match=r"pixels|height"):
        parse(JPEG.replace(header, struct.pack(">HH", *size)))
    png = SPECIMENS["png rgb"].replace(struct.pack(">II", 40, 24), struct.pack(">II", *size))
    with pytest.raises(BadImage, match="pixels"):
        parse(png)
    gif = SPECIMENS["gif"].replace(struct.pack("<HH", 40, 24), struct.pack("<HH", *size), 1)
    with pytest.raises(BadImage, match="pixels"):
        parse(gif)


def test_png_with_bad_checksums():
    text = bytearray(specimens.png_chunk(b"tEXt", b"Comment\0words"))
    text[-1] ^= 1
    container = parse(specimens.png(PIXELS, 2, extra=bytes(text)) + b"tail")
    assert container.problems == ("tEXt chunk with a bad CRC",)
    assert container.trailer == b"tail"


def test_png_chunk_that_claims_four_gigabytes():
    chunk = b"\xff\xff\xff\xf0tEXtwords"
    with pytest.raises(BadImage, match="no pixel data"):
        parse(specimens.png(PIXELS, 2, extra=chunk))
    late = SPECIMENS["png rgb"][:-12] + chunk
    assert parse(late).problems == ("tEXt chunk runs past the end of the file", "missing IEND")


@pytest.mark.parametrize("kind", [b"zTXt", b"iTXt", b"iCCP"])
def test_inflated_text_is_bounded(kind):
    bomb = zlib.compress(bytes(100 << 20), 9)
    head = {b"zTXt": b"Comment\0\0", b"iTXt": b"Comment\0\1\0\0\0", b"iCCP": b"name\0\0"}[kind]
    container = parse(specimens.png(PIXELS, 2, extra=specimens.png_chunk(kind, head + bomb) * 3))
    assert sum(map(len, container.comments)) + container.icc_length <= 32 << 20
    assert container.problems


def test_endless_frames_are_refused():
    data = SPECIMENS["gif small palette"]
    image = next(s for s in parse(data).segments if s[0] == "image")
    frame = data[image[1] : image[1] + image[2]]
    with pytest.raises(BadImage, match="over 1000 frames"):
        parse(data[:-1] + frame * 1100 + b";")
    with pytest.raises(BadImage, match="over 2 frames"):
        parse(SPECIMENS["png animated"], Limits(max_frames=2))


def test_gif_without_its_trailer_byte_gives_up_what_it_cannot_read():
    container = parse(SPECIMENS["gif"][:-1] + b"AI42 payload")
    assert container.trailer == b"AI42 payload"
    assert container.problems == ("missing trailer byte",)


def test_webp_chunks_nested_in_chunks():
    inner = b""
    for _ in range(5000):
        inner = b"ANMF" + struct.pack("<I", len(inner) + 16) + bytes(16) + inner
    vp8l = SPECIMENS["webp lossless"][12:]
    body = b"WEBP" + vp8l + inner
    container = parse(b"RIFF" + struct.pack("<I", len(body)) + body + b"tail")
    assert container.trailer == b"tail"


def test_bmp_whose_header_misstates_its_size():
    data = bytearray(SPECIMENS["bmp rgb"])
    for stated in (0, 7, len(data) + 4, 0xFFFFFFFF):
        data[2:6] = struct.pack("<I", stated)
        container = parse(bytes(data) + b"tail")
        assert container.trailer == b"tail"
        assert container.problems == (f"header states {stated} bytes",)


def test_bmp_padding_that_the_header_counts():
    data = bytearray(SPECIMENS["bmp rgb"] + b"\0\0")
    data[2:6] = struct.pack("<I", len(data))
    assert parse(bytes(data) + b"tail").trailer == b"tail"


def exif_block(*directories: bytes) -> bytes:
    return b"II*\0\x08\0\0\0" + b"".join(directories)


def directory(entries: list[tuple[int, int, int, int]], following: int) -> bytes:
    rows = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return struct.pack("<H", len(entries)) + rows + struct.pack("<I", following)


@pytest.mark.parametrize(
    ("block", "problem"),
    [
        (exif_block(directory([(0x8769, 4, 1, 8)], 8)), "IFD loop"),
        (exif_block(directory([(0x8769, 4, 1, 0xFFFFFFF0)], 0)), "IFD outside of the block"),
        (exif_block(struct.pack("<H", 65535) + bytes(24)), "IFD cut short"),
        (exif_block(directory([(0x9286, 7, 0xFFFFFFFF, 20)], 0)), "user comment runs past its block"),
        (b"not a TIFF block at all", "no TIFF header in the block"),
        (
            exif_block(*[directory([(1, 3, 1, 0)], 8 + 18 * (i + 1)) for i in range(3000)])[:60000],
            "IFD outside of the block",
        ),
    ],
)
def test_exif_that_lies_is_noted(block, problem):
    container = parse(inserted(segment(0xE1, b"Exif\0\0" + block)))
    assert problem in container.problems
    assert container.trailer == b"tail"


def test_a_chain_of_directories_is_cut():
    chain = exif_block(*[directory([(1, 3, 1, 0)], 8 + 18 * (i + 1)) for i in range(60_000)])
    container = parse(specimens.png(PIXELS, 2, extra=specimens.png_chunk(b"eXIf", chain)))
    assert container.exif_fields <= 20_000
    assert "over 20000 IFD entries" in container.problems


def tiff(entries: list[tuple[int, int, int, int]], after: bytes = b"") -> bytes:
    base = [(256, 3, 1, 16), (257, 3, 1, 16), (258, 3, 1, 8), (262, 3, 1, 1)]
    return exif_block(directory(sorted(base + entries), 0)) + after


def test_tiff_ends_after_its_farthest_tile():
    start = len(tiff([(322, 3, 1, 16), (323, 3, 1, 16), (324, 4, 1, 0), (325, 4, 1, 256)]))
    data = tiff([(322, 3, 1, 16), (323, 3, 1, 16), (324, 4, 1, start), (325, 4, 1, 256)], bytes(256))
    container = parse(data + b"tail")
    assert (container.end, container.trailer) == (len(data), b"tail")


def test_tiff_strips_past_the_end_are_a_problem():
    container = parse(tiff([(273, 4, 1, 500), (279, 4, 1, 0xFFFFFFFF)]))
    assert container.problems == ("image data run past the end of the file",)
    assert container.trailer == b""


def test_tiff_that_loops_or_never_ends():
    loop = bytearray(SPECIMENS["tiff rgb"])
    count = struct.unpack_from("<H", loop, 8)[0]
    struct.pack_into("<I", loop, 10 + 12 * count, 8)
    assert parse(bytes(loop)).problems == ("IFD loop",)
    rows = [(256, 3, 1, 16), (257, 3, 1, 16)]
    with pytest.raises(BadImage, match="over 1000 frames"):
        parse(exif_block(*[directory(rows, 8 + 30 * (i + 1)) for i in range(2000)]))


def test_limits_on_bytes_segments_and_time():
    with pytest.raises(BadImage, match="bytes is over 10"):
        parse(JPEG, Limits(max_bytes=10))
    with pytest.raises(BadImage, match="over 3 segments"):
        parse(JPEG, Limits(max_segments=3))
    many = inserted(segment(0xFE, b"x") * 500)
    with pytest.raises(BadImage, match="takes over 0 s"):
        parse(many, Limits(max_seconds=0))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM", b"II*\0", b"%PDF-1.7"]
)
def test_next_to_nothing(data):
    with pytest.raises(BadImage):
        parse(data)
