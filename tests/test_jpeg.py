"""JPEG coefficients: lossless in and out; the embedders do to histograms and places what they are known for."""

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from scipy.fft import dctn
from sklearn.datasets import load_sample_image

from starlight.errors import BadImage, StarlightError
from starlight.images.containers import parse
from starlight.images.jpeg import blocks
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.streams.jpeg import planes
from starlight.techniques import get

SIMULATORS = ("f5", "nsf5", "outguess", "steghide", "juniward", "uerd")


def jpeg(size=(256, 208), **options) -> bytes:
    pixels = load_sample_image("china.jpg")[10 : 10 + 2 * size[1] : 2, 60 : 60 + 2 * size[0] : 2]
    file = io.BytesIO()
    Image.fromarray(pixels).convert(options.pop("mode", "RGB")).save(file, "JPEG", **{"quality": 85} | options)
    return file.getvalue()


@pytest.fixture(scope="module")
def cover():
    return read_coefficients(jpeg())


def every(coefficients):
    planes_ = (coefficients.y, coefficients.cb, coefficients.cr)
    return np.concatenate([plane.ravel() for plane in planes_ if plane is not None])


def histogram(values):
    return np.bincount(np.clip(values, -40, 40) + 40, minlength=81)


@pytest.mark.parametrize(
    "options",
    [
        {"subsampling": 0}, {"subsampling": 1}, {"subsampling": 2}, {"mode": "L"}, {"mode": "CMYK"},
        {"progressive": True}, {"restart_marker_rows": 1, "comment": b"hello"}, {"size": (37, 51)},
    ],
)  # fmt: skip
def test_written_coefficients_are_the_ones_read(options):
    data = jpeg(**options)
    before = read_coefficients(data)
    changed = replace(before, y=before.y.copy())
    changed.y[1, 2, 3, 4] += 1
    written = write_coefficients(data, changed)
    after = read_coefficients(written)
    np.testing.assert_array_equal(every(after), every(changed))
    assert parse(written).comments == parse(data).comments
    assert parse(written).sampling == parse(data).sampling
    assert write_coefficients(written, after) == written
    same = Image.open(io.BytesIO(write_coefficients(data, before)))
    np.testing.assert_array_equal(np.asarray(same), np.asarray(Image.open(io.BytesIO(data))))


def test_plain_baseline_files_come_back_byte_for_byte():
    data = jpeg()
    assert write_coefficients(data, read_coefficients(data)) == data


def test_metadata_stay_or_go_as_asked():
    exif = Image.Exif()
    exif[0x010F] = "maker"
    data = jpeg(exif=exif)
    coefficients = read_coefficients(data)
    assert parse(write_coefficients(data, coefficients)).exif == parse(data).exif != b""
    assert parse(write_coefficients(data, coefficients, metadata=False)).exif == b""


def test_what_is_no_jpeg_or_does_not_fit_is_refused(cover):
    png = io.BytesIO()
    Image.new("RGB", (9, 9)).save(png, "PNG")
    with pytest.raises(BadImage):
        read_coefficients(png.getvalue())
    with pytest.raises(BadImage):
        write_coefficients(jpeg(size=(64, 64)), cover)


def _spectrum(plane: np.ndarray) -> np.ndarray:
    """DCT of each 8x8 block by SciPy, (Hb, Wb, 8, 8)."""
    height, width = plane.shape
    return dctn(plane.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2), axes=(2, 3), norm="ortho")


def test_decompression_inverts_the_transform(cover):
    table = cover.qt[0].astype(np.float32)
    samples = blocks.pixels(cover.y, table)
    decoded = Image.open(io.BytesIO(jpeg(mode="L")))
    grey = read_coefficients(jpeg(mode="L"))
    np.testing.assert_allclose(np.clip(blocks.pixels(grey.y, grey.qt[0]), 0, 255)[:208], np.asarray(decoded), atol=2.1)
    np.testing.assert_allclose(_spectrum(samples - 128) / table, cover.y, atol=1e-3)


