"""The account of bytes: spans tile every file, and what was put where no structure has room is found."""

import base64
import io
import struct
import zipfile
import zlib

import numpy as np
import pytest
import tiny
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from starlight.errors import BadImage
from starlight.findings.account import account
from starlight.findings.account.fields import user_comment
from starlight.images import surplus
from starlight.images.image import decode
from starlight.techniques import get

_RNG = np.random.default_rng(3)
_CIPHER = _RNG.integers(0, 256, 900, dtype=np.uint8).tobytes()
_TEXT = b"Meet me at the old bridge at seven, and bring the second key with you."
_FORMATS = ("png", "jpeg", "gif", "webp", "bmp", "tiff")


def _file(kind: str, **options) -> bytes:
    out = io.BytesIO()
    Image.fromarray(tiny.pixels()).save(out, kind, **options)
    return out.getvalue()


def _zip() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(zipfile.ZipInfo("note.txt"), _TEXT)
    return out.getvalue()


def _read(data: bytes):
    """The account of a file, after checking that its spans tile it."""
    kept = account(decode(data))
    position = 0
    for span in kept.spans:
        assert span.offset == position and span.length > 0
        position += span.length
    assert position == len(data)
    return kept


def _hidden(data: bytes) -> list:
    return [found for found in _read(data).findings if found.hidden]


_FILES = {kind: _file(kind) for kind in _FORMATS} | {"progressive": _file("jpeg", progressive=True)}


@pytest.mark.parametrize("kind", _FILES)
def test_an_ordinary_file_is_explained(kind):
    kept = _read(_FILES[kind])
    assert all(span.explained for span in kept.spans) and not _hidden(_FILES[kind])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(_FILES)), st.binary(min_size=4, max_size=400))
def test_appended_bytes_are_always_found(kind, tail):
    if len(set(tail)) == 1 or tail.strip(b"\r\n\x1a") == b"":
        return  # padding, a line's end
    if kind == "tiff" and len(_FILES[kind] + tail) % 4096 == 0:
        return
    [found] = _hidden(_FILES[kind] + tail)
    assert found.technique == "raw" and found.offset >= len(_FILES[kind])
    assert (_FILES[kind] + tail)[found.offset :].startswith(found.payload)


@pytest.mark.parametrize("kind", _FILES)
@pytest.mark.parametrize("tail", [bytes(1), bytes(500), b"\xff" * 64, b"\r\n"])
def test_padding_is_explained(kind, tail):
    assert not _hidden(_FILES[kind] + tail)


@pytest.mark.parametrize("kind", _FORMATS)
def test_what_is_appended_is_named(kind):
    for tail, what in ((_zip(), "zip archive"), (_TEXT, f"text of {len(_TEXT)} bytes"),
                       (_CIPHER, "900 random-looking bytes"), (b"#!/bin/sh\necho hello\n", "script of 21 bytes"),
                       (_file("png"), "PNG image"), (_file("jpeg"), "JPEG image")):  # fmt: skip
        [found] = _hidden(_FILES[kind] + tail)
        assert found.what == what and found.payload == tail and found.offset == len(_FILES[kind])


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _png_with(name: bytes, body: bytes) -> bytes:
    data = _FILES["png"]
    at = data.index(b"IDAT") - 4
    return data[:at] + _chunk(name, body) + data[at:]


def test_png_chunks():
    for name, body in ((b"stEg", _TEXT), (b"gAMA", struct.pack(">I", 45455) + _TEXT), (b"tEXt", b"Comment\0" + _CIPHER),
                       (b"tEXt", b"Comment\0" + _zip()), (b"zTXt", b"x\0\0" + zlib.compress(_CIPHER))):  # fmt: skip
        assert _hidden(_png_with(name, body)), name
    for name, body in ((b"tEXt", b"Comment\0" + _TEXT), (b"vpAg", struct.pack(">IIB", 9, 9, 0)),
                       (b"iTXt", b"parameters\0\0\0\0\0a cat\nSteps: 30, Sampler: Euler"),
                       (b"tEXt", b"prompt\0" + b'{"3": {"inputs": {"seed": 1}}}'),
                       (b"gAMA", struct.pack(">I", 45455))):  # fmt: skip
        assert not _hidden(_png_with(name, body)), name


