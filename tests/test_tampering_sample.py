"""The sample of tampered images: what is outside the mask is authentic, areas, seeds, twins, look-alikes."""

import csv
import hashlib

import numpy as np
import pytest
from knobs import knobs
from PIL import Image

from starlight.errors import StarlightError
from starlight.forgery.seams import history
from starlight.sample.tampering import after, lookalikes
from starlight.sample.tampering.build import TamperingParams, build, pairs
from starlight.sample.tampering.forging import forge
from starlight.sample.tampering.forging.copy_move import copy_move
from starlight.sample.tampering.pictures import circulated, science, sources
from starlight.sample.tampering.pictures.picture import Picture

SMALL = knobs(TamperingParams, seed=3, pairs=9, authentic=2, lookalikes=len(lookalikes.CATEGORIES))


def scene(seed=0, size=220):
    """A picture with structure everywhere."""
    pixels = np.random.default_rng(seed).integers(0, 256, (size // 4, size // 4, 3), np.uint8)
    return Picture(np.asarray(Image.fromarray(pixels).resize((size, size), Image.Resampling.BICUBIC)), "s", "s")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "tampering_submission_2025"
    return folder, build(folder, SMALL, workers=1)


@pytest.mark.parametrize("kind", forge.KINDS)
def test_nothing_outside_the_mask_changes(kind):
    for seed in range(2):
        picture = scene(seed)
        pixels, mask = forge.forge(kind, picture, np.random.default_rng(seed))
        assert pixels.dtype == np.uint8 and pixels.shape == picture.pixels.shape
        assert np.array_equal(pixels[~mask], picture.pixels[~mask])
        assert 0.002 <= mask.mean() <= 0.2
        assert np.abs(pixels[mask].astype(int) - picture.pixels[mask]).mean() >= 4


def test_a_shifted_copy_is_what_lies_elsewhere():
    """By integer pixels: the copy is found at one shift, exactly."""
    picture = scene(4)
    pixels, mask = copy_move(picture, np.random.default_rng(1), "shifted")
    rows, columns = np.nonzero(mask)
    found = [
        (dy, dx)
        for dy in range(-rows.min(), 220 - rows.max())
        for dx in range(-columns.min(), 220 - columns.max())
        if np.array_equal(picture.pixels[rows[::9] + dy, columns[::9] + dx], pixels[rows[::9], columns[::9]])
    ]
    assert len(found) == 1 and found[0] != (0, 0)


def test_a_flat_picture_offers_no_place():
    flat = Picture(np.full((200, 200, 3), 90, np.uint8), "flat", "flat")
    with pytest.raises(StarlightError, match=r"copy-move\.shifted finds no place in flat"):
        forge.forge("copy-move.shifted", flat, np.random.default_rng(0))


def test_twins_have_the_same_processing():
    """Where no step spreads over the border of the mask, they differ inside it alone, after processing too."""
    for pair in pairs(["splice.hard", "erase.fill", "copy-move.turned"], 8):
        assert pair.forged.shape == pair.twin.shape == (*pair.mask.shape, 3)
        assert pair.mask.any()
        far = np.abs(pair.forged.astype(int) - pair.twin).max(axis=2)
        assert far[pair.mask].mean() > 4 * far[~pair.mask].mean()


def test_every_step_does_the_same_twice():
    picture = scene(6).pixels
    for seed in range(30):
        process = after.draw(np.random.default_rng(seed))
        assert np.array_equal(process(picture), process(picture.copy())), process.names


def test_a_mask_follows_a_change_of_size():
    mask = np.zeros((100, 80), bool)
    mask[20:40, 30:60] = True
    scaled = after.Processing((), ()).mask(mask, (150, 120))
    assert scaled.shape == (150, 120)
    assert scaled.mean() == pytest.approx(mask.mean(), rel=0.02)


def test_the_submission_holds_what_it_says(made):
    folder, counts = made
    assert sum(n for kind, n in counts.items() if kind.startswith("forged.")) == 9
    assert counts["authentic"] == 9 + 2
    assert {kind.removeprefix("authentic.") for kind in counts if "authentic." in kind} == set(lookalikes.CATEGORIES)
    rows = {row["filename"]: row for row in csv.DictReader((folder / "sources.csv").open())}
    forged = sorted((folder / "forged").rglob("pair_*"))
    assert len(forged) == 9
    for path in forged:
        twin, mask = folder / "authentic" / path.name, np.asarray(Image.open(folder / f"masks/{path.stem}.png"))
        name = path.relative_to(folder).as_posix()
        assert rows[name]["cover_id"] == rows[f"authentic/{path.name}"]["cover_id"]
        with Image.open(path) as image, Image.open(twin) as other:
            assert (image.size, image.mode, image.format) == (other.size, other.mode, other.format)
            assert mask.shape == image.size[::-1] and 0.0015 <= (mask > 0).mean() <= 0.21


def test_the_seed_makes_the_bytes(made, tmp_path):
    folder, _ = made
    build(tmp_path / "again", SMALL, workers=2)
    assert _digest(tmp_path / "again") == _digest(folder)
    (tmp_path / "kept.csv").hardlink_to(tmp_path / "again/sources.csv")
    build(tmp_path / "again", knobs(TamperingParams, seed=4, pairs=9, authentic=0, lookalikes=0), workers=1)
    assert _digest(tmp_path / "again") != _digest(folder)
    assert (tmp_path / "kept.csv").read_bytes() == (folder / "sources.csv").read_bytes(), "a link is another's file"


def _digest(folder):
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    return hashlib.sha256(b"".join(str(p.relative_to(folder)).encode() + p.read_bytes() for p in files)).hexdigest()


def test_it_can_be_left_out(tmp_path):
    assert build(tmp_path / "none", knobs(TamperingParams, enabled=False)) == {}
    assert list((tmp_path / "none").rglob("*.png")) == []


def test_half_is_made_from_photographs_of_ones_own(made, tmp_path):
    """One that is too small is passed over."""
    (folder := tmp_path / "mine").mkdir()
    for name, size in (("a.png", 420), ("b.png", 300), ("tiny.png", 60)):
        Image.fromarray(scene(size, size).pixels).save(folder / name)
    own = knobs(TamperingParams, seed=3, pairs=18, authentic=6, lookalikes=5, photographs=str(folder))
    build(tmp_path / "made", own, workers=1)
    with (tmp_path / "made/sources.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["source"] == "own photograph"]
    assert {row["cover_id"] for row in rows} == {"user/a.png", "user/b.png"}
    assert 0.2 < len(rows) / 42 < 0.8
    with pytest.raises(StarlightError, match="hardly a photograph of 160 pixels"):
        sources.own([str(folder / "tiny.png")], np.random.default_rng(1))


@pytest.mark.parametrize("own_scale", [1.0, 0.0])
def test_a_part_of_ones_own_is_theirs_or_a_larger_one_scaled_down(own_scale, tmp_path, monkeypatch):
    """Pixel for pixel at its own scale; else a larger part in as many pixels, so that one file makes many pictures."""
    monkeypatch.setattr(sources, "_OWN_SCALE", own_scale)
    monkeypatch.setattr(circulated, "_SHARE", 0.0)
    ramp = np.add.outer(np.arange(1600), np.arange(1500))
    Image.fromarray(np.stack([ramp // 16, ramp % 200, ramp % 7], 2).astype(np.uint8)).save(tmp_path / "b.png")
    whole = np.asarray(Image.open(tmp_path / "b.png"))
    levels = []
    for seed in range(12):
        part = sources.own([str(tmp_path / "b.png")], np.random.default_rng(seed)).pixels
        assert max(part.shape[:2]) <= 801 and min(part.shape[:2]) >= 150
        levels.append(int(part[..., 0].max()) - int(part[..., 0].min()))
        if own_scale:
            corner = np.argwhere((whole[: 1601 - part.shape[0], : 1501 - part.shape[1]] == part[0, 0]).all(axis=2))
            assert any((whole[y : y + part.shape[0], x : x + part.shape[1]] == part).all() for y, x in corner)
    sizes = (800 + 800) // 16  # levels of the ramp over the largest part at its own scale
    assert max(levels) <= sizes if own_scale else max(levels) > 1.5 * sizes


def test_most_pictures_have_been_compressed_and_some_cut_off_their_grid():
    """The blocks of the last compression are found where they lie; what was compressed twice counts once."""
    picture = scene(3, 264)
    clear, grids = [], set()
    for seed in range(60):
        pixels = circulated.circulated(picture, np.random.default_rng(seed)).pixels
        luma = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], np.float32)
        said = {at: history._fit(luma, at)[0] for at in np.ndindex(8, 8)}
        best = max(said, key=said.get)
        clear.append(said[best] > 0.3)
        grids |= {best} if clear[-1] else set()
    assert 0.4 < np.mean(clear) < 0.8
    assert (0, 0) in grids and len(grids) > 5


def test_boxes_lie_where_they_did_after_a_cut(monkeypatch):
    monkeypatch.setattr(circulated, "_SHARE", 1.0)
    monkeypatch.setattr(circulated, "_CUT", 1.0)
    pixels = np.zeros((200, 240, 3), np.uint8)
    boxes = ((2, 3, 20, 30), (100, 150, 40, 24))
    for top, left, high, wide in boxes:
        pixels[top : top + high, left : left + wide] = 255
    for seed in range(20):
        made = circulated.circulated(Picture(pixels, "s", "s", boxes), np.random.default_rng(seed))
        white = made.pixels[..., 0] > 127
        inside = np.zeros_like(white)
        for top, left, high, wide in made.boxes:
            inside[top : top + high, left : left + wide] = True
        assert np.count_nonzero(white != inside) < 12


@pytest.mark.parametrize("source", sources.SOURCES)
def test_every_source_makes_pictures(source):
    picture = sources.make(source, np.random.default_rng(2), "1")
    height, width = picture.pixels.shape[:2]
    assert picture.pixels.dtype == np.uint8 and picture.pixels.shape[2] == 3 and picture.pixels.std() > 2
    for top, left, high, wide in picture.boxes:
        assert 0 <= top < top + high <= height and 0 <= left < left + wide <= width


def test_loading_controls_are_alike_but_no_copies():
    """Bands of a row that is equal on purpose resemble one another, and each has its own noise."""
    picture = science.blot(np.random.default_rng(7), "1", alike=1.0)
    row = sorted((box for box in picture.boxes), key=lambda box: box[:2])[:2]
    (top, left, high, wide), (_, other, *_) = row
    first, second = (picture.pixels[top : top + high, x : x + wide, 0].astype(float) for x in (left, other))
    wide = min(first.shape[1], second.shape[1])
    assert np.corrcoef(first[:, :wide].ravel(), second[:, :wide].ravel())[0, 1] > 0.8
    assert not np.array_equal(first[:, :wide], second[:, :wide])
