"""The validator: a good set passes, and each way to be wrong is found and named."""

import json

import numpy as np
import pytest
from submission_factory import TEXT, picture, save, submission

from starlight.errors import StarlightError
from starlight.scan.negatives import validate_folder
from starlight.techniques import get

RNG = np.random.default_rng(2)


@pytest.fixture
def folder(tmp_path):
    return submission(tmp_path / "ann_submission_2025", n=1) / "negatives"


def rewrite(folder, lines):
    (folder / "manifest.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def lines(folder):
    return [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]


def test_a_good_set_has_no_errors(folder):
    found = validate_folder(folder)
    assert found.errors == [] and found.warnings == []
    assert found.categories == dict.fromkeys(
        sorted(("rgb_no_alpha", "uniform_alpha", "natural_noise", "repetitive_patterns")), 2
    )
    assert found.formats == {"png": 8}


def test_the_short_dialect_is_as_good(folder):
    short = [
        {
            "method": line["category"],
            "constraint": "x",
            "label": "clean",
            "file_path": f"{line['category']}/{line['filename']}",
        }
        for line in lines(folder)
    ]
    rewrite(folder, short)
    assert validate_folder(folder).errors == []


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
def test_a_category_must_fit_the_pixels(folder, category, channels, reason):
    save(folder / category / "odd.png", picture(RNG, channels=channels))
    assert validate_folder(folder).errors == [(f"{category}/odd.png", f"category: {reason}")]


def test_nothing_may_be_decodable(folder):
    save(folder / "natural_noise/n2.png", get("lsb.rgb").embed(picture(RNG), TEXT))
    [(path, reason)] = validate_folder(folder).errors
    assert path == "natural_noise/n2.png" and reason == f"payload: {len(TEXT)} bytes can be read from it as lsb.rgb"


def test_padding_is_no_payload_but_a_text_behind_the_image_is(folder):
    file = save(folder / "benign_trailer/t.png", picture(RNG))
    clean = file.read_bytes()
    file.write_bytes(clean + bytes(300))
    assert validate_folder(folder).errors == []
    for text in (b"Meet me at the old bridge at seven, and bring the second key.\n" * 3, b"AI42" + TEXT + b"\0"):
        file.write_bytes(clean + text)
        [(path, reason)] = validate_folder(folder).errors
        assert path == "benign_trailer/t.png" and reason.startswith("payload: ")


def test_structure_and_manifest(folder):
    more = lines(folder)
    more[0]["expected_behavior"] = "stego"
    more[1]["format_type"] = "jpg"
    more.append({"filename": "absent.png", "category": "flat"})
    rewrite(folder, more)
    with (folder / "manifest.jsonl").open("a") as stream:
        stream.write('{"category": "flat"}\n[1]\nnonsense\n')
    (folder / "natural_noise/broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (folder / "natural_noise/notes.doc").write_bytes(b"x")
    found = validate_folder(folder)
    errors = dict(found.errors[3:])
    assert [reason for _, reason in found.errors[:3]] == [
        "line 10: names no file (`filename` or `file_path`)",
        "line 11: is no JSON object",
        "line 12: is no JSON",
    ]
    assert errors["absent.png"] == "negative manifest line 9: no such file"
    assert errors["rgb_no_alpha/n0.png"] == "negative manifest line 1 calls it stego"
    assert errors["uniform_alpha/n1.png"] == "format: declared jpeg, but it is png"
    assert errors["natural_noise/broken.png"].startswith("unreadable: ")
    assert "natural_noise/broken.png: is not in manifest.jsonl" in found.warnings
    assert "natural_noise/notes.doc: is no image by its name" in found.warnings


def test_balance_and_completeness(folder):
    for i in range(10):
        save(folder / f"halftone/h{i}.jpg", picture(RNG))
    for file in (folder / "natural_noise").iterdir():
        file.unlink()
    (folder / "manifest.jsonl").unlink()
    warnings = validate_folder(folder).warnings
    assert "manifest.jsonl is missing" in warnings
    assert "category halftone is not a listed one: kept" in warnings
    assert "required category natural_noise has no images" in warnings
    assert any(line.startswith("unbalanced: 10 images of category halftone") for line in warnings)


def test_an_empty_folder_is_an_error(tmp_path):
    with pytest.raises(StarlightError, match="holds no images"):
        validate_folder(tmp_path)
