"""The search through samples: what open tools and people write is read back whole, pictures alone yield nothing."""

from __future__ import annotations

import dataclasses
import gzip
import io
import math
import zipfile

import numpy as np
import pytest
from PIL import Image as PillowImage

from starlight.findings.pixels import search
from starlight.findings.pixels.codepoints import ENCODINGS, curve
from starlight.findings.pixels.heads import candidates
from starlight.findings.pixels.layouts import BASES, Layout
from starlight.findings.pixels.orders import Lane, chosen_lanes, lanes
from starlight.findings.pixels.planes import Plane, planes
from starlight.findings.pixels.search import FALSE_HITS, threshold
from starlight.images.deep import low_bytes
from starlight.images.frames import further_frames
from starlight.images.image import Image, decode
from starlight.sample import covers

ENGLISH = "Meet me at the old harbour after nine, bring the papers. Tell nobody about it, and burn this note!"
RUSSIAN = "Встретимся у старого причала после девяти, возьми бумаги. Никому не говори."
CHINESE = "九点以后在旧码头见面，带上文件，不要告诉任何人。我们的钥匙在门口的花盆下面。"
GERMAN = "Wir treffen uns nach neun am alten Hafen; bring die Papiere für Jürgen mit, größer als üblich."
LOWEST = Layout((0,))


def scene(seed: int, height: int = 128, width: int = 128) -> np.ndarray:
    pixels = covers.make("camera", np.random.default_rng(seed), height, width, str(seed)).pixels
    return pixels if pixels.ndim == 3 else np.repeat(pixels[:, :, None], 3, axis=2)


def write(samples, data, *, order="rows", chosen=(0, 1, 2), layout=LOWEST, first=0, letters="rgb"):
    """Samples (h, w, c) with bytes in the places that a lane and a layout read, from sample `first` on."""
    numbers = np.arange(samples.size).reshape(samples.shape)
    at = Lane(Plane("", "", letters, numbers), order, chosen).samples()[first:]
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little" if layout.flipped else "big")
    if layout.ninth:
        bits = np.pad(bits.reshape(-1, 8), ((0, 0), (0, 1))).reshape(-1)
        bits[-1] = 1
    groups = np.pad(bits, (0, -len(bits) % len(layout.bits))).reshape(-1, len(layout.bits))
    out = samples.reshape(-1).copy()
    for i, bit in enumerate(layout.bits):
        places = at[: len(groups)]
        out[places] = (out[places] & (0xFF ^ (1 << bit))) | (groups[:, i] << bit)
    return out.reshape(samples.shape)


def stored(samples: np.ndarray, form: str = "PNG", **options) -> Image:
    file = io.BytesIO()
    picture = samples if isinstance(samples, PillowImage.Image) else PillowImage.fromarray(samples.squeeze())
    picture.save(file, form, **options)
    return decode(file.getvalue())


def first(image: Image) -> bytes:
    found = search(image)
    assert found, "nothing was found"
    return found[0].payload


@pytest.mark.parametrize("bit", range(8))
@pytest.mark.parametrize("flipped", [False, True])
def test_every_bit_plane_is_read(bit, flipped):
    text = ENGLISH.encode() + b"\0"
    chosen = [(0, 1, 2), (2, 1, 0), (0,), (1,), (2,)][bit % 5]
    image = stored(write(scene(bit), text, chosen=chosen, layout=Layout((bit,), flipped)))
    assert first(image) == ENGLISH.encode()


@pytest.mark.parametrize("layout", BASES[8:], ids=str)
def test_every_layout_is_read(layout):
    if layout.bits == (7, 6, 5, 4):
        layout = dataclasses.replace(layout, flipped=True)
    assert first(stored(write(scene(1), (2 * ENGLISH).encode() + b"\0", layout=layout))) == (2 * ENGLISH).encode()


@pytest.mark.parametrize("order", [name for name, _ in lanes(Plane("", "", "rgb", scene(2)))])
def test_every_order_is_read(order):
    text = ENGLISH.encode() + b"\0"
    assert first(stored(write(scene(2), text, order=order, chosen=(1,)))) == ENGLISH.encode()


@pytest.mark.parametrize("order", [name for name, _ in chosen_lanes(Plane("", "", "rgb", scene(3)))])
def test_pixels_that_a_sequence_picks_are_read(order):
    samples = scene(3, 256, 256)
    room = len(Lane(Plane("", "", "rgb", samples), order, (0, 1, 2)).samples()) // 8 - 4
    if room < 20:
        pytest.skip("the sequence has too few numbers for a text")
    text = ENGLISH.encode()[:room]
    assert first(stored(write(samples, b"%d:%s" % (len(text), text), order=order))) == text


