"""The extraction benchmark: one row for each figure, all of them positive."""

import numpy as np
import scenes

from starlight.lab.speed import extract


def test_rows(tmp_path):
    paths = []
    for i, form in enumerate(("PNG", "JPEG")):
        paths.append(tmp_path / f"{i}")
        paths[-1].write_bytes(scenes.file(scenes.scene(i, 64, 64), form))
    rows = extract.stream_rows("small", paths)
    rows += [*extract.rates("small", paths, repeats=1), extract.machine_rate(repeats=1, size=10)]
    rows.append(extract.peak_memory_mib("small"))
    assert all(tuple(row) == extract.FIELDS and float(row["value"]) >= 0 for row in rows)
    names = [row["what"] for row in rows]
    assert {"decode", "content", "dct", "nine streams, decoding included", "rate, 2 processes to 1"} <= set(names)
    assert "lsb" not in names  # nothing is computed for it
    total = next(float(r["value"]) for r in rows if r["what"].startswith("nine"))
    assert total > max(float(r["value"]) for r in rows if r["what"] in ("decode", "pixel"))


def test_quickest_run_counts():
    sizes = iter([300_000, 10, 300_000])
    busy = extract._quickest(lambda _: sum(range(next(sizes))), None, 3)
    assert busy < extract._quickest(lambda _: sum(range(300_000)), None, 1)
    assert np.isfinite(extract._median_ms(lambda _: None, [1, 2, 3], 2))
