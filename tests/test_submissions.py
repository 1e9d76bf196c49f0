"""Discovery: odd folders and names are neither dropped in silence nor followed for ever."""

import os

import numpy as np
import pytest
from submission_factory import picture, save, say

from starlight.cli.inputs import expand
from starlight.images.files import image_files
from starlight.scan.submissions import discover, year


@pytest.fixture
def clean(tmp_path):
    folder = tmp_path / "ann_submission_2025/clean"
    save(folder / "a.PNG", picture(np.random.default_rng(0)))
    return folder


def test_links_folders_and_other_files(clean):
    save(clean / "deep/er/b.jpeg", picture(np.random.default_rng(1)))
    (clean / "loop").symlink_to(clean)
    (clean / "movie.mp4").write_bytes(b"x")
    (clean / "README.md").write_text("x")
    found = discover(clean.parents[1])
    assert [entry.path for entry in found.entries] == [
        "ann_submission_2025/clean/a.PNG",
        "ann_submission_2025/clean/deep/er/b.jpeg",
    ]
    assert found.ignored == ["ann_submission_2025/clean/movie.mp4"]


def test_a_name_that_no_table_can_hold_is_reported(clean):
    with open(os.fsencode(clean) + b"/caf\xe9.png", "wb") as stream:
        stream.write(b"x")
    images, others = image_files(clean)
    assert images == ["a.PNG"] and others == ["caf\\udce9.png"]


def test_only_submissions_are_looked_at(clean):
    save(clean.parents[1] / "notes/clean/c.png", picture(np.random.default_rng(2)))
    assert len(discover(clean.parents[1]).entries) == 1


def test_a_linked_submission_counts(clean, tmp_path_factory):
    other = tmp_path_factory.mktemp("other")
    (other / "bob_submission_2026").symlink_to(clean.parent)
    assert [entry.path for entry in discover(other).entries] == ["bob_submission_2026/clean/a.PNG"]


def test_years():
    assert [year(name) for name in ("a_submission_2025", "a_submission_beta")] == [2025, 9999]


def test_names_match_however_their_accents_are_written(clean):
    root = clean.parent
    decomposed, composed = "cafe\u0301", "caf\u00e9"
    save(clean / f"{decomposed}.png", picture(np.random.default_rng(3)))
    save(root / f"stego/{decomposed}-x.png", picture(np.random.default_rng(4)))
    say(root / f"stego/{composed}-x.png", "lsb.rgb", clean_file=f"{composed}.png")
    save(root / f"negatives/flat/{decomposed}.png", picture(np.random.default_rng(5)))
    line = '{"filename": "flat/%s.png", "category": "flat", "generation_method": "a\u2028b"}'
    (root / "negatives/manifest.jsonl").write_text(line % composed + "\r\n", encoding="utf-8")
    (root / "sources.csv").write_text(f"filename,cover_id,source\n{composed}.png,c7,phone\n", encoding="utf-8")
    found = discover(root.parent)
    by_kind = {entry.kind: entry for entry in found.entries if decomposed in entry.path}
    assert not found.warnings and all(not entry.reason for entry in found.entries)
    assert by_kind["stego"].clean_path == f"ann_submission_2025/clean/{decomposed}.png"
    assert by_kind["negative"].category == "flat" and by_kind["clean"].cover_name == "c7"


def test_an_image_under_another_extension_counts_as_for_detect(clean):
    """A phone's `.HEIC` may be a JPEG."""
    save(clean / "b.jpg", picture(np.random.default_rng(6))).rename(clean / "b.HEIC")
    (clean / "real.HEIC").write_bytes(b"\0\0\0\x18ftypheic")
    (clean / "pipe").symlink_to("/dev/zero")
    found = discover(clean.parents[1])
    names = [entry.path.rsplit("/", 1)[1] for entry in found.entries]
    detected = [os.path.basename(source.path) for source in expand([str(clean)])]
    assert names == detected == ["a.PNG", "b.HEIC"]
    assert [name.rsplit("/", 1)[1] for name in found.ignored] == ["pipe", "real.HEIC"]