def test_png_data_inside_iend_and_behind_the_stream():
    data = _FILES["png"]
    inside = data[: data.index(b"IEND") - 4] + _chunk(b"IEND", _TEXT)
    assert "inside IEND" in str(_hidden(inside)[0])
    at = data.index(b"IDAT")
    size = int.from_bytes(data[at - 4 : at], "big")
    body = data[at + 4 : at + 4 + size]
    behind = data[: at - 4] + _chunk(b"IDAT", body + _TEXT) + data[at + 8 + size :]
    [found] = _hidden(behind)
    assert found.payload == _TEXT and behind[found.offset :].startswith(_TEXT)
    more = data[: at - 4] + _chunk(b"IDAT", zlib.compress(zlib.decompress(body) + _TEXT)) + data[at + 8 + size :]
    [found] = _hidden(more)
    assert found.payload == _TEXT and "below the last row" in found.place


def test_rows_below_a_jpeg():
    data = bytearray(_file("jpeg"))
    at = data.index(b"\xff\xc0") + 5
    height = int.from_bytes(data[at : at + 2], "big")
    data[at : at + 2] = (height // 2).to_bytes(2, "big")
    [found] = _hidden(bytes(data))
    assert "in the scan" in found.place


def _segment(code: int, body: bytes) -> bytes:
    return b"\xff" + bytes([code]) + struct.pack(">H", len(body) + 2) + body


def _jpeg_with(code: int, body: bytes) -> bytes:
    return _FILES["jpeg"][:2] + _segment(code, body) + _FILES["jpeg"][2:]


def test_jpeg_segments():
    for code, body in ((0xFE, _zip()), (0xFE, b"<?php system($_GET['c']); ?>"), (0xE5, _TEXT), (0xE9, _CIPHER),
                       (0xE2, b"ICC_PROFILE\0\1\1" + _CIPHER), (0xED, b"Photoshop 3.0\0" + _CIPHER),
                       (0xE1, b"http://ns.adobe.com/xap/1.0/\0" + _CIPHER)):  # fmt: skip
        assert _hidden(_jpeg_with(code, body)), hex(code)
    for code, body in ((0xFE, b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n"), (0xFE, _TEXT),
                       (0xEC, b"Ducky\0\1\0\4\0\0\0<"), (0xE2, b"FPXR\0" + bytes(40))):  # fmt: skip
        assert not _hidden(_jpeg_with(code, body)), hex(code)


def _film(media: bytes = _CIPHER) -> bytes:
    def box(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body) + 8) + kind + body

    return box(b"ftyp", b"isom\0\0\2\0isommp41") + box(b"mdat", media) + box(b"moov", bytes(100))


def _micro_video(behind: bytes, length: int) -> bytes:
    packet = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><a GCamera:MicroVideoOffset="{length}"/></x:xmpmeta>'
    return _jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()) + behind


def _container_list(behind: bytes, *items: tuple[str, str, int]) -> bytes:
    rows = "".join(
        f'<rdf:li><Container:Item Item:Semantic="{s}" Item:Mime="{m}" Item:Length="{n}"/></rdf:li>' for s, m, n in items
    )
    packet = '<x:xmpmeta><Container:Item Item:Semantic="Primary" Item:Mime="image/jpeg"/>' + rows + "</x:xmpmeta>"
    return _jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + packet.encode()) + behind


