"""Benign metadata: EXIF as cameras and programs write it, comments, and what devices append to their files."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from starlight.images.writing.exif_block import USER_COMMENT, Block, Entry, ascii_, rational
from starlight.images.writing.maker_notes import LAYOUTS, Layout
from starlight.sample.covers.words import word
from starlight.techniques.readable.exif import CHARSETS

__all__ = ["benign_comment", "benign_trailer", "camera_block", "film", "vendor_blocks"]

_ORDERS = {"Canon": "<", "SONY": "<", "NIKON CORPORATION": ">", "Apple": ">", "FUJIFILM": "<", "samsung": "<"}
_WITHOUT_NOTE = ("Google", "HUAWEI", "Xiaomi", "DJI")
_NEWLINES = (b"\n", b"\r\n", b"\n\n", b"\r\n\r\n")
_SOFTWARE = ("Adobe Photoshop 22.1", "GIMP 2.10.34", "Ver.1.00", "13.5.1", "Picasa", "darktable 4.2.0", "HDR+ 1.0.39")
_SHORT_COMMENTS = (b"Screenshot", b"AppleMark", b"oplus_32", b"Hisilicon", b"charset=Ascii", b"DCIM", b"binary", b"N/A")


def camera_block(
    rng: np.random.Generator, *, comment: bytes = b"", thumbnail: bytes = b"", rich: bool = False
) -> Block:
    """Make EXIF as a camera would.

    Parameters
    ----------
    rng : numpy.random.Generator
    comment : bytes
        Raw UserComment with its character code; left out if empty.
    thumbnail : bytes
        JPEG of the thumbnail.
    rich : bool
        With position, maker note and lens data.

    Returns
    -------
    Block
    """
    make = str(rng.choice([*LAYOUTS, *_WITHOUT_NOTE]))
    order = _ORDERS.get(make) or str(rng.choice(["<", ">"]))
    day = f"20{rng.integers(5, 27):02d}:{rng.integers(1, 13):02d}:{rng.integers(1, 29):02d}"
    date = ascii_(f"{day} {rng.integers(0, 24):02d}:{rng.integers(0, 60):02d}:{rng.integers(0, 60):02d}")
    zeroth, exif = _picture(rng, order, make, date), _shot(rng, order, date)
    if comment:
        exif[USER_COMMENT] = (7, comment)
    first = {0x0103: _short(order, 6)} | {t: zeroth[t] for t in (0x011A, 0x011B, 0x0128)} if thumbnail else {}
    interop = {1: ascii_(str(rng.choice(["R98", "R03"]))), 2: (7, b"0100")} if rng.random() < 0.5 else {}
    block = Block(order, zeroth, exif, {}, first, thumbnail, interop)
    return _enriched(rng, block, LAYOUTS.get(make)) if rich else block


def benign_comment(rng: np.random.Generator) -> bytes:
    """Make a UserComment that says nothing: padding, an empty character code, or a short fixed word of a program."""
    kind = int(rng.integers(0, 8))
    if kind == 0:
        return bytes(8 + int(rng.choice([0, 16, 117, 256, 1024])))
    if kind == 1:
        return CHARSETS["ascii"] + b" " * int(rng.choice([36, 44, 110, 125, 247]))
    if kind == 2:
        return CHARSETS["ascii"] + bytes(int(rng.choice([8, 36, 117, 125, 256, 2048])))
    if kind == 3:
        return CHARSETS["unicode"] + bytes(int(rng.choice([0, 2, 54, 64])))
    if kind == 4:
        return CHARSETS["unicode"] + b"\x20\0" * int(rng.integers(4, 60))
    if kind == 5:
        return b" " * int(rng.integers(8, 130))
    if kind == 6:
        return CHARSETS["ascii"] + _pick(rng, _SHORT_COMMENTS)
    return CHARSETS["ascii"] + _pick(rng, _SHORT_COMMENTS) + b" " * int(rng.integers(4, 80))


def benign_trailer(rng: np.random.Generator, *, jpeg: bool) -> tuple[bytes, str]:
    """Make bytes behind an image as cards, servers and devices leave them: padding, or blocks with a directory.

    Parameters
    ----------
    rng : numpy.random.Generator
    jpeg : bool
        Whether the file is one, which phones append blocks to.

    Returns
    -------
    trailer : bytes
    kind : str
    """
    length = int(np.exp(rng.uniform(0, np.log(4096))))
    made: dict[str, Callable[[], bytes]] = {
        "zeros": lambda: bytes(length),
        "ones": lambda: b"\xff" * length,
        "newlines": lambda: _pick(rng, _NEWLINES),
        "spaces": lambda: b" " * min(length, 200),
        "sector": lambda: bytes(int(rng.integers(1, 64))) + b"\xff" * int(rng.integers(1, 512)),
    }
    if jpeg:
        made |= {"vendor": lambda: vendor_blocks(rng), "vendor film": lambda: vendor_blocks(rng, film(rng))}
    kind = str(rng.choice(list(made)))
    return made[kind](), kind


def _pick(rng: np.random.Generator, choices: Sequence[bytes]) -> bytes:
    return choices[int(rng.integers(0, len(choices)))]


def _short(order: str, value: int) -> Entry:
    return 3, struct.pack(order + "H", value)


def _picture(rng: np.random.Generator, order: str, make: str, date: Entry) -> dict[int, Entry]:
    """The picture's directory: who made it, how it lies, its resolution."""
    fields: dict[int, Entry] = {
        0x010F: ascii_(make),
        0x0110: ascii_(f"{word(rng).upper()} {rng.integers(1, 1000)}"),
        0x0112: _short(order, int(rng.choice([1, 1, 1, 3, 6, 8]))),
        0x011A: rational(order, (72, 1)),
        0x011B: rational(order, (72, 1)),
        0x0128: _short(order, 2),
        0x0132: date,
        0x0213: _short(order, int(rng.choice([1, 2]))),
    }
    if rng.random() < 0.5:
        fields[0x0131] = ascii_(str(rng.choice(_SOFTWARE)))
    return fields


