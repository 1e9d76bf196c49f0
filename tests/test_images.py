"""Pixels, alpha, indices and coefficients are those that the file stores."""

import io
import struct
import sys

import jpeglib
import numpy as np
import pytest
from PIL import Image as PillowImage

from starlight.errors import BadImage
from starlight.images.containers import Limits
from starlight.images.image import decode, read, sample_id
from starlight.lab.fuzz import specimens

SPECIMENS = specimens.make()
RNG = np.random.default_rng(11)
RGB = RNG.integers(0, 256, (19, 31, 3), dtype=np.uint8)
ALPHA = RNG.integers(0, 256, (19, 31), dtype=np.uint8)
encode = specimens.encode


@pytest.mark.parametrize("name", SPECIMENS)
def test_shapes_and_types(name):
    image = decode(SPECIMENS[name])
    assert image.pixels.dtype == np.uint8
    assert image.pixels.shape[:2] == (24, 40) and image.pixels.shape[2] in (1, 3)
    assert (image.alpha is not None) == image.container.has_alpha
    assert (image.indices is not None) == image.container.indexed == (image.palette is not None)
    for plane in (image.alpha, image.indices):
        assert plane is None or (plane.shape == (24, 40) and plane.dtype == np.uint8)
    assert (image.coefficients is not None) == (image.container.format == "jpeg")


@pytest.mark.parametrize("format", ["PNG", "BMP", "TIFF", "WEBP"])
def test_lossless_formats_give_the_pixels_back(format):
    options = {"lossless": True} if format == "WEBP" else {}
    np.testing.assert_array_equal(decode(encode(RGB, format, **options)).pixels, RGB)


@pytest.mark.parametrize("format", ["PNG", "TIFF", "WEBP"])
def test_colour_under_full_transparency_is_kept(format):
    options = {"lossless": True, "exact": True} if format == "WEBP" else {}
    alpha = np.where(ALPHA < 128, 0, ALPHA).astype(np.uint8)
    image = decode(encode(np.dstack([RGB, alpha]), format, **options))
    np.testing.assert_array_equal(image.pixels, RGB)
    np.testing.assert_array_equal(image.alpha, alpha)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
@pytest.mark.parametrize("format", ["PNG", "GIF", "BMP", "TIFF"])
def test_indices_are_those_stored(format, bits):
    stored = PillowImage.fromarray(RGB).quantize(2**bits)
    image = decode(encode(stored, format, **({"bits": bits} if format == "PNG" else {})))
    expected = np.asarray(stored.convert("RGB"))
    np.testing.assert_array_equal(image.pixels, expected)
    np.testing.assert_array_equal(image.palette[image.indices], expected)
    if format != "GIF":  # whose writer sorts the palette by use
        np.testing.assert_array_equal(image.indices, np.asarray(stored))


def test_transparent_palette_is_looked_up():
    stored = PillowImage.fromarray(RGB).quantize(16)
    table = bytes(range(0, 160, 10))
    image = decode(encode(stored, "PNG", transparency=table, bits=4))
    np.testing.assert_array_equal(image.alpha, np.frombuffer(table, np.uint8)[image.indices])
    short = decode(encode(stored, "PNG", transparency=table[:3], bits=4))
    np.testing.assert_array_equal(short.alpha == 255, short.indices >= 3)


def test_transparent_index_of_a_gif():
    image = decode(SPECIMENS["gif transparent"])
    assert set(np.unique(image.alpha)) == {0, 255}
    assert len(np.unique(image.indices[image.alpha == 0])) == 1


def test_sixteen_bit_samples_keep_their_high_byte():
    deep = RNG.integers(0, 65536, (9, 7, 3), dtype=np.uint16)
    for colour, channels in ((0, 1), (2, 3)):
        image = decode(specimens.png(deep[:, :, :channels], colour))
        np.testing.assert_array_equal(image.pixels, deep[:, :, :channels] >> 8)
    np.testing.assert_array_equal(decode(encode(deep[:, :, 0], "TIFF")).pixels[:, :, 0], deep[:, :, 0] >> 8)


