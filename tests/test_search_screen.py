"""What the screen of the search leaves out could not have counted: it never falls short of what judges."""

import numpy as np
import pytest

from starlight.findings.pixels.codepoints import ENCODINGS, best_in_others, curve
from starlight.findings.pixels.layouts import Layout
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
