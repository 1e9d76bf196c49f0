"""The real programs, where this machine has them, and clean counterparts that differ in the payload alone."""

import json

import numpy as np
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.image import read
from starlight.sample.real_tools import TOOLS, installed, make_submission
from starlight.scan import sidecar


@pytest.fixture(scope="module")
def covers(tmp_path_factory):
    folder = tmp_path_factory.mktemp("covers")
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:96, :120]
    for k in range(2):
        scene = 120 + 60 * np.sin(x / (5 + k)) * np.cos(y / 7) + rng.normal(0, 12, (96, 120))
        pixels = np.clip(np.stack([scene, scene[::-1], scene[:, ::-1]], axis=2), 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"c{k}.png")
    return folder


@pytest.mark.parametrize("name", list(TOOLS))
def test_stego_and_counterpart_share_all_but_the_payload(name, covers, tmp_path):
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    out = tmp_path / "tools_submission_2025"
    assert make_submission(covers, out, tools=(name,), rates=(0.5,)) == {name: 2}
    stego_files = sorted(p for p in (out / "stego").iterdir() if p.suffix != ".json")
    assert len(stego_files) == 2
    for path in stego_files:
        stego, clean = read(path), read(out / "clean" / path.name)
        names = [[s for s, _, _ in image.container.segments if s != "IDAT"] for image in (stego, clean)]
        assert names[0] == names[1]
        assert stego.container.quant_tables == clean.container.quant_tables
        changed = (stego.pixels != clean.pixels).mean()
        assert changed > 0
        if stego.coefficients is not None:
            difference = stego.coefficients.y - clean.coefficients.y
            assert np.abs(difference).max() == 1
            assert 0.02 < np.count_nonzero(difference) / np.count_nonzero(clean.coefficients.y) < 0.3
        declared = sidecar.parse(path.with_name(path.name + ".json"))
        assert declared.technique in (name, "other") and declared.clean_file == path.name
        assert declared.payload_rate == 0.5


def test_same_seed_same_outguess_files(covers, tmp_path):
    if "outguess" not in installed():
        pytest.skip("outguess is not installed")
    for k in range(2):
        make_submission(covers, tmp_path / str(k), tools=("outguess",), seed=4)
    files = [sorted(p for p in (tmp_path / str(k)).rglob("*") if p.is_file()) for k in range(2)]
    assert [p.read_bytes() for p in files[0]] == [p.read_bytes() for p in files[1]]


def test_covers_too_small_are_left_out(tmp_path):
    name = next(iter(installed()), None)
    if name is None:
        pytest.skip("no tool is installed")
    (tmp_path / "covers").mkdir()
    Image.new("RGB", (8, 8), (90, 90, 90)).save(tmp_path / "covers" / "flat.png")
    out = tmp_path / "out"
    assert make_submission(tmp_path / "covers", out, tools=(name,)) == {name: 0}
    assert not [p for p in out.rglob("*") if p.is_file()]


def test_unknown_tool_and_full_folder_are_one_line_errors(covers, tmp_path):
    with pytest.raises(StarlightError, match="stegx"):
        make_submission(covers, tmp_path / "out", tools=("stegx",))
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text(json.dumps(1))
    with pytest.raises(StarlightError, match="not empty"):
        make_submission(covers, tmp_path / "full", tools=())