def _samsung(film: bytes) -> bytes:
    blocks, rows = b"", []
    for tag, name, body in ((0x0A01, b"Image_UTC_Data", b"1723231021000"), (0x0A30, b"MotionPhoto_Data", film)):
        block = struct.pack("<HHI", 0, tag, len(name)) + name + body
        rows.append((tag, len(blocks), len(block)))
        blocks += block
    entries = b"".join(struct.pack("<HHII", 0, tag, len(blocks) - at, size) for tag, at, size in rows)
    head = b"SEFH" + struct.pack("<II", 107, len(rows)) + entries
    return _FILES["jpeg"] + blocks + head + struct.pack("<I", len(head)) + b"SEFT"


def _motion(film: bytes, tail: bytes = b"") -> dict[str, bytes]:
    return {
        "MicroVideo": _micro_video(film + tail, len(film)),
        "GContainer": _container_list(film + tail, ("MotionPhoto", "video/mp4", len(film))),
        "Samsung": _samsung(film) if not tail else _samsung(film + tail),
    }


@pytest.mark.parametrize("brand", ["MicroVideo", "GContainer", "Samsung"])
def test_a_motion_photograph_is_explained_to_its_end(brand):
    film = _film()
    kept = _read(_motion(film)[brand])
    assert all(span.explained for span in kept.spans)
    [found] = [f for f in _read(_motion(film, _zip())[brand]).findings if f.hidden]
    assert found.what == "zip archive" and found.payload.startswith(_zip())
    assert [f for f in _read(_motion(_CIPHER)[brand]).findings if f.hidden]  # no film at all
    spare = _film() + struct.pack(">I", len(_TEXT) + 8) + b"free" + _TEXT
    [found] = [f for f in _read(_motion(spare)[brand]).findings if f.hidden]
    assert found.payload == _TEXT and "free box" in found.place


@pytest.mark.parametrize("brand", ["MicroVideo", "GContainer", "Samsung"])
def test_a_file_among_the_samples_of_a_film_is_found(brand):
    for media in (_zip(), _CIPHER + _zip(), _TEXT):
        [found] = _hidden(_motion(_film(media))[brand])
        assert found.payload == media.removeprefix(_CIPHER)