@pytest.mark.parametrize("chosen", [(1, 0, 2), (2, 0, 1), (0, 2), (2, 1), (1, 0)])
def test_channels_in_any_order(chosen):
    assert first(stored(write(scene(4), ENGLISH.encode() + b"\0", chosen=chosen))) == ENGLISH.encode()


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (ENGLISH, "utf-16-le"), (ENGLISH, "utf-16-be"), (ENGLISH, "utf-32-le"), (ENGLISH, "utf-32-be"),
        (RUSSIAN, "utf-8"), (RUSSIAN, "utf-16-le"), (RUSSIAN, "cp1251"), (RUSSIAN, "koi8-r"), (RUSSIAN, "cp866"),
        (CHINESE, "utf-8"), (CHINESE, "gb18030"), (CHINESE, "utf-16-be"), (GERMAN, "utf-8"), (GERMAN, "cp1252"),
    ],
)  # fmt: skip
def test_text_in_other_encodings(text, encoding):
    data = text.encode(encoding)
    assert first(stored(write(scene(5), data + bytes(4)))) == data


@pytest.mark.parametrize("wide", [2, 4, 8])
@pytest.mark.parametrize("order", ["big", "little"])
@pytest.mark.parametrize("unit", [1, 8])
def test_a_count_in_front_does_not_end_the_text(wide, order, unit):
    data = (6 * ENGLISH).encode()
    image = stored(write(scene(6), (unit * len(data)).to_bytes(wide, order) + data))
    assert first(image) == data


@pytest.mark.parametrize("zeros", [1, 4, 16, 37, 300])
def test_zeros_in_front_do_not_end_the_text(zeros):
    assert first(stored(write(scene(7, 160, 160), bytes(zeros) + ENGLISH.encode() + b"\0"))) == ENGLISH.encode()


@pytest.mark.parametrize("start", [1, 3, 777, 20_005])
@pytest.mark.parametrize("layout", [LOWEST, Layout((2,), True), Layout((1, 0)), Layout((0, 1, 2, 3), True)], ids=str)
def test_text_that_begins_anywhere(start, layout):
    found = first(stored(write(scene(8), ENGLISH.encode() + b"\0", first=start, layout=layout)))
    assert found.endswith(ENGLISH.encode())
    assert len(found) <= len(ENGLISH) + 6  # noise in front of it may read as a letter or two


def _archive() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("note.txt"), ENGLISH)
    return file.getvalue()


def _picture() -> bytes:
    file = io.BytesIO()
    PillowImage.fromarray(scene(9, 16, 16)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    "data", [_archive(), gzip.compress(ENGLISH.encode(), mtime=0), _picture()], ids=["zip", "gz", "png"]
)
@pytest.mark.parametrize("counted", [False, True])
def test_files_are_read_whole(data, counted):
    head = len(data).to_bytes(4, "big") if counted else b""
    assert first(stored(write(scene(10), head + data, order="columns", layout=Layout((1, 0))))) == data


@pytest.mark.parametrize("flag", [b"flag{th1s_1s_it}", b"picoCTF{h1dd3n_4_you}", b"HTB{s0me_w0rds}"])
@pytest.mark.parametrize("layout", [LOWEST, Layout((0,), True), Layout((1,))], ids=str)
def test_short_flags(flag, layout):
    assert first(stored(write(scene(11), flag + b"\0", chosen=(2,), order="columns", layout=layout))) == flag


def test_the_mark_of_the_protocol_is_no_part_of_the_text():
    alpha = write(
        np.full((64, 64, 1), 255, np.uint8), b"AI42hello\0", chosen=(0,), layout=Layout((0,), True), letters="a"
    )
    found = search(stored(np.concatenate([scene(12, 64, 64), alpha], axis=2)))
    assert [(f.technique, f.payload) for f in found] == [("alpha", b"hello")]


@pytest.mark.parametrize("name", [b"stealth_pnginfo", b"stealth_pngcomp"])
def test_settings_of_picture_generators_in_alpha(name):
    body = gzip.compress(ENGLISH.encode(), mtime=0) if name.endswith(b"comp") else ENGLISH.encode()
    data = name + (8 * len(body)).to_bytes(4, "big") + body
    alpha = write(np.full((96, 96, 1), 255, np.uint8), data, order="columns", chosen=(0,), letters="a")
    image = stored(np.concatenate([scene(13, 96, 96), alpha], axis=2), "WEBP", quality=80)
    assert not image.container.lossless
    assert [(f.technique, f.payload) for f in search(image)] == [("alpha", body)]


def test_indices_of_a_palette():
    picture = PillowImage.fromarray(scene(14)).quantize(256)
    indices = write(np.asarray(picture)[:, :, None], ENGLISH.encode() + b"\0", chosen=(0,), letters="i")
    marked = PillowImage.fromarray(indices[:, :, 0])
    marked.putpalette(picture.getpalette())
    found = search(stored(marked, "GIF", optimize=False))
    assert [(f.technique, f.payload) for f in found] == [("palette", ENGLISH.encode())]


