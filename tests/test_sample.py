"""The built-in submission: deterministic, complete, and no leak but the payload."""

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from knobs import knobs
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold, cross_val_predict

from starlight.errors import StarlightError
from starlight.images.containers import parse
from starlight.images.image import decode
from starlight.params import read, section
from starlight.sample.build import SampleParams, build
from starlight.sample.plan import plan
from starlight.techniques import TECHNIQUES, get, slow

SMALL = knobs(SampleParams,
    covers=48, stego_per_technique=8, adaptive_per_technique=3, negatives=13, largest_side=112, adaptive_side=112,
    adaptive_rates=[0.4], max_payload_bytes=300,
)  # fmt: skip
READABLE = ("alpha", "palette", "lsb.rgb", "exif", "raw")


@pytest.fixture(scope="module")
def submission(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sample")
    build(folder, SMALL, seed=7, workers=1)
    return folder


def _sidecars(folder: Path) -> list[tuple[Path, dict]]:
    return [(Path(str(p)[:-5]), json.loads(p.read_text())) for p in sorted((folder / "stego").glob("*.json"))]


def _technique(sidecar: dict) -> str:
    """The technique by which the payload lies in the file, whether it is a text or bytes as a cipher makes them."""
    return sidecar["embedding"]["technique"].removeprefix("encrypted.")


def _digest(folder: Path) -> dict[str, str]:
    files = (p for p in sorted(folder.rglob("*")) if p.is_file())
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_workers(tmp_path):
    few = knobs(
        SampleParams,
        covers=16,
        stego_per_technique=1,
        adaptive_per_technique=1,
        negatives=13,
        largest_side=80,
        adaptive_side=80,
    )
    for name, seed, workers in (("a", 3, 1), ("b", 3, 2), ("c", 4, 1)):
        build(tmp_path / name, few, seed=seed, workers=workers)
    one, two, other = (_digest(tmp_path / name) for name in "abc")
    assert one == two
    assert not set(one.values()) & {v for k, v in other.items() if not k.endswith((".json", ".csv"))}


def test_every_technique_and_category_is_there(submission):
    found = [_technique(s) for _, s in _sidecars(submission)]
    assert {name: found.count(name) for name in TECHNIQUES} == {name: 3 if slow(name) else 8 for name in TECHNIQUES}
    lines = (submission / "negatives" / "manifest.jsonl").read_text().splitlines()
    assert len(lines) == 13
    for line in map(json.loads, lines):
        assert (submission / "negatives" / line["filename"]).is_file()
    clean = [p.read_bytes() for p in (submission / "clean").iterdir()]
    assert len(clean) == len(set(clean)) == 48


def test_sources_name_a_cover_for_every_clean_and_negative_file(submission):
    with (submission / "sources.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["filename"] for row in rows} == {
        str(p.relative_to(submission)) for k in ("clean", "negatives") for p in (submission / k).rglob("*.*")
        if p.suffix != ".jsonl"
    }  # fmt: skip
    assert all(row["cover_id"] and row["processing"] for row in rows)


def test_a_twin_differs_from_its_stego_in_the_payload_alone(submission):
    for path, sidecar in _sidecars(submission):
        technique = _technique(sidecar)
        stego = decode(path.read_bytes())
        twin = decode((submission / "clean" / sidecar["clean_file"]).read_bytes())
        same_pixels = np.array_equal(stego.pixels, twin.pixels)
        if technique in ("exif", "raw"):
            assert same_pixels and stego.data != twin.data
        elif technique == "alpha":
            assert same_pixels and not np.array_equal(stego.alpha, twin.alpha)
        else:
            assert not same_pixels
            assert (stego.alpha is None) or np.array_equal(stego.alpha, twin.alpha)
        if technique != "raw":
            assert stego.container.trailer == twin.container.trailer
        if technique != "exif":
            assert stego.container.exif == twin.container.exif


def test_readable_payloads_can_be_read_back(submission):
    seen = set()
    for path, sidecar in _sidecars(submission):
        said = sidecar["embedding"]
        if said["technique"] not in READABLE or said["payload_kind"] == "random" or "channels" in said:
            continue
        technique, data = get(said["technique"]), path.read_bytes()
        if technique.CARRIER in ("comment", "trailer"):
            payload = technique.extract(data)
            twin = parse((submission / "clean" / sidecar["clean_file"]).read_bytes()).trailer
            payload = payload[len(twin) :] if said["technique"] == "raw" else payload
        else:
            image = decode(data)
            if said["technique"] == "palette":
                samples, options = image.indices, {"mark": said["ai42"]}
            elif said["technique"] == "alpha":
                samples, options = np.dstack([image.pixels, image.alpha]), {"mark": said["ai42"]}
            else:
                samples, options = image.pixels, {"tool": said["tool"]} if "tool" in said else {"mark": said["ai42"]}
            payload = technique.extract(samples, bit_order=said["bit_order"], **options)
        assert 8 * len(payload) == said["payload_bits"] and payload.decode()
        seen.add(said["technique"])
    assert seen == set(READABLE)


def _facts(path: Path) -> list[float]:
    c = parse(path.read_bytes())
    return [
        c.width, c.height, c.bit_depth, len(c.exif), len(c.user_comment), len(c.trailer), c.exif_fields, c.icc_length,
        len(c.segments), len(c.comments), c.has_alpha, c.lossless, c.indexed, c.progressive, c.interlaced,
        sum(map(sum, c.quant_tables)), len(c.sampling), len(c.mode), len(c.problems),
    ]  # fmt: skip


def test_container_facts_tell_pixel_and_dct_stego_from_their_twins_by_chance_only(submission):
    pairs = [(path, s["clean_file"]) for path, s in _sidecars(submission)
             if _technique(s) not in ("exif", "raw")]  # fmt: skip
    files = [path for path, _ in pairs] + [submission / "clean" / name for _, name in pairs]
    groups = [name for _, name in pairs] * 2
    labels = np.repeat([1, 0], len(pairs))
    forest = RandomForestClassifier(60, min_samples_leaf=3, random_state=0)
    scores = cross_val_predict(
        forest, np.array([_facts(f) for f in files]), labels, groups=groups, cv=GroupKFold(5), method="predict_proba"
    )[:, 1]
    spread = 1.96 * np.sqrt((2 * len(pairs) + 1) / (12 * len(pairs) ** 2))  # of the AUC where there is no difference
    assert abs(roc_auc_score(labels, scores) - 0.5) <= spread


def test_sizes_and_sources_are_varied():
    counts = dict.fromkeys(TECHNIQUES, 10)
    items = plan(1, 400, counts, shares=(0.5, 0.4, 0.1), smallest=64, largest=1024, factor=1.0, adaptive_side=200)
    assert {item.source for item in items} == {"photo", "camera", "drawing"}
    sides = np.array([(item.height, item.width) for item in items])
    assert sides.min() >= 64 and sides.max() == 1024 and np.median(sides) < 300
    assert sum(len(item.techniques) for item in items) == 10 * len(TECHNIQUES)
    for item in items:
        assert (
            not {"hill", "suniward", "wow", "hugo", "mipod"} & set(item.techniques)
            or max(item.height, item.width) <= 200
        )


def test_a_users_photographs_become_covers(tmp_path):
    (tmp_path / "mine").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine" / "a.png")
    few = knobs(SampleParams, covers=16, stego_per_technique=1, adaptive_per_technique=1, negatives=0, largest_side=80,
                       adaptive_side=80, photo_share=1, camera_share=0, drawing_share=0)  # fmt: skip
    build(tmp_path / "out", few, seed=1, workers=1, extra_covers=tmp_path / "mine")
    assert "user/a.png" in (tmp_path / "out" / "sources.csv").read_text()


def test_a_users_photographs_can_be_the_only_covers(tmp_path):
    (tmp_path / "mine").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "mine" / "a.png")
    few = knobs(SampleParams, covers=16, stego_per_technique=1, adaptive_per_technique=1, negatives=0, largest_side=80,
                       adaptive_side=80)  # fmt: skip
    build(tmp_path / "out", few, seed=1, workers=1, extra_covers=tmp_path / "mine", covers_only=True)
    with (tmp_path / "out" / "sources.csv").open(newline="") as file:
        assert {(row["cover_id"], row["source"]) for row in csv.DictReader(file)} == {("user/a.png", "photo")}
    with pytest.raises(StarlightError, match="covers_only"):
        build(tmp_path / "other", few, seed=1, covers_only=True)


def test_switched_off_it_leaves_empty_folders(tmp_path):
    (tmp_path / "clean").mkdir()
    (tmp_path / "clean" / "old.png").write_bytes(b"x")
    assert build(tmp_path, knobs(SampleParams, enabled=False), seed=1) == {}
    assert not list((tmp_path / "clean").iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [("covers", 3), ("covers", "many"), ("photo_share", 2), ("lsb_rates", [0]), ("largest_side", 5000), ("cover", 20)],
)
def test_parameters_out_of_range_are_named(key, value):
    with pytest.raises(StarlightError, match=rf"sample\.{key}"):
        section({"sample": read("params.yaml")["sample"] | {key: value}}, "sample", SampleParams)


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(StarlightError, match="file"):
        build(tmp_path / "file", SMALL, seed=1)
