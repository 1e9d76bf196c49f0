"""What a negative must be, and what a set of them: each way to be wrong is found and named."""

import json

import numpy as np
import pytest
from submission_factory import TEXT, picture, save, submission

from starlight.images.containers import Limits
from starlight.scan.facts import Facts, measure
from starlight.scan.negative_manifest import locate, read
from starlight.scan.negatives import category_fault, category_of, format_fault, imbalance, payload_fault
from starlight.techniques import get

RNG = np.random.default_rng(2)


@pytest.fixture
def folder(tmp_path):
    return submission(tmp_path / "ann_submission_2025", n=1) / "negatives"


def facts(file) -> Facts:
    return measure(file.read_bytes(), Limits())


def lines(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def rewrite(folder, lines):
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def names(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.png"))


def test_a_good_set_has_no_faults(folder):
    listed, absent = locate(read(folder / "manifest.jsonl"), names(folder))
    assert absent == [] and len(listed) == len(names(folder)) == 8
    for name, line in listed.items():
        found = facts(folder / name)
        assert line.fault == format_fault(line.declared_format, found) == ""
        assert category_fault(category_of(name, line), found) == payload_fault(found) == ""


def test_the_short_dialect_is_as_good(folder):
    short = [
        {"method": line["category"], "constraint": "x", "label": "clean",
         "file_path": f"{line['category']}/{line['filename']}"}
        for line in lines(folder)
    ]  # fmt: skip
    full, _ = locate(read(folder / "manifest.jsonl"), names(folder))
    rewrite(folder, short)
    listed, absent = locate(read(folder / "manifest.jsonl"), names(folder))
    assert absent == [] and {n: line.category for n, line in listed.items()} == {n: e.category for n, e in full.items()}
    assert not any(line.fault for line in listed.values())


def test_a_category_is_what_the_manifest_says_else_the_folder():
    assert category_of("flat/a.png", None) == "flat"
    assert category_of("a.png", None) == "uncategorised"


@pytest.mark.parametrize(
    ("category", "channels", "reason"),
    [
        ("rgb_no_alpha", 4, "declared rgb_no_alpha, but it has an alpha channel"),
        ("uniform_alpha", 4, "declared uniform_alpha, but its alpha channel is varied"),
        ("uniform_alpha", 3, "declared uniform_alpha, but its alpha channel is missing"),
        ("natural_alpha", 3, "declared natural_alpha, but its alpha channel is missing"),
        ("camera_exif", 3, "declared camera_exif, but it has no EXIF"),
        ("benign_trailer", 3, "declared benign_trailer, but nothing follows the end of its image"),
    ],
)
def test_a_category_must_fit_the_pixels(tmp_path, category, channels, reason):
    file = save(tmp_path / "odd.png", picture(RNG, channels=channels))
    assert category_fault(category, facts(file)) == f"category: {reason}"


def test_nothing_may_be_decodable(tmp_path):
    file = save(tmp_path / "n2.png", get("lsb.rgb").embed(picture(RNG), TEXT))
    assert payload_fault(facts(file)) == f"payload: {len(TEXT)} bytes can be read from it as lsb.rgb"


def test_padding_is_no_payload_but_a_text_behind_the_image_is(tmp_path):
    file = save(tmp_path / "t.png", picture(RNG))
    clean = file.read_bytes()
    file.write_bytes(clean + bytes(300))
    assert category_fault("benign_trailer", facts(file)) == payload_fault(facts(file)) == ""
    for text in (b"Meet me at the old bridge at seven, and bring the second key.\n" * 3, b"AI42" + TEXT + b"\0"):
        file.write_bytes(clean + text)
        assert payload_fault(facts(file)).startswith("payload: ")


def test_what_is_wrong_with_a_manifest_is_named_by_line(folder):
    more = lines(folder)
    more[0]["expected_behavior"] = "stego"
    more[1]["format_type"] = "jpg"
    more.append({"filename": "absent.png", "category": "flat"})
    rewrite(folder, more)
    with (folder / "manifest.jsonl").open("a") as stream:
        stream.write('{"category": "flat"}\n[1]\nnonsense\n')
    listing = read(folder / "manifest.jsonl")
    listed, absent = locate(listing, names(folder))
    assert listing.problems == [
        "line 10: names no file (`filename` or `file_path`)",
        "line 11: is no JSON object",
        "line 12: is no JSON",
    ]
    assert [(line.file, line.line) for line in absent] == [("absent.png", 9)]
    assert listed["rgb_no_alpha/n0.png"].fault == "negative manifest line 1 calls it stego"
    jpeg = listed["uniform_alpha/n1.png"].declared_format
    assert format_fault(jpeg, facts(folder / "uniform_alpha/n1.png")) == "format: declared jpeg, but it is png"


def test_balance():
    assert imbalance("category", {"flat": 4, "tiny": 1}) == imbalance("category", {"flat": 9}) == []
    assert imbalance("category", {"flat": 10, "tiny": 2, "scan": 5}) == [
        "unbalanced: 10 images of category flat, 2 of tiny"
    ]
