"""What is said about files: any bytes in a sidecar or a manifest are either understood or refused in one line."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from starlight.errors import StarlightError
from starlight.scan import negative_manifest as manifest
from starlight.scan.sidecar import Sidecar, from_name, normalise, parse
from starlight.techniques import LABELS, OTHER, TECHNIQUES

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("technique", "category", "clean_file", "payload_bits", "payload_rate", "tool", "filename", "file_path", "label")
BLOCKS = st.dictionaries(st.sampled_from(KEYS), ANYTHING, max_size=5)


@pytest.mark.parametrize(
    ("name", "technique"),
    [
        ("seed1_alpha_000.png", "alpha"),
        ("common_sense_in_uncommon_times_lsb_012.png", "lsb.rgb"),
        ("48656c6c6f_eoi_001.jpg", "raw"),
        ("x_lsb.rgb_3.webp", "lsb.rgb"),
        ("x_juniward_3.jpg", "juniward"),
        ("IMG_2024_0001.jpg", ""),
        ("holiday.png", ""),
        ("x_alpha_.png", ""),
    ],
)
def test_names(name, technique):
    assert from_name(name).technique == technique


def test_techniques_are_normalised():
    assert all(normalise(name) == name for name in TECHNIQUES)
    assert (normalise("LSB"), normalise("J-UNIWARD"), normalise("pvd")) == ("lsb.rgb", "juniward", OTHER)


def test_public_sidecar(tmp_path):
    path = tmp_path / "a.png.json"
    path.write_text(
        '\ufeff{"embedding": {"category": "eoi", "technique": "raw", "ai42": false}, "clean_file": "a.png"}'
    )
    said = parse(path)
    assert (said.technique, said.category, said.clean_file, said.tool) == ("raw", "eoi", "a.png", "")
    assert math.isnan(said.payload_bits) and math.isnan(said.payload_rate)


def test_payload_and_tool(tmp_path):
    path = tmp_path / "a.json"
    block = {"technique": "lsbm", "payload_bits": 800, "payload_rate": 0.4, "tool": "conseal"}
    path.write_text(json.dumps({"embedding": block}))
    assert parse(path) == Sidecar("lsbm", "pixel", "", 800, 0.4, "conseal")


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.builds(lambda b: json.dumps({"embedding": b}).encode(), BLOCKS))
def test_any_sidecar_is_understood_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.json"
    path.write_bytes(content)
    try:
        said = parse(path)
    except StarlightError as error:
        assert str(error).startswith("sidecar") and "\n" not in str(error)
    else:
        assert said.technique in LABELS


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.builds(lambda b: json.dumps(b).encode() + b"\n", BLOCKS))
def test_any_negative_manifest_is_understood_or_refused(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "fuzz.jsonl"
    path.write_bytes(content)
    listing = manifest.read(path)
    found, absent = manifest.locate(listing, ["flat/a.png", "b.png"])
    assert len(found) <= 2 and len(found) + len(absent) <= len(listing.entries)


def test_lines_find_their_files():
    files = ["flat/a.png", "tiny/b.png", "tiny/a.png", "c.png"]
    written = {
        "a.png": ("flat", "flat/a.png"),
        "tiny/a.png": ("x", "tiny/a.png"),
        "b.png": ("", "tiny/b.png"),
        "datasets/x_submission_2025/negatives/tiny/a.png": ("", "tiny/a.png"),
        "\\c.png": ("", "c.png"),
    }
    for file, (category, expected) in written.items():
        entry = manifest.Entry(1, file.replace("\\", "/"), category, "", "full")
        found, absent = manifest.locate(manifest.Listing([entry]), files)
        assert (list(found), absent) == ([expected], []), file
    ambiguous = manifest.Entry(1, "a.png", "other", "", "full")
    assert manifest.locate(manifest.Listing([ambiguous]), files) == ({}, [ambiguous])
