"""Structure and residual statistics: what they do on covers, on stego, and where they are not defined."""

import itertools

import numpy as np
import pytest
import scenes

from starlight.streams import content
from starlight.streams.spatial import cooccurrence, residual, structure, weighted
from starlight.streams.spatial.bands import bands
from starlight.streams.spatial.counts import byte_histogram
from starlight.streams.spatial.sequential import contrasts


def values(samples: np.ndarray, form: str = "PNG", **options) -> dict[str, float]:
    computed = content.compute(scenes.image(samples, form, **options), [])
    assert computed.dtype == np.float32 and computed.shape == (len(content.FEATURES),)
    assert not np.isinf(computed).any()
    return dict(zip(content.FEATURES, computed, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
def test_rates_follow_replacement(channels):
    cover = scenes.scene(1, 300, 280, channels)
    names = ("structure_sample_weighted_mean", "structure_sample_pooled", "structure_sample_spa_across_mean",
             "structure_sample_spa_down_mean", "structure_sample_rs")  # fmt: skip
    found = [values(scenes.replace_lsb(cover, rate, 5)) for rate in (0.0, 0.2, 0.6)]
    for name in names:
        rates = [v[name] for v in found]
        assert rates == pytest.approx([0.0, 0.2, 0.6], abs=0.07)
    assert [v["structure_sample_pooled_z"] for v in found] == sorted(v["structure_sample_pooled_z"] for v in found)


def test_colours_sharpen_the_estimate():
    """Noise that colours share is predicted by the other colours, so a lower rate stands out."""
    cover = scenes.scene(2, 256, 256, 3)
    stego = scenes.replace_lsb(cover, 0.05, 1)
    together = weighted.z_score(weighted.from_planes(stego)[1].rows)
    alone = weighted.z_score(weighted.from_planes(stego[:, :, 1:2])[0].rows)
    assert together > 1.2 * alone > 3


def test_z_scores_of_covers_are_small():
    z = [weighted.z_score(weighted.from_planes(scenes.scene(seed, 128, 128))[0].rows) for seed in range(12)]
    assert np.abs(z).max() < 4.5


def test_bands_change_nothing():
    cover = scenes.scene(3, 400, 90, 1)
    whole = weighted.from_planes(cover)[0]
    assert len(whole.rows.signed) == 398 and len(whole.columns.signed) == 88
    for name in ("signed", "weight", "square"):
        rows, columns = getattr(whole.rows, name), getattr(whole.columns, name)
        assert rows.sum() == pytest.approx(columns.sum(), rel=1e-4, abs=1e-3)
    for height, width, overlap in ((1, 1, 0), (400, 90, 2), (5000, 700, 2), (17, 9000, 0), (3000, 30000, 0)):
        cuts = bands(height, width, overlap=overlap)
        assert cuts[0][0] == 0 and cuts[-1][1] == height
        assert all(a[1] - b[0] == overlap for a, b in itertools.pairwise(cuts))
    assert sum(b - a for a, b in bands(9000, 9000, max_samples=1 << 20)) * 9000 <= 1.1 * (1 << 20)


def test_payload_at_the_start_of_the_scan_shows_without_being_text():
    cover = scenes.scene(4, 256, 256)
    stego = cover.copy()
    stego[:12] = scenes.replace_lsb(cover[:12], 1.0, 3)
    name = "structure_sample_rows_contrast"
    before, after = values(cover), values(stego)
    assert after[name] > before[name] + 1
    assert after["structure_sample_rows_extent"] == pytest.approx(np.log2(1 + 12), abs=0.3)
    turned = values(np.ascontiguousarray(stego.swapaxes(0, 1)))
    assert turned["structure_sample_columns_contrast"] == pytest.approx(after[name], abs=0.2)


def test_contrast_of_nothing_is_undefined():
    empty = weighted.Evidence(np.zeros(5), np.zeros(5), np.zeros(5))
    assert np.isnan(contrasts(empty)).all()


def test_alpha_and_indices_have_their_own_groups():
    rng = np.random.default_rng(0)
    colour = scenes.scene(5, 128, 128)
    alpha = np.full((128, 128, 1), 255, np.uint8)
    clean = values(np.concatenate([colour, alpha], axis=2))
    stego = values(np.concatenate([colour, scenes.replace_lsb(alpha, 0.1)], axis=2))
    assert clean["structure_alpha_weighted_z"] == 0 and stego["structure_alpha_weighted_z"] > 3
    assert stego["structure_alpha_flat_flipped"] > clean["structure_alpha_flat_flipped"]
    assert clean["structure_sample_pooled"] == stego["structure_sample_pooled"]
    smooth = scenes.scene(6, 128, 128, 1)[:, :, 0] // 8
    palette = rng.permutation(np.repeat(np.arange(32)[:, None] * 8, 3, axis=1))
    order = np.argsort(palette[:, 0]).astype(np.uint8)
    scores = []
    for indices in (order[smooth], scenes.replace_lsb(order[smooth], 0.3)):
        computed = structure.compute(scenes.decode(scenes.indexed(indices, palette)))
        scores.append(dict(zip(structure.FEATURES, computed, strict=True))["index_closer"])
    assert scores[0] < scores[1]


@pytest.mark.parametrize("channels", [1, 3])
def test_residuals_react_to_matching(channels):
    cover = scenes.scene(7, 256, 256, channels)
    before, weak, strong = (values(scenes.match_lsb(cover, rate, 1)) for rate in (0, 0.1, 0.4))
    name = "colour" if channels == 3 else "own"
    moved = [
        np.linalg.norm([v[n] - before[n] for n in before if n.startswith(f"residual_{name}_")])
        for v in (before, weak, strong)
    ]
    assert 0 == moved[0] < moved[1] < moved[2]


def test_shares_are_roots_of_a_distribution():
    found = values(scenes.scene(8))
    for spec in residual._SPECS:
        block = np.array([found[f"residual_{spec.name}_{i}"] for i in range(cooccurrence.size(spec))])
        assert (block**2).sum() == pytest.approx(1, abs=1e-5)


def test_cooccurrences_do_not_depend_on_sign_or_direction():
    residuals = np.random.default_rng(0).integers(-9, 10, (2, 40, 50)).astype(np.int16)
    for spec in residual._SPECS:
        counts = []
        for variant in (residuals, -residuals, residuals[:, ::-1, ::-1]):
            shifted = np.clip(variant, -spec.bound, spec.bound).astype(int) + spec.bound
            quantised = shifted.astype(np.uint8)
            counts.append(cooccurrence.merged(cooccurrence.count(quantised, quantised, spec), spec))
        assert counts[0] == pytest.approx(counts[1]) and counts[0] == pytest.approx(counts[2])


def test_codes_are_those_of_a_plain_loop():
    rng, spec = np.random.default_rng(1), cooccurrence.Spec("x", 1, 1, 3)
    across, down = (rng.integers(0, 3, (1, 6, 7), dtype=np.uint8) for _ in range(2))
    expected = np.zeros(27, int)
    for y in range(6):
        for x in range(5):
            expected[across[0, y, x] * 9 + across[0, y, x + 1] * 3 + across[0, y, x + 2]] += 1
    for y in range(4):
        for x in range(7):
            expected[down[0, y, x] * 9 + down[0, y + 1, x] * 3 + down[0, y + 2, x]] += 1
    assert (cooccurrence.count(across, down, spec) == expected).all()


def test_byte_histogram_counts():
    data = np.random.default_rng(0).integers(0, 256, (33, 70), dtype=np.uint8)
    assert (byte_histogram(data) == np.bincount(data.reshape(-1), minlength=256)).all()
    assert (byte_histogram(data[::2, 1:9]) == np.bincount(data[::2, 1:9].reshape(-1), minlength=256)).all()
    assert byte_histogram(data[:0]).sum() == 0


def test_grid_of_a_former_jpeg_is_found_in_any_crop():
    cover = scenes.scene(9, 296, 296)
    decoded = scenes.image(cover, "JPEG", quality=60).pixels
    plain = values(cover[:256, :256])
    for y, x in ((0, 0), (3, 5)):
        crop = np.ascontiguousarray(decoded[y : y + 256, x : x + 256])
        found, noisy = values(crop), values(scenes.match_lsb(crop, 0.2))
        assert found["residual_grid_across"] > 2 * abs(plain["residual_grid_across"])
        assert found["residual_band10_0.5"] < noisy["residual_band10_0.5"] - 0.2


def test_lossy_and_indexed_samples_are_left_out():
    found = values(scenes.scene(0, 64, 64), "JPEG")
    assert all(np.isnan(v) for n, v in found.items() if n.startswith(("residual_", "structure_sample")))
    found = values(scenes.scene(0, 64, 64), "GIF")
    assert all(np.isnan(v) for n, v in found.items() if n.startswith(("residual_", "structure_sample")))
    assert not np.isnan(found["structure_index_closer"])


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (3, 3), (4, 5), (7, 200), (16, 16), (17, 33)])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_any_size_gives_finite_values_or_nan(size, channels):
    rng = np.random.default_rng(0)
    for samples in (np.zeros((*size, channels), np.uint8), np.full((*size, channels), 255, np.uint8),
                    rng.integers(0, 256, (*size, channels), dtype=np.uint8)):  # fmt: skip
        values(samples)


def test_same_image_same_values():
    cover = scenes.scene(3, 100, 120)
    first, again = values(cover), values(cover, "PNG", compress_level=1)
    assert all(first[n] == again[n] or (np.isnan(first[n]) and np.isnan(again[n])) for n in first)
