"""What the screen of the search leaves out could not have counted: it never falls short of what judges."""

from dataclasses import replace

import numpy as np
import pytest

from starlight.findings.pixels.body import _lanes, windows
from starlight.findings.pixels.codepoints import ENCODINGS, best_in_others, curve
from starlight.findings.pixels.judge import judge_text, promising
from starlight.findings.pixels.layouts import Layout
from starlight.findings.pixels.orders import Lane
from starlight.findings.pixels.planes import Plane
from starlight.findings.pixels.screen import texty
from starlight.streams.readable import sources

CHINESE, RUSSIAN = "保險箱的密碼在第三塊磚後面", "Пароль от сейфа лежит за кирпичом"
TEXTS = {
    "utf-16-le": "Meet me at the old harbour", "utf-16-be": RUSSIAN, "utf-32-le": "Meet me at", "utf-32-be": RUSSIAN,
    "gb18030": "九点以后在旧码头见面，带上文件", "big5": CHINESE, "shift_jis": "九時過ぎに古い港で会いましょう",
    "euc-jp": "書類を持ってきてください", "euc-kr": "오래된 항구에서 만나요 서류", "cp1251": RUSSIAN, "koi8-r": RUSSIAN,
    "cp866": RUSSIAN, "cp1252": "größer als üblich, für Jürgen",
}  # fmt: skip
LOWEST = Layout((0,))


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_bound_is_no_less_than_what_an_encoding_gains(encoding):
    row = np.frombuffer((9 * TEXTS[encoding]).encode(encoding)[:40], np.uint8)[None]
    gained = float(curve(row[0].tobytes(), encoding).max())
    assert gained > 15
    assert best_in_others(row)[0] >= gained - 1e-3
    assert texty(row, [LOWEST]).all()


def test_bound_holds_for_bytes_of_any_kind():
    rng = np.random.default_rng(5)
    rows = np.concatenate(
        [rng.integers(0, 256, (60, 40)), rng.integers(160, 256, (60, 40)), rng.integers(0, 5, (60, 40))]
    )
    rows = rows.astype(np.uint8)
    bound = best_in_others(rows)
    for row, most in zip(rows, bound, strict=True):
        for encoding in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be", "cp1251", "koi8-r", "cp1252"):
            assert curve(row.tobytes(), encoding).max() <= most + 1e-3


def test_random_bytes_are_screened_out():
    noise = np.random.default_rng(6).integers(0, 256, (400, 40)).astype(np.uint8)
    assert texty(noise, [LOWEST] * 400).mean() < 0.01


@pytest.mark.parametrize("seed", range(6))
def test_some_sources_promise_no_more_than_all(seed):
    rng = np.random.default_rng(seed)
    row = rng.integers(0, [256, 4, 100][seed % 3], 120).astype(np.uint8)
    counts, starts = sources.count(row), [0, 1, 4]
    assert (sources.least_null(counts, starts) <= sources.null_gains(row, counts, sources.NOWHERE, starts) + 1e-9)[
        :, 8:
    ].all()


@pytest.mark.parametrize("shown", [False, True])
def test_what_is_judged_as_text_was_promising(shown):
    rng = np.random.default_rng(11)
    layout = Layout((7, 6, 5, 4, 3, 2, 1, 0)) if shown else LOWEST
    written, judged = "Meet me at the old harbour at nine, bring the papers and tell nobody about it. ", 0
    for length in (0, 12, 20, 28, 40, 60, 79):
        for _ in range(4):
            data = rng.integers(0, 256, 400, dtype=np.uint8)
            data[:length] = np.frombuffer(written.encode()[:length], np.uint8)
            bits = data if shown else np.unpackbits(data)
            samples = bits if shown else rng.integers(0, 128, bits.size, dtype=np.uint8) * 2 + bits
            lane = Lane(Plane("", "lsb.rgb", "k", samples.reshape(40, -1, 1)), "rows", (0,))
            found = judge_text(lane, layout, 0, 20.0)
            judged += found is not None
            assert found is None or promising([(lane, layout, 0, 20.0)]) == [True]
    assert judged >= 8
    noise = Lane(Plane("", "lsb.rgb", "k", rng.integers(0, 256, (60, 60, 1), dtype=np.uint8)), "rows", (0,))
    assert promising([(noise, LOWEST, 0, 20.0)]) == [False]


@pytest.mark.parametrize("shape", [(40, 64, 3), (33, 71, 3), (57, 50, 1), (45, 51, 4)])
def test_text_in_the_midst_is_found_in_every_lane(shape):
    rng = np.random.default_rng(12)
    text = b"It begins anywhere: in the third row, behind noise, and goes on for a while."
    channels = "rgba"[: shape[2]] if shape[2] > 1 else "k"
    plane = Plane("", "lsb.rgb", channels, rng.integers(0, 256, shape, dtype=np.uint8), joint=shape[2] == 4)
    lanes = _lanes(plane)
    assert len(lanes) > 1
    for lane in lanes:
        samples = plane.samples.copy()
        numbers = np.arange(samples.size, dtype=np.int64).reshape(shape)
        places = Lane(replace(plane, samples=numbers), lane.order, lane.chosen).samples()
        first = lane.count // 3
        bits = np.unpackbits(np.frombuffer(text, np.uint8))
        at = places[first : first + bits.size]
        samples.reshape(-1)[at] = samples.reshape(-1)[at] & 0xFE | bits
        found = windows(replace(plane, samples=samples))
        assert any((w[0].order, w[0].chosen) == (lane.order, lane.chosen) and abs(w[2] - first) < 160 for w in found)


@pytest.mark.parametrize("order", ["rows", "columns", "rows, backwards"])
def test_a_stretch_is_a_part_of_all_samples(order):
    plane = Plane("", "lsb.rgb", "rgb", np.random.default_rng(13).integers(0, 256, (17, 23, 3), dtype=np.uint8))
    for chosen in ((0, 1, 2), (2, 0), (1,)):
        lane = Lane(plane, order, chosen)
        for first, count in ((0, 5), (50, 100), (lane.count - 7, 30), (lane.count + 2, 3)):
            np.testing.assert_array_equal(lane.stretch(first, count), lane.samples()[first : first + count])
