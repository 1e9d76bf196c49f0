"""What was typed becomes files: each once, in a fixed order, whatever they are called."""

import os

import pytest

from starlight.cli.inputs import Source, expand

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def tree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    open("keep", "wb").close()
    for name in ("in/b.png", "in/a.JPG", "in/sub/c.gif", "in/sub/deep/d.webp", "in/.hidden.png", "in/notes.txt"):
        os.makedirs(os.path.dirname(name), exist_ok=True)
        open(name, "wb").close()
    with open("in/photo", "wb") as file:
        file.write(PNG)
    return tmp_path


def paths(*args, **options):
    return [source.path for source in expand(args, **options)]


def test_folder_gives_images_by_extension_or_first_bytes_in_order(tree):
    assert paths("in") == ["in/.hidden.png", "in/a.JPG", "in/b.png", "in/photo", "in/sub/c.gif", "in/sub/deep/d.webp"]


def test_named_file_is_always_answered(tree):
    assert paths("in/notes.txt") == ["in/notes.txt"]


def test_missing_name_is_one_line_with_its_reason(tree):
    assert list(expand(["nowhere.png"])) == [Source("nowhere.png", "no such file")]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("in/*.png", ["in/b.png"]),
        ("in/**/*.gif", ["in/sub/c.gif"]),
        ("in/**/*.*", ["in/a.JPG", "in/b.png", "in/notes.txt", "in/sub/c.gif", "in/sub/deep/d.webp"]),
        ("in/s*", ["in/sub/c.gif", "in/sub/deep/d.webp"]),
        ("in/?.[pJ]*", ["in/a.JPG", "in/b.png"]),
        ("**/d.webp", ["in/sub/deep/d.webp"]),
        ("in/**/deep/**/d.*", ["in/sub/deep/d.webp"]),
    ],
)
def test_quoted_globs(tree, pattern, found):
    assert paths(pattern) == found
    assert paths(str(tree / pattern)) == [str(tree / f) for f in found]


def test_glob_without_a_match_is_an_error(tree):
    assert list(expand(["*.bmp"])) == [Source("*.bmp", "no file matches this pattern")]


def test_existing_name_is_not_a_glob(tree):
    open("a[1].png", "wb").close()
    assert paths("a[1].png") == ["a[1].png"]


def test_link_loops_end(tree):
    os.symlink("..", "in/sub/up")
    os.symlink("self.png", "in/self.png")
    os.symlink("nowhere", "in/dangling.png")
    once = ["in/.hidden.png", "in/a.JPG", "in/b.png", "in/dangling.png", "in/photo", "in/self.png", "in/sub/c.gif"]
    assert paths("in") == [*once, "in/sub/deep/d.webp"]
    assert paths("in/**/d.webp") == ["in/sub/deep/d.webp"]


def test_tree_deeper_than_the_stack(tree):
    here = os.getcwd()
    for _ in range(1050):
        os.mkdir("d")
        os.chdir("d")
    open("x.png", "wb").close()
    os.chdir(here)
    try:
        assert paths("d") == ["d/" * 1050 + "x.png"]
    finally:  # pytest cannot remove it: `shutil.rmtree` recurses
        os.remove("d/" * 1050 + "x.png")
        os.removedirs("d/" * 1050)


def test_folder_that_cannot_be_listed_is_a_line(tree, monkeypatch):
    real = os.scandir

    def scandir(path):
        if str(path).endswith("sub"):
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    last = list(expand(["in"]))[-1]
    assert last == Source("in/sub", "folder not searched: permission denied")


@pytest.mark.parametrize(("null", "end"), [(False, b"\n"), (True, b"\0")])
def test_list_on_standard_input(tree, null, end):
    odd = b"in/caf\xe9.png"
    reader, writer = os.pipe()
    os.write(writer, b"in/b.png" + end + end + odd + end + b"in/a.JPG")
    os.close(writer)
    with open(odd, "wb"):
        assert paths("-", null=null, stdin=reader) == ["in/b.png", os.fsdecode(odd), "in/a.JPG"]
    os.close(reader)


def test_name_with_a_newline_needs_null(tree):
    open("two\nlines.png", "wb").close()
    reader, writer = os.pipe()
    os.write(writer, b"two\nlines.png\0")
    os.close(writer)
    assert paths("-", null=True, stdin=reader) == ["two\nlines.png"]
    os.close(reader)