def _shot(rng: np.random.Generator, order: str, date: Entry) -> dict[int, Entry]:
    """The camera's directory: how the picture was taken."""
    return {
        0x829A: rational(order, (1, int(rng.choice([8, 30, 60, 125, 250, 1000])))),
        0x829D: rational(order, (int(rng.integers(14, 220)), 10)),
        0x8827: _short(order, int(rng.choice([50, 100, 200, 400, 800, 3200]))),
        0x9000: (7, str(rng.choice(["0210", "0220", "0221", "0230", "0232"])).encode()),
        0x9003: date,
        0x9004: date,
        0x9101: (7, b"\1\2\3\0"),
        0x9207: _short(order, int(rng.choice([1, 3, 5]))),
        0x9209: _short(order, int(rng.choice([0, 16, 24, 25]))),
        0x920A: rational(order, (int(rng.integers(40, 2000)), 10)),
        0xA000: (7, b"0100"),
        0xA001: _short(order, 1),
        0xA002: (4, struct.pack(order + "I", int(rng.integers(640, 6000)))),
        0xA003: (4, struct.pack(order + "I", int(rng.integers(480, 4000)))),
    }


def _enriched(rng: np.random.Generator, block: Block, layout: Layout | None) -> Block:
    """Add a maker note of settings, counters and tables, lens data, and a position."""
    order = block.order
    lens = f"EF{rng.integers(18, 50)}-{rng.integers(55, 300)}mm f/{rng.integers(2, 6)}.6"
    exif = block.exif | {0xA434: ascii_(lens), 0xA420: ascii_(rng.bytes(16).hex())}
    block = replace(block, exif=exif, gps=_position(rng, order))
    if layout is None:
        return block
    own = layout.order or order
    tags = sorted(rng.choice(np.arange(1, 0xC0), int(rng.integers(6, 40)), replace=False).tolist())
    note = {int(tag): _setting(rng, own) for tag in tags}
    return replace(block, layout=layout, note=note)


def _setting(rng: np.random.Generator, order: str) -> Entry:
    """One value of a maker note: a number, a word, or a table of numbers."""
    kind = int(rng.choice(5, p=[0.35, 0.2, 0.15, 0.2, 0.1]))
    if kind == 0:
        return _short(order, int(rng.integers(0, 300)))
    if kind == 1:
        return 4, struct.pack(order + "I", int(rng.integers(0, 100_000)))
    if kind == 2:
        return ascii_(f"{word(rng).upper()} {rng.integers(1, 100)}")
    if kind == 3:
        return 3, rng.integers(0, 300, int(rng.integers(4, 200))).astype(order + "u2").tobytes()
    return 7, rng.integers(0, 40, int(rng.integers(5, 600))).astype("u1").tobytes()


def _position(rng: np.random.Generator, order: str) -> dict[int, Entry]:
    def degrees() -> Entry:
        whole, minutes, seconds = int(rng.integers(0, 90)), int(rng.integers(0, 60)), int(rng.integers(0, 6000))
        return rational(order, (whole, 1), (minutes, 1), (seconds, 100))

    return {
        0: (1, b"\2\3\0\0"),
        1: ascii_("N"),
        2: degrees(),
        3: ascii_("E"),
        4: degrees(),
    }


def vendor_blocks(rng: np.random.Generator, media: bytes = b"") -> bytes:
    """Named blocks, their directory, its length and a magic word, as Samsung's phones append them.

    Parameters
    ----------
    rng : numpy.random.Generator
    media : bytes
        A film to append as a block of its own.
    """
    bodies = [(0x0A01, b"Image_UTC_Data", b"17%011d" % rng.integers(0, 10**11)),
              (0x0AA1, b"MCC_Data", b"%d" % rng.integers(200, 750)),
              (0x0C61, b"Camera_Capture_Mode_Info", b"%d" % rng.integers(0, 9))]  # fmt: skip
    bodies = bodies[: int(rng.integers(1, 4))] + ([(0x0A30, b"MotionPhoto_Data", media)] if media else [])
    blocks, rows = b"", []
    for tag, name, body in bodies:
        block = struct.pack("<HHI", 0, tag, len(name)) + name + body
        rows.append((tag, len(blocks), len(block)))
        blocks += block
    entries = b"".join(struct.pack("<HHII", 0, tag, len(blocks) - at, size) for tag, at, size in rows)
    head = b"SEFH" + struct.pack("<II", 106, len(rows)) + entries
    return blocks + head + struct.pack("<I", len(head)) + b"SEFT"


def film(rng: np.random.Generator) -> bytes:
    """Make a short film, as motion photographs hold: ISO base media boxes."""

    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    media = rng.integers(0, 256, int(rng.integers(400, 6000)), np.uint8).tobytes()
    parts = [box(b"mdat", media), box(b"moov", box(b"mvhd", bytes(100))), box(b"free", b"")]
    if rng.random() < 0.5:
        parts.insert(0, parts.pop(1))
    return box(b"ftyp", b"mp42" + bytes(4) + b"isommp42") + b"".join(parts)
