"""JPEG as cameras, editors and services write it: their tables, sampling, headers, and what a trellis does."""

import io

import numpy as np
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.containers import parse
from starlight.images.jpeg.io import read_coefficients
from starlight.images.writing import segments, tables
from starlight.images.writing.encode import Encoding, encode
from starlight.sample.carriers import rewrite_jpeg
from starlight.sample.covers import encoders
from tests.scenes import scene


def test_known_tables_are_steps_of_a_quantiser():
    known = tables.known()
    assert len(known) > 50
    assert len({(t.luma, t.chroma, t.samplings) for t in known}) > 50
    for found in known:
        assert len(found.luma) == len(found.chroma) == 64
        assert 1 <= min(found.luma + found.chroma) <= max(found.luma + found.chroma) <= 255
        assert set(found.samplings) <= set(tables.SAMPLINGS)
        assert found.source
    assert {"Canon", "SONY", "FUJIFILM", "Apple"} <= {t.make for t in known}


@pytest.mark.parametrize("quality", [5, 30, 50, 77, 98, 100])
def test_scaling_is_that_of_libjpeg(quality):
    buffer = io.BytesIO()
    Image.new("RGB", (16, 16)).save(buffer, "JPEG", quality=quality)
    assert parse(buffer.getvalue()).quant_tables == tuple(tables.scaled(t, quality) for t in tables.STANDARD)


def test_scaling_refuses_other_qualities():
    with pytest.raises(StarlightError, match="quality 0"):
        tables.scaled(tables.STANDARD[0], 0)


@pytest.mark.parametrize("library", ["", "6b", "9e", "mozjpeg403"])
def test_a_file_has_the_tables_and_the_sampling_it_was_told(library):
    device = next(t for t in tables.known() if t.model == "iPhone 6")
    for place, name in enumerate(tables.SAMPLINGS[: 4 if library else 3]):
        encoding = Encoding("jpeg", tables=(device.luma, device.chroma), subsampling=place, library=library)
        colour, grey = (parse(encode(s, encoding)) for s in (scene(1, 72, 56), scene(1, 72, 56)[..., 1]))
        assert colour.quant_tables == (device.luma, device.chroma)
        assert (colour.sampling, grey.sampling) == (name, "grey")
        assert grey.quant_tables[0] == device.luma


def test_other_libraries_write_the_same_metadata():
    blocks = {"exif": b"II*\0\x08\0\0\0" + bytes(6), "icc": b"profile" * 20, "comment": "by hand"}
    ours = parse(encode(scene(1, 64, 64), Encoding("jpeg", library="9e", jfif=False, **blocks)))
    pillows = parse(encode(scene(1, 64, 64), Encoding("jpeg", jfif=False, **blocks)))
    assert (ours.exif, ours.icc_length, ours.comments) == (pillows.exif, pillows.icc_length, pillows.comments)
    assert "APP0" not in [name for name, _, _ in ours.segments + pillows.segments]
    assert not ours.problems


def test_restart_markers_are_written():
    data = encode(scene(1, 64, 64), Encoding("jpeg", restart_rows=1))
    assert "DRI" in [name for name, _, _ in parse(data).segments]
    assert b"\xff\xd0" in data


def test_a_trellis_leaves_fewer_coefficients_than_rounding():
    device = tables.known()[0]
    steps = (device.luma, device.chroma)
    rounded, chosen = (
        read_coefficients(encode(scene(1, 128, 128), Encoding("jpeg", tables=steps, library=name)))
        for name in ("turbo210", "mozjpeg403")
    )
    assert np.count_nonzero(chosen.y) < np.count_nonzero(rounded.y)


def test_the_fast_transform_is_less_exact():
    steps = (tuple([1] * 64),) * 2
    exact, slow, fast = (
        read_coefficients(
            encode(scene(1, 128, 128)[..., 1], Encoding("jpeg", tables=steps, library="6b", arithmetic=a))
        ).y
        for a in ("float", "islow", "ifast")
    )
    assert np.mean(fast != exact) > 4 * np.mean(slow != exact)


def test_an_unknown_encoder_is_refused():
    with pytest.raises(StarlightError, match="encoder 'jpegli'"):
        encode(scene(1, 16, 16), Encoding("jpeg", library="jpegli"))


def test_a_segment_that_is_too_long_is_refused():
    with pytest.raises(StarlightError, match="do not fit"):
        segments.insert(encode(scene(1, 16, 16), Encoding("jpeg")), 0xFE, bytes(70_000))


@pytest.mark.parametrize("family", encoders.FAMILIES)
def test_what_is_drawn_can_be_written_and_rewritten_by_coefficients(family):
    for seed in range(4):
        encoding, note = encoders.draw(np.random.default_rng(seed), family=family)
        assert note
        data = encode(scene(1, 72, 56), encoding)
        twin = rewrite_jpeg(data)
        before, after = read_coefficients(data), read_coefficients(twin)
        assert all(np.array_equal(getattr(before, c), getattr(after, c)) for c in ("y", "cb", "cr"))
        assert parse(twin).quant_tables == parse(data).quant_tables
        assert parse(twin).sampling == parse(data).sampling
        assert rewrite_jpeg(twin) == twin


def test_drawing_is_reproducible_and_varied():
    drawn = [encoders.draw(np.random.default_rng(seed)) for seed in range(60)]
    assert drawn == [encoders.draw(np.random.default_rng(seed)) for seed in range(60)]
    assert len({note for _, note in drawn}) > 40
    assert {encoding.library for encoding, _ in drawn} > {"", "mozjpeg403"}
    assert {encoding.jfif for encoding, _ in drawn} == {True, False}


@pytest.mark.parametrize("seed", range(6))
def test_a_picture_saved_before_keeps_its_size_and_loses_detail(seed):
    for pixels in (scene(1, 64, 80), scene(1, 64, 80)[..., 1]):
        was, note = encoders.saved_before(pixels, np.random.default_rng(seed))
        assert was.shape == pixels.shape
        assert was.dtype == np.uint8
        assert note
        assert 0 < np.abs(was.astype(int) - pixels).mean() < 25
