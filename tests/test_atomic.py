"""Files that appear whole: after an error what was there is there still, and nothing is left beside it."""

import os

import pytest

from starlight.system import atomic
from starlight.system.atomic import whole, write_bytes, write_text


def test_replaces_what_was_there_and_makes_the_folder(tmp_path):
    path = tmp_path / "a" / "b.txt"
    write_text(path, "one\n")
    write_text(path, "two – dvě\n", lasting=True)
    assert path.read_bytes() == "two – dvě\n".encode()
    assert [p.name for p in path.parent.iterdir()] == ["b.txt"]


@pytest.mark.parametrize("lasting", [False, True])
def test_an_error_leaves_everything_as_it_was(tmp_path, lasting):
    path = tmp_path / "figures.csv"
    write_bytes(path, b"old")
    with pytest.raises(RuntimeError), whole(path, lasting=lasting) as partial:
        partial.write_bytes(b"half")
        raise RuntimeError
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_a_full_disk_leaves_everything_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "figures.csv"
    write_bytes(path, b"old")

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_bytes(path, b"new", lasting=True)
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_what_is_written_can_be_read_by_whom_the_umask_lets(tmp_path):
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "weights", b"w")
    finally:
        os.umask(before)
    assert (tmp_path / "weights").stat().st_mode & 0o777 == 0o644