@pytest.mark.parametrize(("form", "options"), [("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True, "exact": True})])
def test_further_frames_are_read(form, options):
    frames = [scene(20 + i) for i in range(3)]
    frames[2] = write(frames[2], ENGLISH.encode() + b"\0")
    rest = [PillowImage.fromarray(frame) for frame in frames[1:]]
    image = stored(frames[0], form, save_all=True, append_images=rest, **options)
    for number, frame in further_frames(image, 9):
        assert np.array_equal(frame.pixels, frames[number])
    found = search(image)
    assert [f.payload for f in found] == [ENGLISH.encode()]
    assert "frame 3" in found[0].place


def _deep(high: np.ndarray, low: np.ndarray) -> Image:
    """A 16-bit PNG written by hand: Pillow writes none in colour."""
    import struct
    import zlib

    rows = np.stack([high, low], axis=3).reshape(len(high), -1)
    raw = np.pad(rows, ((0, 0), (1, 0))).tobytes()
    out = b"\x89PNG\r\n\x1a\n"
    header = struct.pack(">IIBBBBB", high.shape[1], high.shape[0], 16, 2, 0, 0, 0)
    for kind, content in ((b"IHDR", header), (b"IDAT", zlib.compress(raw)), (b"IEND", b"")):
        out += struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
    return decode(out)


@pytest.mark.parametrize("layout", [LOWEST, BASES[-1]], ids=str)
def test_low_bytes_of_deep_samples(layout):
    noise = np.random.default_rng(0).integers(0, 256, (96, 96, 3), np.uint8)
    low = write(noise, ENGLISH.encode() + b"\0", layout=layout)
    image = _deep(scene(30, 96, 96), low)
    assert np.array_equal(low_bytes(image), low)
    assert first(image) == ENGLISH.encode()


def test_colours_under_full_transparency():
    pixels, alpha = scene(31), np.zeros((128, 128, 1), np.uint8)
    alpha[20:90, 30:100] = 255
    unseen = alpha[:, :, 0] == 0
    pixels[unseen] = write(pixels[unseen][None], ENGLISH.encode() + b"\0")[0]
    assert first(stored(np.concatenate([pixels, alpha], axis=2))) == ENGLISH.encode()


def _pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(40)
    y, x = np.mgrid[:128, :128]
    return {
        "noise": rng.integers(0, 256, (128, 128, 3), np.uint8),
        "gradient": np.stack([x + y, 2 * x, 2 * y], axis=2).astype(np.uint8),
        "stripes": np.repeat((x // 3 % 2 * 255).astype(np.uint8)[:, :, None], 3, axis=2),
        "chequered": ((x // 8 + y // 8) % 2 * 97 + 32).astype(np.uint8),
        "two levels": (rng.random((128, 128)) < 0.3).astype(np.uint8) * 255,
        "few levels": (scene(41) >> 5 << 5),
        "rough": (80 + 18 * rng.standard_normal((128, 128, 3))).clip(0, 255).astype(np.uint8),
        "flat": np.full((128, 128, 3), 0x65, np.uint8),
        "alpha that counts": np.concatenate([scene(45), ((x + y) % 256).astype(np.uint8)[:, :, None]], axis=2),
        "scene": scene(42),
        "drawing": covers.make("drawing", rng, 128, 128, "1").pixels,
    }


@pytest.mark.parametrize("name", _pictures())
def test_pictures_alone_yield_nothing(name):
    picture = _pictures()[name]
    assert search(stored(picture)) == []
    if picture.shape[2:] == (3,):
        assert search(stored(PillowImage.fromarray(picture).quantize(32))) == []


def test_colours_of_a_lossy_file_are_not_searched():
    file = io.BytesIO()
    PillowImage.fromarray(scene(43)).save(file, "JPEG", quality=90)
    assert list(planes(decode(file.getvalue()))) == []


def test_the_number_of_hypotheses_is_paid_for():
    """Under the null each hypothesis exceeds its threshold with a probability of e^-threshold (Ville's inequality)."""
    tried = sum(candidates(plane)[1] for plane in planes(stored(scene(44))))
    usual = 64
    assert tried * math.exp(-threshold(tried)) + usual * math.exp(-threshold(tried, usual=True)) <= FALSE_HITS
    assert threshold(tried) > threshold(tried, usual=True) > math.log(1 / FALSE_HITS)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_random_bytes_are_no_text_in_any_encoding(encoding):
    rng = np.random.default_rng(50)
    assert max(curve(rng.bytes(200), encoding).max() for _ in range(40)) < 12


@pytest.mark.parametrize("flipped", [False, True])
def test_bits_that_were_turned(flipped):
    turned = bytes(0xFF ^ c for c in ENGLISH.encode())
    image = stored(write(scene(60), turned + b"\xff", layout=Layout((0,), flipped)))
    assert first(image) == ENGLISH.encode()


def test_a_register_picks_pixels_in_no_order():
    text = ENGLISH.encode()
    image = stored(write(scene(61), b"%d:%s" % (len(text), text), order="a shift register"))
    assert first(image) == text
