"""The `dct` stream: what it must show on covers and on stego, whatever the source of the image."""

import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_sample_image

from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients
from starlight.streams import dct
from starlight.streams.jpeg import estimates, planes, statistics
from starlight.techniques import get


def photo(name="china.jpg", quality=80, size=(320, 272), mode="RGB", **options):
    pixels = load_sample_image(name)[40 : 40 + size[1], 60 : 60 + size[0]]
    file = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(file, "JPEG", quality=quality, **options)
    return read_coefficients(file.getvalue())


def stream(coefficients):
    return dct.compute(SimpleNamespace(coefficients=coefficients))


def feature(vector, name):
    return float(vector[dct.FEATURES.index(name)])


def cells_of(coefficients):
    cells = statistics.cell_counts(planes.by_mode(coefficients.y))[1:]
    return cells.reshape(-1, cells.shape[2])


def reference_cells(coefficients):
    """Calibrated counts, brought to the size of the file's."""
    table = coefficients.qt[0].astype(np.float32)
    moved = planes.calibrated(planes.phase_planes(planes.by_mode(coefficients.y), table), table)
    cells = statistics.cell_counts(moved)[1:].reshape(-1, 2 * statistics.TOP + 1)
    return cells * (cells_of(coefficients).sum() / cells.sum())


@pytest.fixture(scope="module")
def cover():
    return photo()


def test_fixed_length_and_named_blocks(cover):
    vector = stream(cover)
    assert vector.shape == (len(dct.FEATURES),) and vector.dtype == np.float32
    assert np.isfinite(vector).all()
    assert len(set(dct.FEATURES)) == len(dct.FEATURES)
    covered = np.concatenate([np.arange(len(dct.FEATURES))[part] for part in dct.BLOCKS.values()])
    np.testing.assert_array_equal(covered, np.arange(len(dct.FEATURES)))
    assert 600 <= len(dct.FEATURES) <= 1200
    np.testing.assert_array_equal(stream(cover), vector)


@pytest.mark.parametrize("format_", ["PNG", "GIF", "BMP"])
def test_nan_for_other_formats(format_):
    file = io.BytesIO()
    Image.fromarray(load_sample_image("china.jpg")[:64, :64]).save(file, format_)
    assert np.isnan(dct.compute(decode(file.getvalue()))).all()


@pytest.mark.parametrize("size", [(1, 1), (16, 400), (23, 9)])
def test_nan_for_images_of_less_than_three_blocks(size):
    assert np.isnan(stream(photo(size=size))).all()


@pytest.mark.parametrize(
    "options",
    [{"mode": "L"}, {"subsampling": 0}, {"quality": 100}, {"quality": 5}, {"progressive": True}, {"size": (24, 24)}],
)
def test_defined_for_every_kind_of_jpeg(options):
    vector = stream(photo(**options))
    assert np.isfinite(vector[: dct.BLOCKS["estimates"].start]).all()


def test_huge_images_are_judged_by_their_middle(cover):
    tall = np.concatenate([np.zeros((2000, *cover.y.shape[1:]), np.int16), cover.y], axis=0)
    wide = np.tile(cover.y[:4], (1, 500, 1, 1))
    for y in (tall, wide):
        vector = stream(SimpleNamespace(y=y, cb=None, cr=None, qt=cover.qt, qt_index=(0,)))
        assert vector.shape == (len(dct.FEATURES),)
        assert feature(vector, "log_blocks") == pytest.approx(np.log(y.shape[0] * y.shape[1]))


def test_flat_image_has_undefined_estimates_not_zero_ones():
    file = io.BytesIO()
    Image.new("RGB", (64, 64), (120, 130, 90)).save(file, "JPEG")
    vector = stream(read_coefficients(file.getvalue()))
    assert np.isnan(feature(vector, "outguess_rate")) and np.isnan(feature(vector, "f5_rate"))


def test_calibrated_features_are_near_zero_on_covers(cover):
    vector = stream(cover)
    for name, part in dct.BLOCKS.items():
        if name.endswith("_calibrated"):
            assert np.abs(vector[part]).mean() < 0.02
    assert abs(feature(vector, "blockiness_ratio")) < 0.4