def test_sixteen_bit_alpha():
    deep = RNG.integers(0, 65536, (9, 7, 4), dtype=np.uint16)
    image = decode(specimens.png(deep, 6))
    np.testing.assert_array_equal(np.dstack([image.pixels, image.alpha]), deep >> 8)
    grey = decode(specimens.png(deep[:, :, :2].copy(), 4))
    np.testing.assert_array_equal(np.dstack([grey.pixels, grey.alpha]), deep[:, :, :2] >> 8)


def test_interlaced_is_the_same_picture():
    np.testing.assert_array_equal(decode(specimens.png(RGB, 2, interlaced=True)).pixels, RGB)


@pytest.mark.parametrize("bits", [1, 2, 4, 8])
def test_colour_key_of_a_grey_image(bits):
    levels = (np.arange(48) % 2**bits).astype(np.uint8).reshape(6, 8)
    packed = np.packbits(np.unpackbits(levels[:, :, None], axis=2)[:, :, -bits:].reshape(6, -1), axis=1)
    carrier = specimens.png(np.ascontiguousarray(packed)[:, :, None], 0)
    header = struct.pack(">IIBBBBB", 8, 6, bits, 0, 0, 0, 0)
    keyed = carrier[:8] + specimens.png_chunk(b"IHDR", header) + specimens.png_chunk(b"tRNS", b"\0\1") + carrier[33:]
    image = decode(keyed)
    np.testing.assert_array_equal(image.pixels[:, :, 0], levels.astype(int) * 255 // (2**bits - 1))
    np.testing.assert_array_equal(image.alpha == 0, levels == 1)


def test_colour_key_of_a_colour_image():
    key = tuple(int(v) for v in RGB[3, 4])
    image = decode(encode(RGB, "PNG", transparency=key))
    np.testing.assert_array_equal(image.alpha == 0, (RGB[3, 4] == RGB).all(axis=2))


@pytest.mark.parametrize("name", [n for n in SPECIMENS if n.startswith("jpeg")])
def test_coefficients_are_those_of_jpeglib(name, tmp_path):
    data = SPECIMENS[name]
    found = decode(data + b"tail").coefficients
    (tmp_path / "a.jpg").write_bytes(data)
    expected = jpeglib.read_dct(str(tmp_path / "a.jpg"))
    np.testing.assert_array_equal(found.y, expected.Y)
    np.testing.assert_array_equal(found.qt, expected.qt)
    assert found.qt_index == tuple(expected.quant_tbl_no)
    if found.cb is not None:
        np.testing.assert_array_equal(found.cb, expected.Cb)
        np.testing.assert_array_equal(found.cr, expected.Cr)
    tables = np.array(decode(data).container.quant_tables).reshape(-1, 8, 8)
    np.testing.assert_array_equal(tables, found.qt)


@pytest.mark.parametrize("name", [n for n in SPECIMENS if n.startswith("jpeg") and "cmyk" not in n])
def test_jpeg_pixels_are_those_of_the_whole_file(name):
    expected = np.asarray(PillowImage.open(io.BytesIO(SPECIMENS[name])))
    np.testing.assert_array_equal(np.squeeze(decode(SPECIMENS[name]).pixels), expected)


def test_more_markers_than_jpeglib_holds():
    data = SPECIMENS["jpeg 4:2:0"]
    comments = b"\xff\xfe\x00\x05abc" * 300
    image = decode(data[:2] + comments + data[2:])
    np.testing.assert_array_equal(image.coefficients.y, decode(data).coefficients.y)


@pytest.mark.parametrize("name", ["gif animated", "webp animated", "png animated", "tiff pages"])
def test_first_frame(name):
    first = PillowImage.open(io.BytesIO(SPECIMENS[name])).convert("RGB")
    np.testing.assert_array_equal(decode(SPECIMENS[name]).pixels, np.asarray(first))


def test_gif_frame_that_reaches_past_its_canvas():
    data = SPECIMENS["gif"].replace(struct.pack("<HH", 40, 24), struct.pack("<HH", 30, 20), 1)
    image = decode(data)
    assert image.pixels.shape == (24, 40, 3)
    assert image.container.problems == ("frame reaches past the canvas",)


@pytest.mark.parametrize("name", SPECIMENS)
def test_a_file_cut_anywhere_is_bad_or_whole(name):
    data, whole = SPECIMENS[name], decode(SPECIMENS[name])
    for length in np.linspace(1, len(data) - 1, 40).astype(int):
        try:
            cut = decode(data[:length])
        except BadImage:
            continue
        np.testing.assert_array_equal(cut.pixels, whole.pixels, err_msg=f"{length} of {len(data)} bytes")


@pytest.mark.parametrize("restarts", [0, 1])
def test_jpeg_data_that_end_before_the_image_are_not_grey(restarts):
    smooth = PillowImage.fromarray(RGB).resize((120, 96))
    data = encode(smooth, "JPEG", restart_marker_blocks=restarts)
    start = data.index(b"\xff\xda") + 14
    for part in (0.2, 0.5, 0.8):
        with pytest.raises(BadImage, match="truncated"):
            decode(data[: start + int(part * (len(data) - start))] + b"\xff\xd9")
    flat = encode(PillowImage.new("RGB", (120, 96), "white"), "JPEG")
    assert (decode(flat).pixels == 255).all()


def test_corrupted_pixel_data_of_a_png():
    data = bytearray(SPECIMENS["png rgb"])
    at = data.index(b"IDAT")
    data[at + 4 : at + 8] = b"\xff\xff\xff\xff"
    with pytest.raises(BadImage, match="cannot be decoded"):
        decode(bytes(data))


def test_nothing_is_printed(capfd, recwarn):
    rng = np.random.default_rng(3)
    for name in ("jpeg 4:2:0", "tiff lzw", "tiff deflate", "tiff jpeg", "tiff rgb"):
        for _ in range(40):
            data = bytearray(SPECIMENS[name])
            for at in rng.integers(0, len(data), 4):
                data[at] = rng.integers(256)
            try:
                _ = decode(bytes(data)).coefficients
            except BadImage as error:
                assert error.reason
    sys.stderr.flush()
    assert capfd.readouterr() == ("", "")
    assert not recwarn


def test_metadata_cannot_stop_the_decoder():
    huge = specimens.png_chunk(b"tEXt", b"Comment\0" + b"x" * 3_000_000)
    broken = specimens.png_chunk(b"eXIf", b"garbage") + specimens.png_chunk(b"iCCP", b"name\0\0not zlib")
    np.testing.assert_array_equal(decode(specimens.png(RGB, 2, extra=huge + broken)).pixels, RGB)


def test_identity_of_a_file():
    assert sample_id(b"abc") == "ba7816bf8f01cfea"


def test_read(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(SPECIMENS["png rgb"])
    np.testing.assert_array_equal(read(path).pixels, decode(SPECIMENS["png rgb"]).pixels)
    for missing in (tmp_path / "gone.png", tmp_path, "nul\0byte"):
        with pytest.raises(BadImage, match="cannot be opened"):
            read(missing)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF"])
def test_of_a_very_large_image_the_top_is_looked_at(kind):
    pixels = RNG.integers(0, 256, (300, 40, 3), dtype=np.uint8)
    data = encode(PillowImage.fromarray(pixels).quantize(64) if kind == "GIF" else pixels, kind)
    whole, part = decode(data), decode(data, Limits(seen_pixels=200 * 40))
    assert part.pixels.shape[0] == 192 and part.share_seen == 0.64 and whole.share_seen == 1
    np.testing.assert_array_equal(part.pixels, whole.pixels[:192])
    for name in ("alpha", "indices"):
        if (plane := getattr(whole, name)) is not None:
            np.testing.assert_array_equal(getattr(part, name), plane[:192])
    if kind == "JPEG":
        np.testing.assert_array_equal(part.coefficients.y, whole.coefficients.y[:24])
        rows = len(part.coefficients.cb)
        assert rows == -(-len(whole.coefficients.cb) * 24 // len(whole.coefficients.y))
        np.testing.assert_array_equal(part.coefficients.cb, whole.coefficients.cb[:rows])


def test_a_cut_is_seen_below_the_part_that_is_looked_at():
    data = encode(RNG.integers(0, 256, (300, 40, 3), dtype=np.uint8), "JPEG")
    with pytest.raises(BadImage):
        decode(data[: len(data) * 9 // 10], Limits(seen_pixels=100 * 40))
