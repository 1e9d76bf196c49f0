"""Scanning: what is found, what is set aside and why, what belongs together, and what stays put."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from knobs import knobs
from PIL import Image
from submission_factory import TEXT, picture, save, say, submission

from starlight import manifest
from starlight.errors import StarlightError
from starlight.images.containers import Limits
from starlight.scan.facts import measure
from starlight.scan.masks import read_mask, read_regions
from starlight.scan.scan import ScanParams, scan, scan_into
from starlight.scan.subjects import Contents
from starlight.techniques import get

SEED = 7


@pytest.fixture
def data(tmp_path):
    submission(tmp_path / "datasets/ann_submission_2025")
    return tmp_path / "datasets"


def run(data, **options):
    return scan(data, knobs(ScanParams, workers=1), SEED, **options)


def row(table, name):
    rows = table[table["path"].str.endswith(name)]
    assert len(rows) == 1, name
    return rows.iloc[0]


def test_every_file_is_one_row_with_what_is_said_about_it(data):
    table, report = run(data)
    assert list(table.columns) == list(manifest.COLUMNS)
    assert (table["status"] == "ok").all(), table.loc[table["status"] != "ok", ["path", "reason"]]
    assert report["kinds"] == {"clean": 12, "stego": 6, "negative": 8, "forged": 0, "authentic": 0}
    text, random = row(table, "stego/s000.png"), row(table, "stego/s001.png")
    assert (text["technique"], text["label"], text["payload_bits"]) == ("lsb.rgb", 1, 8 * len(TEXT))
    assert (random["technique"], random["payload_rate"]) == ("lsbm", 0.4)
    assert np.isnan(random["payload_bits"])
    clean = row(table, "clean/a000.png")
    assert text["cover_id"] == clean["cover_id"] and text["split"] == clean["split"]
    assert text["twin_id"] == clean["sample_id"]
    assert row(table, "natural_noise/n2.png")["category"] == "natural_noise"
    assert (table.groupby("cover_id")["split"].nunique() == 1).all()


def test_manifest_survives_writing_and_reading(data, tmp_path):
    table, _ = run(data)
    manifest.write(table, tmp_path / "m.csv")
    pd.testing.assert_frame_equal(manifest.read(tmp_path / "m.csv"), table)
    first = (tmp_path / "m.csv").read_bytes()
    assert b"\r" not in first
    manifest.write(table.sample(frac=1, random_state=1), tmp_path / "m.csv")
    assert (tmp_path / "m.csv").read_bytes() == first


def test_row_by_row_and_in_parts_it_is_the_same(data, tmp_path, monkeypatch):
    """As the stage does, which holds no table of all files."""
    folder = data / "ann_submission_2025"
    shutil.copy(folder / "clean/a000.png", folder / "clean/z.png")
    (folder / "clean/zero.jpg").write_bytes(b"")
    forged(folder, "f", np.random.default_rng(5), np.eye(72), twin="authentic")
    table, report = run(data)
    manifest.write(table, tmp_path / "m.csv")
    monkeypatch.setattr("starlight.manifest._AT_ONCE", 7)
    monkeypatch.setattr("starlight.scan.measured._AT_ONCE", 5)
    assert scan_into(tmp_path / "rows.csv", data, knobs(ScanParams, workers=1), SEED) == report
    assert (tmp_path / "rows.csv").read_bytes() == (tmp_path / "m.csv").read_bytes()


def test_facts_of_a_content_take_little_and_come_back_whole(data):
    contents = Contents(np.arange(9, dtype=np.uint64))
    for number, path in enumerate(sorted((data / "ann_submission_2025").rglob("*.jpg"))[:3]):
        facts = measure(path.read_bytes(), Limits())
        contents[number] = facts
        assert contents[number] == facts
    contents[8] = "unreadable: cut short"
    assert contents.reasons == {8: "unreadable: cut short"} and contents.sample_id(8) == "0000000000000008"
    assert contents.rows.itemsize < 160


def test_broken_files_are_rows_with_reasons(data):
    folder = data / "ann_submission_2025"
    good = (folder / "clean/a000.png").read_bytes()
    (folder / "clean/cut.png").write_bytes(good[: len(good) // 2])
    (folder / "clean/zero.jpg").write_bytes(b"")
    (folder / "clean/text.png").write_text("no picture")
    (folder / "clean/gone.png").symlink_to(folder / "nowhere.png")
    table, report = run(data)
    for name in ("cut.png", "zero.jpg", "text.png", "gone.png"):
        assert row(table, name)["status"] == "quarantined"
        assert row(table, name)["reason"].startswith("unreadable: ")
    assert report["quarantined"]["total"] == 4 and report["usable"] == 26
    assert report["quarantined"]["by_reason"] == {"unreadable": 4}


def test_bad_sidecars_are_set_aside_one_by_one(data):
    stego = data / "ann_submission_2025/stego"
    (stego / "s000.png.json").write_text("{not json")
    (stego / "s001.png.json").write_text(json.dumps({"embedding": {"technique": "lsbm", "category": "eoi"}}))
    say(stego / "s002.png", "lsb.rgb", clean_file="absent.png")
    say(stego / "s003.png", "palette", clean_file="a003.png")
    table, _ = run(data)
    reasons = {name: row(table, name)["reason"] for name in ("s000.png", "s001.png", "s002.png", "s003.png")}
    assert reasons["s000.png"] == "sidecar is no JSON"
    assert reasons["s001.png"] == "sidecar: technique lsbm contradicts category eoi"
    assert reasons["s002.png"] == "sidecar: clean file absent.png is missing"
    assert reasons["s003.png"] == "technique: palette cannot be in this PNG file of mode RGB"
    assert (table["status"] == "ok").sum() == len(table) - 4


def test_without_sidecar_the_name_or_the_content_tells(data):
    stego = data / "ann_submission_2025/stego"
    for i, name in ((0, "seed_one_lsb_004.png"), (2, "whatever.png"), (4, "a001.png")):
        (stego / f"s00{i}.png").rename(stego / name)
        (stego / f"s00{i}.png.json").unlink()
    table, report = run(data)
    assert row(table, "seed_one_lsb_004.png")["technique"] == "lsb.rgb"
    assert row(table, "whatever.png")["technique"] == "lsb.rgb"
    assert row(table, "stego/a001.png")["cover_id"] == row(table, "clean/a001.png")["cover_id"]
    assert any("whatever.png: has no sidecar" in line for line in report["warnings"]["lines"])


def test_unlisted_technique_is_other_and_reported(data):
    say(data / "ann_submission_2025/stego/s001.png", "pvd", clean_file="a001.png")
    table, report = run(data)
    assert tuple(row(table, "s001.png")[["status", "technique", "tool"]]) == ("ok", "other", "pvd")
    assert any("technique pvd" in line for line in report["warnings"]["lines"])


def test_both_dialects_of_negative_manifests(data):
    folder = data / "ann_submission_2025/negatives"
    rng = np.random.default_rng(3)
    save(folder / "halftone/h.png", picture(rng))
    save(folder / "rgb_no_alpha/wrong.png", picture(rng, channels=4))
    lines = [
        {"method": "natural_noise", "constraint": "x", "label": "clean", "file_path": "natural_noise/n2.png"},
        {"method": "natural_noise", "constraint": "x", "label": "stego", "file_path": "natural_noise/n6.png"},
        {"method": "natural_noise", "label": "clean", "file_path": "natural_noise/absent.png"},
    ]
    (folder / "manifest.jsonl").write_text("\n".join(map(json.dumps, lines)) + "\nnonsense\n")
    table, report = run(data)
    assert row(table, "natural_noise/n2.png")["status"] == "ok"
    assert row(table, "natural_noise/n6.png")["reason"] == "negative manifest line 2 calls it stego"
    assert row(table, "natural_noise/absent.png")["reason"] == "negative manifest line 3: no such file"
    assert tuple(row(table, "h.png")[["status", "category"]]) == ("ok", "halftone")
    assert row(table, "wrong.png")["reason"] == "category: declared rgb_no_alpha, but it has an alpha channel"
    assert any(line.endswith("manifest.jsonl: line 4: is no JSON") for line in report["warnings"]["lines"])
    assert any("category halftone, which is not a listed one: 1 kept" in line for line in report["warnings"]["lines"])


def test_without_negative_manifest_folders_name_categories(data):
    (data / "ann_submission_2025/negatives/manifest.jsonl").unlink()
    table, report = run(data)
    assert row(table, "natural_noise/n2.png")["category"] == "natural_noise"
    assert any("manifest.jsonl: is missing" in line for line in report["warnings"]["lines"])


def test_a_negative_with_a_payload_is_an_error(data):
    carrier = data / "ann_submission_2025/negatives/rgb_no_alpha/n0.png"
    save(carrier, get("lsb.rgb").embed(np.asarray(Image.open(carrier)), TEXT))
    table, _ = run(data)
    assert row(table, "n0.png")["status"] == "quarantined"
    assert row(table, "n0.png")["reason"].startswith("payload: ")


def test_same_bytes(data):
    folder = data / "ann_submission_2025"
    shutil.copy(folder / "clean/a000.png", folder / "clean/z.png")
    shutil.copy(folder / "clean/a001.png", folder / "stego/b.png")
    table, report = run(data)
    assert row(table, "clean/a000.png")["status"] == "ok"
    assert row(table, "z.png")["reason"] == "duplicate: same bytes as ann_submission_2025/clean/a000.png"
    for name in ("clean/a001.png", "stego/b.png"):
        assert row(table, name)["reason"].startswith("contradiction: same bytes as")
    assert report["quarantined"]["by_reason"] == {"contradiction": 2, "duplicate": 1}


def test_near_duplicates_share_a_cover_and_flat_pictures_do_not(data):
    folder = data / "ann_submission_2025/clean"
    pixels = np.asarray(Image.open(folder / "a000.png"))
    save(folder / "again.jpg", pixels, quality=60)
    Image.fromarray(pixels).resize((100, 100), Image.Resampling.BICUBIC).save(folder / "larger.png")
    for level in (10, 60, 200):
        save(folder / f"flat{level}.png", np.full((64, 64, 3), level, np.uint8))
    table, _ = run(data)
    cover = row(table, "clean/a000.png")["cover_id"]
    assert {row(table, name)["cover_id"] for name in ("again.jpg", "larger.png")} == {cover}
    assert len({row(table, f"flat{level}.png")["cover_id"] for level in (10, 60, 200)}) == 3
    assert table["cover_id"].nunique() == 12 + 8 + 3


def test_a_clean_original_of_another_build_is_a_cover_but_no_twin(data):
    folder = data / "ann_submission_2025"
    pixels = picture(np.random.default_rng(8))
    save(folder / "clean/original.jpg", pixels, quality=95)
    save(folder / "stego/made.png", get("lsbm").embed(pixels, 0.2, seed=1))
    say(folder / "stego/made.png", "lsbm", clean_file="original.jpg")
    indexed = Image.fromarray(pixels).quantize(64)
    for name, indices in (("clean/few.png", np.asarray(indexed)), ("stego/few.png", np.asarray(indexed) ^ 1)):
        image = Image.fromarray(indices)
        image.putpalette(indexed.getpalette())
        image.save(folder / name)
    say(folder / "stego/few.png", "palette", clean_file="few.png")
    table, _ = run(data)
    made, original = row(table, "made.png"), row(table, "original.jpg")
    assert (made["cover_id"], made["twin_id"]) == (original["cover_id"], "")
    assert row(table, "stego/few.png")["twin_id"] == row(table, "clean/few.png")["sample_id"]


def test_text_that_only_looks_like_a_payload_stays_among_the_clean(data):
    carrier = data / "ann_submission_2025/clean/j000.jpg"
    content = carrier.read_bytes()
    carrier.write_bytes(content + b"Edited with a program that leaves a note of some length behind, as many do." * 2)
    assert row(run(data)[0], "j000.jpg")["status"] == "ok"
    carrier.write_bytes(content + b"AI42" + TEXT + b"\0")
    assert row(run(data)[0], "j000.jpg")["reason"].startswith("payload: ")


def test_sources_name_covers(data):
    (data / "ann_submission_2025/sources.csv").write_text("filename,cover_id,source\na000.png,astronaut,photograph\n")
    table, _ = run(data)
    assert tuple(row(table, "clean/a000.png")[["cover_id", "source"]]) == ("astronaut", "photograph")
    assert tuple(row(table, "s000.png")[["cover_id", "source"]]) == ("astronaut", "photograph")
    assert row(table, "clean/a001.png")["source"] == "ann_submission_2025"


def test_new_data_move_no_old_cover(data):
    before, _ = run(data)
    submission(data / "bob_submission_2026", seed=9, n=10)
    shutil.copy(data / "ann_submission_2025/clean/a000.png", data / "bob_submission_2026/clean/copy.png")
    after, _ = run(data)
    old = after[after["submission"] == "ann_submission_2025"].reset_index(drop=True)
    pd.testing.assert_frame_equal(old, before)
    assert (after["status"] == "ok").sum() == len(after) - 1


def forged(folder, name, rng, mask=None, *, twin=None):
    """A forged file, and what there is of a mask and of a twin for it."""
    pixels = picture(rng)
    save(folder / f"forged/{name}.png", pixels)
    stem = name.rsplit("/", 1)[-1]
    if mask is not None:
        (folder / "masks").mkdir(exist_ok=True)
        np.save(folder / f"masks/{stem}.npy", mask)
    if twin:
        changed = pixels.copy()
        changed[:8, :8] = 255 - changed[:8, :8]
        save(folder / f"{twin}/{stem}.png", changed)


def test_forged_images_and_masks(data):
    rng, folder = np.random.default_rng(5), data / "ann_submission_2025"
    one = np.zeros((72, 72), bool)
    one[:8, :8] = True
    several = np.stack([one, one[::-1]])
    for name, mask in {"copy-move.turned/x": one, "n": several, "hwc": one[..., None], "png": None, "gt": None,
                       "small": np.ones((10, 10)), "empty": one & False, "text": np.array(["a"]), "none": None,
                       "swapped": np.ones((72, 60))}.items():  # fmt: skip
        forged(folder, name, rng, mask)
    save(folder / "masks/png.png", one.astype(np.uint8) * 255)
    save(folder / "masks/gt_gt.png", one.astype(np.uint8))
    (folder / "masks/empty.npy").rename(folder / "masks/empty_mask.npy")
    save(folder / "forged/other/x.png", picture(rng))
    save(folder / "masks/other/x.png", 255 - one.astype(np.uint8))
    table, report = run(data)
    assert row(table, "forged/other/x.png")["mask"] == "ann_submission_2025/masks/other/x.png"
    good = row(table, "forged/copy-move.turned/x.png")
    assert (good["kind"], good["label"], good["category"]) == ("forged", 1, "copy-move.turned")
    assert good["mask"] == "ann_submission_2025/masks/x.npy"
    for name in ("n", "hwc", "png", "gt"):
        assert row(table, f"forged/{name}.png")["status"] == "ok", row(table, f"forged/{name}.png")["reason"]
    reasons = {
        name: row(table, f"forged/{name}.png")["reason"] for name in ("small", "empty", "text", "none", "swapped")
    }
    assert reasons["small"].endswith("small.npy: 10 x 10 pixels for an image of 72 x 72")
    assert reasons["swapped"].endswith("60 x 72 pixels for an image of 72 x 72")
    assert reasons["empty"].endswith("is empty: nothing is marked as tampered with")
    assert "no plane" in reasons["text"]
    assert reasons["none"] == "mask: there is none in masks/ by the name of none"
    assert report["quarantined"]["by_reason"] == {"mask": 5}


def test_regions_of_a_mask_keep_their_planes(tmp_path):
    planes = np.zeros((3, 40, 50), np.uint8)
    planes[0, 1, 1] = planes[2, 5, 5] = 1
    np.save(tmp_path / "m.npy", planes)
    assert read_regions(tmp_path / "m.npy").shape == (3, 40, 50)
    assert read_mask(tmp_path / "m.npy").sum() == 2
    np.save(tmp_path / "rgb.npy", np.moveaxis(planes, 0, 2))
    assert read_regions(tmp_path / "rgb.npy").shape == (1, 40, 50)


def test_a_forged_image_goes_with_its_twin(data):
    rng, folder, mask = np.random.default_rng(6), data / "ann_submission_2025", np.eye(72)
    for i in range(12):
        forged(folder, f"splice.hard/f{i}", rng, mask, twin="authentic" if i % 2 else "clean")
    table, _ = run(data)
    for i in range(12):
        made = row(table, f"forged/splice.hard/f{i}.png")
        twin = row(table, f"{'authentic' if i % 2 else 'clean'}/f{i}.png")
        assert (made["cover_id"], made["split"]) == (twin["cover_id"], twin["split"])
        assert made["twin_id"] == twin["sample_id"]
    assert row(table, "authentic/f1.png")[["kind", "label"]].tolist() == ["authentic", 0]
    assert set(table.loc[table["kind"] == "forged", "split"]) == {"train", "val", "test"}


def test_forged_images_alone_are_a_scan(tmp_path):
    for i in range(3):
        forged(tmp_path / "x_submission_2025", f"f{i}", np.random.default_rng(i), np.eye(72), twin="authentic")
    table, _ = scan(tmp_path, knobs(ScanParams, workers=1), SEED)
    assert (table["status"] == "ok").all() and set(table["kind"]) == {"forged", "authentic"}


def test_tampered_images_change_nothing_of_what_stego_is_about(data):
    before, _ = run(data)
    other = data / "aaa_submission_2024"  # the eldest, and first by name
    rng = np.random.default_rng(8)
    for i in range(8):
        forged(other, f"f{i}", rng, np.eye(72), twin="authentic")
    first, second = (data / f"ann_submission_2025/clean/a00{i}.png" for i in (0, 1))
    names = "filename,cover_id\nauthentic/bridge_0.png,one\nauthentic/bridge_1.png,one\n"
    (other / "sources.csv").write_text(names)
    for i, like in enumerate((first, second)):  # one declared cover, near to two that are nothing to each other
        save(other / f"authentic/bridge_{i}.png", np.clip(np.asarray(Image.open(like)), 1, 254))
    after, _ = run(data)
    kept = manifest.of_stego(after).reset_index(drop=True)
    pd.testing.assert_frame_equal(kept, before)
    assert set(manifest.of_forgery(after)["submission"]) == {"aaa_submission_2024"}


def test_facts_are_kept_by_content(data, tmp_path, monkeypatch):
    store = tmp_path / "store"
    first, _ = run(data, store_root=store)
    monkeypatch.setattr("starlight.scan.measured.measure", lambda *_: pytest.fail("measured again"))
    again, _ = run(data, store_root=store)
    pd.testing.assert_frame_equal(again, first)
    folder = data / "ann_submission_2025/clean"
    (folder / "j000.jpg").rename(folder / "renamed.jpg")
    renamed, _ = run(data, store_root=store)
    assert row(renamed, "renamed.jpg")["cover_id"] == row(first, "j000.jpg")["cover_id"]


@pytest.mark.parametrize("make", [False, True])
def test_nothing_to_scan_says_what_is_expected(tmp_path, make):
    if make:
        (tmp_path / "x_submission_2025/clean").mkdir(parents=True)
    with pytest.raises(StarlightError, match="clean/, stego/ or negatives/"):
        scan(tmp_path, knobs(ScanParams, workers=1), SEED)


def test_a_scan_of_nothing_but_broken_files_says_so(tmp_path):
    (tmp_path / "x_submission_2025/clean").mkdir(parents=True)
    (tmp_path / "x_submission_2025/clean/cut.png").write_bytes(b"\x89PNG")
    table, report = scan(tmp_path, knobs(ScanParams, workers=1), SEED)
    assert table["status"].tolist() == ["quarantined"] and report["usable"] == 0
    assert scan_into(tmp_path / "m.csv", tmp_path, knobs(ScanParams, workers=1), SEED) == report


def test_clean_alone_is_a_scan_with_a_warning(tmp_path):
    save(tmp_path / "x_submission_2025/clean/one.png", picture(np.random.default_rng(1)))
    table, report = scan(tmp_path, knobs(ScanParams, workers=1), SEED)
    assert len(table) == 1 and "there are no stego images" in report["warnings"]["lines"]


def test_built_in_submission_can_be_left_out(data):
    submission(data / "sample_submission_2025", seed=4, n=2)
    with_it, _ = run(data)
    without, _ = run(data, leave_out={"sample_submission_2025"})
    assert set(with_it["submission"]) == {"ann_submission_2025", "sample_submission_2025"}
    assert set(without["submission"]) == {"ann_submission_2025"}
