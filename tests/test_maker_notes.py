"""EXIF blocks as cameras lay them out: every directory is where its pointer says, also inside the maker's note."""

import struct

import numpy as np
import pytest

from starlight.images.containers import exif as reader
from starlight.images.writing import exif_block as tiff
from starlight.images.writing.maker_notes import LAYOUTS, Layout
from starlight.sample.covers import metadata

NOTE = {1: (3, b"\1\0"), 2: (2, b"FIRMWARE 1.0\0"), 0x10: (7, bytes(range(77))), 0x20: (4, b"\0\1\2\3")}


def pointed(block: bytes, tag: int, at: int) -> int:
    order = "<" if block[:2] == b"II" else ">"
    return struct.unpack(order + "I", tiff.directory_values(block, at)[tag])[0]


def note_values(note_at: int, layout: Layout, block: bytes) -> dict[int, bytes]:
    """Read the note's directory as its maker's software would: offsets count from where the layout says."""
    order = layout.order or ("<" if block[:2] == b"II" else ">")
    base = 0 if layout.base < 0 else note_at + layout.base
    at, found = note_at + len(layout.head), {}
    for i in range(struct.unpack_from(order + "H", block, at)[0]):
        tag, kind, count, offset = struct.unpack_from(order + "HHII", block, at + 2 + 12 * i)
        size = {2: 1, 3: 2, 4: 4, 7: 1}[kind] * count
        start = at + 10 + 12 * i if size <= 4 else base + offset
        found[tag] = block[start : start + size]
    return found


@pytest.mark.parametrize("make", LAYOUTS)
@pytest.mark.parametrize("order", ["<", ">"])
def test_a_makers_note_is_read_back_where_its_layout_says(make, order):
    layout = LAYOUTS[make]
    block = tiff.build(
        tiff.Block(
            order, {0x10F: tiff.ascii_(make)}, {0x9003: tiff.ascii_("2014:01:01"), 0xA434: tiff.ascii_("a lens")},
            {1: tiff.ascii_("N")}, {}, b"\xff\xd8 thumbnail", {1: tiff.ascii_("R98")}, layout, NOTE,
        )
    )  # fmt: skip
    exif_at = pointed(block, tiff.EXIF_POINTER, 8)
    note = tiff.directory_values(block, exif_at)[tiff.MAKER_NOTE]
    assert note.startswith(layout.head)
    assert note_values(block.index(note), layout, block) == {tag: value for tag, (_, value) in NOTE.items()}
    interop_at = pointed(block, tiff.INTEROP_POINTER, exif_at)
    assert tiff.directory_values(block, interop_at)[1] == b"R98\0"
    assert tiff.directory_values(block, pointed(block, tiff.GPS_POINTER, 8))[1] == b"N\0"
    assert block.endswith(b"\xff\xd8 thumbnail")
    assert reader.read(block).problems == ()


def test_directories_that_nothing_else_needs_are_still_reached():
    alone = tiff.build(tiff.Block(note={1: (3, b"\1\0")}))
    assert tiff.MAKER_NOTE in tiff.directory_values(alone, pointed(alone, tiff.EXIF_POINTER, 8))
    interop = tiff.build(tiff.Block(interop={1: tiff.ascii_("R98")}))
    assert tiff.INTEROP_POINTER in tiff.directory_values(interop, pointed(interop, tiff.EXIF_POINTER, 8))


def test_cameras_blocks_are_well_formed():
    for seed in range(60):
        made = metadata.camera_block(np.random.default_rng(seed), thumbnail=b"\xff\xd8", rich=True)
        found = reader.read(tiff.build(made))
        assert found.problems == ()
        assert found.fields > 20