@pytest.mark.parametrize("quality", [60, 80, 95])
@pytest.mark.parametrize("name", ["china.jpg", "flower.jpg"])
def test_outguess_shows_on_any_source_and_covers_do_not(name, quality):
    image = photo(name, quality)
    rate, deviations = estimates.outguess_rate(cells_of(image))
    assert abs(deviations) < 3.5
    found = [estimates.outguess_rate(cells_of(get("outguess").embed(image, r, seed=2)))[0] for r in (0.3, 0.6, 1.0)]
    assert rate < found[0] < found[1] < found[2]
    assert estimates.outguess_rate(cells_of(get("outguess").embed(image, 1.0, seed=2)))[1] > 8


def test_outguess_estimate_is_blind_to_double_compression():
    file = io.BytesIO()
    once = Image.fromarray(load_sample_image("flower.jpg"))
    once.save(file, "JPEG", quality=70)
    again = io.BytesIO()
    Image.open(file).save(again, "JPEG", quality=88)
    image = read_coefficients(again.getvalue())
    assert abs(estimates.outguess_rate(cells_of(image))[1]) < 3.5
    assert estimates.outguess_rate(cells_of(get("outguess").embed(image, 0.5, seed=1)))[1] > 5


@pytest.mark.parametrize("name", ["f5", "nsf5"])
def test_f5_rate_rises_with_the_payload(name, cover):
    before = estimates.f5_rate(cells_of(cover), reference_cells(cover))[0]
    found = []
    for rate in (0.2, 0.5, 0.9):
        stego = get(name).embed(cover, rate, seed=5)
        found.append(estimates.f5_rate(cells_of(stego), reference_cells(stego))[0])
    assert before < found[0] < found[1] < found[2]
    truth = np.count_nonzero(stego.y != cover.y) / np.count_nonzero(cover.y)
    assert found[2] - before == pytest.approx(truth, rel=0.6)


def test_steghide_rate_rises_with_the_payload(cover):
    found = [
        estimates.steghide_rate(cells_of(stego), reference_cells(stego))[0]
        for stego in (get("steghide").embed(cover, rate, seed=5) for rate in (0.0, 0.4, 1.0))
    ]
    assert found[0] < found[1] < found[2]


def test_cells_count_every_ac_coefficient_once(cover):
    cells = statistics.cell_counts(planes.by_mode(cover.y))
    assert cells.sum() == cover.y.size
    assert statistics.grouped(cells).sum() == cover.y.size * 63 / 64
    clipped = np.clip(cover.y[:, :, 2, 1].ravel(), -statistics.TOP, statistics.TOP) + statistics.TOP
    np.testing.assert_array_equal(cells[17].sum(axis=0), np.bincount(clipped, minlength=2 * statistics.TOP + 1))
    magnitudes = statistics.magnitude_counts(cells, 2).sum(axis=(0, 1))
    size = np.abs(cover.y)
    assert magnitudes.tolist() == [(size == 0).sum(), (size == 1).sum(), (size > 1).sum()]


def test_pairs_and_triples_agree_with_a_plain_loop():
    modes = np.random.default_rng(1).integers(-6, 7, (8, 8, 4, 5)).astype(np.int16)
    value = np.minimum(np.abs(modes), 4)
    value[0, 0] = 0
    pairs, triples = statistics.pair_counts(modes), statistics.triple_counts(modes)
    wanted = np.zeros_like(pairs[0])
    wanted_row = np.zeros_like(triples[1])
    for u, v, i, j in np.ndindex(6, 6, 4, 5):
        band = int(u + v >= 3) + int(u + v >= 6)
        for a, b in ((u, v + 1), (u + 1, v)):
            if max(a, b) < 6:
                wanted[band, value[u, v, i, j], value[a, b, i, j]] += 1
        small = np.minimum(value[u, v], 2)
        for rest in ((small[i, j : j + 3]), (small[i : i + 3, j])):
            if len(rest) == 3:
                wanted_row[(band, *rest)] += 1
    np.testing.assert_array_equal(pairs[0], wanted)
    np.testing.assert_array_equal(triples[1], wanted_row)


def test_stego_moves_the_counts_further_than_a_new_seed_does(cover):
    part = slice(dct.BLOCKS["facts"].stop, dct.BLOCKS["estimates"].start)
    base = stream(cover)[part]
    for name in ("f5", "nsf5", "outguess", "steghide"):
        one, two = (stream(get(name).embed(cover, 0.5, seed=seed))[part] for seed in (1, 2))
        assert np.linalg.norm(one - base) > np.linalg.norm(one - two)