def _tabled(chunks: list[bytes], between: bytes = b"", after: bytes = b"", *, counted_from: int = 0) -> bytes:
    """A film of one track whose chunks of two samples each lie one after the other, and what no table names."""

    def box(kind: bytes, *parts: bytes) -> bytes:
        body = b"".join(parts)
        return struct.pack(">I", len(body) + 8) + kind + body

    def table(kind: bytes, *numbers: int) -> bytes:
        return box(kind, struct.pack(f">{len(numbers)}I", *numbers))

    head = box(b"ftyp", b"isom\0\0\2\0isommp41")
    at, offsets, media = counted_from + len(head) + 8, [], b""
    for chunk in chunks:
        offsets.append(at + len(media))
        media += chunk + between
    sizes = [size for chunk in chunks for size in (len(chunk) // 3, len(chunk) - len(chunk) // 3)]
    tables = box(
        b"stbl", table(b"stsz", 0, 0, len(sizes), *sizes), table(b"stsc", 0, 1, 1, 2, 1),
        table(b"stco", 0, len(offsets), *offsets),
    )  # fmt: skip
    track = box(b"trak", box(b"mdia", box(b"minf", tables)))
    return head + box(b"mdat", media, after) + box(b"moov", track)


_CHUNKS = [_CIPHER[:300], _CIPHER[300:1000], _CIPHER[100:500]]


@pytest.mark.parametrize("brand", ["MicroVideo", "GContainer", "Samsung"])
def test_samples_of_a_film_are_followed_by_their_tables(brand):
    for padding in (b"", bytes(200), b"\1\2\3"):
        assert not _hidden(_motion(_tabled(_CHUNKS, padding))[brand])
    [found] = _hidden(_motion(_tabled(_CHUNKS, after=_CIPHER[:700]))[brand])
    assert found.payload == _CIPHER[:700] and "no table names" in found.place
    assert len(_hidden(_motion(_tabled(_CHUNKS, _TEXT))[brand])) == len(_CHUNKS)
    [found] = _hidden(_motion(_tabled(_CHUNKS, after=_zip()))[brand])
    assert found.payload == _zip()


def test_tables_that_contradict_each_other_say_nothing():
    film = _tabled(_CHUNKS, after=_CIPHER[:700])
    assert not _hidden(_motion(film.replace(b"stsc", b"xxxx"))["MicroVideo"])
    assert not _hidden(_motion(_tabled(_CHUNKS, after=_CIPHER[:700], counted_from=1 << 20))["MicroVideo"])


def test_a_film_or_a_second_picture_that_nothing_announces_is_no_excuse():
    for tail in (_film(), _FILES["jpeg"]):
        [found] = _hidden(_FILES["jpeg"] + tail)
        assert found.payload == tail


def test_a_gain_map_is_explained_and_read_itself():
    second = _FILES["jpeg"]
    assert not _hidden(_container_list(second, ("GainMap", "image/jpeg", len(second))))
    behind = second + _zip()
    [found] = _hidden(_container_list(behind, ("GainMap", "image/jpeg", len(second))))
    assert found.what == "zip archive"
    inside = _jpeg_with(0xFE, _zip())
    [found] = _hidden(_container_list(inside, ("GainMap", "image/jpeg", len(inside))))
    assert found.what == "zip archive" and "GainMap" in found.place


def test_slack_of_a_file_system_is_explained():
    data = _FILES["jpeg"]
    sector = data + bytes(-len(data) % 512)
    if len(sector) == len(data):
        sector += bytes(512)
    old = sector + _CIPHER * 20
    assert not _hidden(old[: len(old) // 4096 * 4096])
    assert _hidden(old[: len(old) // 4096 * 4096 - 7])


def test_gif_blocks_and_codes():
    data = _FILES["gif"]
    comment = lambda body: data[:-1] + b"\x21\xfe" + bytes([len(body)]) + body + b"\0" + data[-1:]  # noqa: E731
    assert not _hidden(comment(b"Created with GIMP"))
    assert _hidden(comment(_CIPHER[:200]))
    at = len(data) - 2  # the last frame's terminator
    behind = data[:at] + bytes([len(_TEXT)]) + _TEXT + data[at:]
    [found] = _hidden(behind)
    assert found.payload.endswith(_TEXT) and "codes" in found.place


def test_bmp_gap_row_ends_and_fourth_bytes():
    data = bytearray(_FILES["bmp"])
    start = int.from_bytes(data[10:14], "little")
    gap = data[:start] + _TEXT + data[start:]
    gap[10:14] = struct.pack("<I", start + len(_TEXT))
    gap[2:6] = struct.pack("<I", len(gap))
    [found] = _hidden(bytes(gap))
    assert found.payload == _TEXT
    pixels = np.zeros((64, 33, 3), np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "bmp")
    rows = np.frombuffer(out.getvalue(), np.uint8).copy()
    stride = 100
    ends = rows[54:].reshape(64, stride)[:, 99]
    ends[:] = np.frombuffer(_TEXT[:64], np.uint8)
    assert _hidden(rows.tobytes())


def test_webp_unknown_chunk():
    body = _FILES["webp"][12:]
    extra = b"STEG" + struct.pack("<I", len(_TEXT)) + _TEXT
    data = b"RIFF" + struct.pack("<I", 4 + len(body) + len(extra)) + b"WEBP" + body + extra
    [found] = _hidden(data)
    assert found.payload == _TEXT


def test_tiff_between_its_pieces():
    data = _FILES["tiff"]
    at = int.from_bytes(data[4:8], "little")
    moved = data + bytes(-len(data) % 2) + _TEXT
    assert at < len(data) and _hidden(moved)


@pytest.mark.parametrize("kind", ["jpeg", "png", "webp"])
def test_comments_are_notes_and_framed_payloads_are_not(kind):
    embed = get("exif").embed
    for charset in ("ascii", "undefined", "jis"):
        [found] = _hidden(embed(_FILES[kind], _TEXT, charset=charset))
        assert found.technique == "exif" and found.payload == _TEXT
    for plain in (b"Holiday in Rome 2014", "Закат над морем".encode(), b"oplus_32", b"Screenshot",
                  b'{"sceneMode":0,"filterId":66048,"mirror":false}', b"", bytes(60), b" " * 40):  # fmt: skip
        data = embed(_FILES[kind], plain, framed=False)
        assert not _hidden(data), plain
    assert not _hidden(embed(_FILES[kind], b"Screenshot", framed=True))
    assert [f.technique for f in _hidden(embed(_FILES[kind], _zip(), framed=False))] == ["exif"]
    assert [f.technique for f in _hidden(embed(_FILES[kind], _CIPHER, framed=False))] == ["exif"]


def test_notes_say_what_people_left():
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", "Sunset over the bay")
    [note] = _read(_file("png", pnginfo=info)).findings
    assert not note.hidden and note.payload == b"Sunset over the bay"


def test_a_text_among_colours_that_no_pixel_has():
    picture = Image.fromarray(np.indices((32, 32)).sum(axis=0).astype(np.uint8) % 8, "P")
    colours = _RNG.integers(0, 256, 24, dtype=np.uint8).tobytes() + _TEXT + bytes(2)
    picture.putpalette(colours)
    out = io.BytesIO()
    picture.save(out, "png", bits=8)
    found = _hidden(out.getvalue())
    assert found and found[0].payload.startswith(_TEXT)


def test_a_former_directory_of_a_tiff_is_explained():
    rows = b"".join(struct.pack("<HHII", tag, 3, 1, 9) for tag in (256, 257, 258, 259, 262))
    former = bytes(2) + struct.pack("<H", 5) + rows + bytes(4)
    assert not _hidden(_FILES["tiff"] + former) and _hidden(_FILES["tiff"] + former + _CIPHER)


def test_a_bitstream_that_decodes_to_another_picture_has_no_bytes_to_spare(monkeypatch):
    chunk = b"VP8L" + struct.pack("<I", 400) + bytes(400)
    monkeypatch.setattr(surplus, "_picture", lambda _, size: b"whole" if size == 400 else b"another")
    assert surplus.webp_surplus(chunk) == 0
    monkeypatch.setattr(surplus, "_picture", lambda _, size: b"whole" if size >= 350 else None)
    assert surplus.webp_surplus(chunk) == 50


@pytest.mark.parametrize("seed", range(40))
def test_no_webp_of_an_encoder_has_bytes_to_spare(seed):
    rng = np.random.default_rng(seed)
    height, width = (int(n) for n in rng.integers(1, 60, 2))
    tile = rng.integers(0, 256, (height, width, 3)).astype(np.uint8)
    pixels = [tile, tile // 255 * 255, np.concatenate([tile, tile[::-1], tile]), tile * 0 + tile[0, 0]][seed % 4]
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(
        buffer, "WEBP", lossless=bool(seed % 3 == 0), quality=int(rng.integers(0, 101)), method=int(rng.integers(0, 7))
    )
    assert not _hidden(buffer.getvalue())


@pytest.mark.parametrize("lossless", [False, True])
def test_bytes_behind_the_bitstream_of_a_webp(lossless):
    data = _file("webp", lossless=lossless)
    size = int.from_bytes(data[16:20], "little")
    body = data[12:16] + struct.pack("<I", size + 900) + data[20 : 20 + size] + _CIPHER + bytes(size & 1)
    [found] = _hidden(b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body)
    assert "behind the picture" in found.place and found.payload.endswith(_CIPHER[8:])


def test_delays_of_frames_that_spell_a_text():
    frames = [Image.fromarray(np.roll(tiny.pixels(), i, axis=1)).quantize(16) for i in range(12)]

    def film(delays):
        out = io.BytesIO()
        frames[0].save(out, "gif", save_all=True, append_images=frames[1:], duration=[10 * d for d in delays])
        return out.getvalue()

    assert _hidden(film(b"bring a rope"))[0].payload == b"bring a rope"
    assert not _hidden(film([10, 8, 10, 12, 10, 6, 10, 10, 9, 10, 10, 50]))


def test_a_field_of_xmp_that_stands_for_a_file():
    def packet(field: str, body: bytes) -> bytes:
        text = f"<x:xmpmeta><{field}>{base64.b64encode(body).decode()}</{field}></x:xmpmeta>".encode()
        return _jpeg_with(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + text)

    assert "field of the XMP" in _hidden(packet("dc:description", _zip()))[0].place
    assert not _hidden(packet("xmpGImg:image", _FILES["jpeg"]))


@pytest.mark.parametrize(("text", "encoding"), [
    ("Закат над морем", "cp1251"), ("С НОВЫМ ГОДОМ!!!", "koi8-r"), ("2014年国庆节去北京旅游", "gb18030"),
    ("おばあちゃんの誕生日", "shift_jis"), ("我的家人在長城上的合影", "big5"), ("חופשה באילת 2014", "cp1255"),
    ("Größe: Übung für Ärzte", "cp1252"), ("Żółta łódź na jeziorze", "cp1250"), ("IMG_2034, f/2.8 1/250s", "ascii"),
    ("d41d8cd98f00b204e9800998ecf8427e", "ascii"), ("The eval(uation) of 2014", "ascii"),
])  # fmt: skip
def test_captions_in_many_encodings_are_notes(text, encoding):
    for name in (encoding, "utf-8", "utf-16-le", "utf-16-be"):
        charset = "unicode" if "16" in name else "ascii"
        data = get("exif").embed(_FILES["jpeg"], text.encode(name), charset=charset, framed=False)
        assert not _hidden(data), (text, name)


def test_a_short_word_that_a_nul_ends_is_a_payload_unless_devices_write_it():
    for word in (b"hello", b"abc", b"n1ne", b'{"id"', "да".encode(), b"aGVsbG8="):
        assert user_comment(b"ASCII\0\0\0" + word + b"\0").hidden, word
    for word in (b"oplus_8388608", b"Screenshot", b"2400", b"12:30", b"charset=Ascii", b"Camera"):
        assert not user_comment(b"ASCII\0\0\0" + word + b"\0").hidden, word
    for word in (b"hello", b"oplus_0"):
        assert not user_comment(b"ASCII\0\0\0" + word).hidden, word
    assert user_comment(b"ASCII\0\0\0" + 40 * b" " + b"\0") is None


def test_hundreds_of_comments_do_not_crowd_a_payload_out():
    comments = b"".join(_segment(0xFE, b"Comment number %d" % i) for i in range(300))
    [found] = _hidden(_FILES["jpeg"][:2] + comments + _segment(0xFE, _zip()) + _FILES["jpeg"][2:])
    assert found.what == "zip archive"


def test_a_hostile_number_of_fields_is_refused_and_bombs_are_left_alone():
    comments = _segment(0xFE, b"a comment") * 10_001
    with pytest.raises(BadImage, match="fields"):
        _read(_FILES["jpeg"][:2] + comments + _FILES["jpeg"][2:])
    bomb = _chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(1 << 20), 9)) * 20
    assert not _hidden(_FILES["png"][:33] + bomb + _FILES["png"][33:])


def test_a_maker_note_is_its_makers_affair_but_no_place_for_a_file():
    def note(body: bytes) -> bytes:
        tags = Image.Exif()
        tags[0x927C] = body
        return _file("jpeg", exif=tags)

    assert not _hidden(note(b"HDRP\2" + _CIPHER)) and not _hidden(note(b"Nikon\0\2\x10" + bytes(range(200))))
    assert _hidden(note(_zip())) and _hidden(note(_CIPHER))
