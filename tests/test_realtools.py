"""The real programs, where this machine has them, and clean counterparts that differ in the payload alone."""

import json

import numpy as np
import pytest
from PIL import Image

from starlight.errors import StarlightError
from starlight.images.image import read
from starlight.sample.tools.submission import TOOLS, installed, make_submission
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


def _without_one_value(covers, folder):
    """Covers whose histogram has the gap that shifting needs."""
    folder.mkdir()
    for path in covers.iterdir():
        pixels = np.asarray(Image.open(path)).copy()
        pixels[pixels == 250] = 251
        Image.fromarray(pixels).save(folder / path.name)
    return folder


@pytest.mark.parametrize("name", list(TOOLS))
def test_stego_and_counterpart_share_all_but_the_payload(name, covers, tmp_path):
    if name not in installed():
        pytest.skip(f"{name} is not installed")
    out = tmp_path / "tools_submission_2025"
    if name == "stegano-rdh":
        covers = _without_one_value(covers, tmp_path / "gap")
    assert make_submission(covers, out, tools=(name,), rates=(0.5,)) == {name: 2}
    stego_files = sorted(p for p in (out / "stego").iterdir() if p.suffix != ".json")
    assert len(stego_files) == 2
    for path in stego_files:
        stego, clean = read(path), read(out / "clean" / path.name)
        names = [[s for s, _, _ in image.container.segments if s != "IDAT"] for image in (stego, clean)]
        assert names[0] == names[1]
        assert stego.container.quant_tables == clean.container.quant_tables
        changed = (stego.pixels != clean.pixels).mean()
        if name.startswith("gifshuffle"):  # the order of the colours is all that changes
            assert changed == 0 and not np.array_equal(stego.palette, clean.palette)
            assert set(map(tuple, stego.palette)) == set(map(tuple, clean.palette))
        else:
            assert changed > 0
        if stego.coefficients is not None:
            difference = stego.coefficients.y - clean.coefficients.y
            assert np.abs(difference).max() <= (3 if name == "stegpy-jpeg" else 1)  # which writes two bits
            assert 0.02 < np.count_nonzero(difference) / np.count_nonzero(clean.coefficients.y) < 1
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


def test_payloads_take_turns_and_texts_are_read_back(covers, tmp_path):
    if "stego-lsb" not in installed():
        pytest.skip("stego-lsb is not installed")
    out = tmp_path / "tools_submission_2025"
    make_submission(covers, out, tools=("stego-lsb",), rates=(0.5,), kinds=("cipher", "text"))
    printable = []
    for path in sorted((out / "stego").glob("*.png")):
        samples = read(path).pixels.reshape(-1)
        data = np.packbits(samples[24 : 24 + 800] & 1).tobytes()
        printable.append(sum(32 <= byte < 127 for byte in data) / len(data))
    assert printable[0] < 0.6 < 0.95 < printable[1]


def test_counterpart_differs_where_the_payload_is_and_nowhere_else(covers, tmp_path):
    if "stegpy-png" not in installed():
        pytest.skip("stegpy is not installed")
    out = tmp_path / "tools_submission_2025"
    make_submission(covers, out, tools=("stegpy-png",), rates=(0.1,))
    for path in (out / "stego").glob("*.png"):
        stego, clean = (read(p).pixels.reshape(-1) for p in (path, out / "clean" / path.name))
        assert not (stego ^ clean)[1:].max() >> 2  # two bits, and a mark in the first sample
        assert np.flatnonzero(stego != clean).max() < 0.12 * stego.size
