"""Discovery: odd folders and names are neither dropped in silence nor followed for ever."""

import os

import numpy as np
import pytest
from submission_factory import picture, save

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