def test_phase_planes_hold_the_same_pixels_and_calibration_moves_them(cover):
    table = cover.qt[0].astype(np.float32)
    samples = blocks.pixels(cover.y, table) - 128
    phases = planes.phase_planes(planes.by_mode(cover.y), table)
    np.testing.assert_allclose(phases.transpose(2, 0, 3, 1).reshape(samples.shape), samples, atol=1e-3)
    moved = _spectrum(samples[4:-4, 4:-4]) / table
    unequal = planes.calibrated(phases, table) != np.rint(moved).transpose(2, 3, 0, 1)
    assert unequal.mean() < 1e-3  # ties at half a step


@pytest.mark.parametrize("name", SIMULATORS)
def test_simulators_are_seeded_and_change_by_one(name, cover):
    embed = get(name).embed
    before = every(cover).copy()
    stego = embed(cover, 0.4, seed=3)
    assert np.array_equal(every(cover), before)
    assert np.array_equal(every(embed(cover, 0.4, seed=3)), every(stego))
    assert not np.array_equal(every(embed(cover, 0.4, seed=4)), every(stego))
    assert stego.y.dtype == np.int16 and stego.y.shape == cover.y.shape
    assert np.abs(every(stego).astype(int) - before).max() == 1
    fewer = np.count_nonzero(every(embed(cover, 0.1, seed=3)) != before)
    assert 0 < fewer < np.count_nonzero(every(stego) != before)
    assert np.array_equal(every(embed(cover, 0.0, seed=3)), before)
    with pytest.raises(StarlightError, match="rate"):
        embed(cover, 1.5)


@pytest.mark.parametrize("name", ["f5", "nsf5"])
def test_f5_shrinks_magnitudes_and_leaves_dc(name, cover):
    stego = get(name).embed(cover, 0.4, seed=1)
    changed = stego.y != cover.y
    assert (np.abs(stego.y[changed]) == np.abs(cover.y[changed]) - 1).all()
    assert not changed[:, :, 0, 0].any()
    assert np.array_equal(stego.cb, cover.cb)


@pytest.mark.parametrize("rate", [0.25, 1.0])
def test_outguess_keeps_the_histogram_and_never_touches_0_and_1(rate, cover):
    stego = get("outguess").embed(cover, rate, seed=1)
    before, after = every(cover), every(stego)
    changed = before != after
    assert not np.isin(before[changed], (0, 1)).any()
    assert (after[changed] == before[changed] ^ 1).all()
    assert np.abs(histogram(after) - histogram(before)).sum() < 0.02 * changed.sum()
    share = changed.sum() / (get("outguess").capacity_bits(cover) * rate)
    assert 0.5 < share < 0.9  # half of the message bits, and the corrections


@pytest.mark.parametrize("rate", [0.25, 1.0])
def test_steghide_keeps_the_histogram_and_the_zeros(rate, cover):
    stego = get("steghide").embed(cover, rate, seed=1)
    before, after = every(cover), every(stego)
    changed = before != after
    assert np.array_equal(before == 0, after == 0)
    assert (np.sign(before) == np.sign(after)).all()
    assert np.abs(histogram(after) - histogram(before)).sum() < 0.05 * changed.sum()
    assert changed.sum() / np.count_nonzero(before) == pytest.approx(rate / 6, rel=0.05)


def test_steghide_never_makes_a_zero_where_it_finds_no_partner(cover):
    alike = replace(cover, y=np.ones_like(cover.y), cb=None, cr=None)
    stego = get("steghide").embed(alike, 1.0, seed=1)
    assert set(np.unique(stego.y)) == {1, 2}


@pytest.mark.parametrize("name", ["juniward", "uerd"])
def test_adaptive_simulators_prefer_texture(name, cover):
    changes = (get(name).embed(cover, 0.4, seed=1).y != cover.y).sum(axis=(2, 3)).ravel()
    busy = np.abs(cover.y).sum(axis=(2, 3)).ravel() - np.abs(cover.y[:, :, 0, 0]).ravel()
    order = np.argsort(busy)
    assert changes[order[-200:]].mean() > 4 * changes[order[:200]].mean()


def test_nothing_to_embed_in_is_an_error(cover):
    flat = replace(cover, y=np.zeros_like(cover.y), cb=np.zeros_like(cover.cb), cr=np.zeros_like(cover.cr))
    for name in SIMULATORS:
        with pytest.raises(StarlightError, match="embed"):
            get(name).embed(flat, 0.4)
