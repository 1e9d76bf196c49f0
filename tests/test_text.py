"""Text evidence: high for text of any kind, bounded for random bytes, none for patterns however printable."""

import numpy as np
import pytest
import scenes

from starlight.streams.readable import text
from starlight.streams.readable.sources import Surroundings

TEXTS = [
    scenes.TEXT,
    b"https://example.com/path/page.html?query=1&other=two#part",
    b'{"name": "value", "numbers": [1, 2, 3], "nested": {"key": null}}',
    b"VGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZy4gQW5kIG1vcmU=",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.".encode(),
    "いろはにほへとちりぬるをわかよたれそつねならむ".encode(),
    "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία στον κόσμο.".encode(),
]


def scored(rows: list[bytes]) -> text.TextScore:
    lengths = np.array([len(row) for row in rows])
    data = np.zeros((len(rows), int(lengths.max())), np.uint8)
    for i, row in enumerate(rows):
        data[i, : len(row)] = np.frombuffer(row, np.uint8)
    return text.score(data, lengths)


@pytest.mark.parametrize("payload", TEXTS)
def test_text_is_told_from_random_bytes(payload):
    rest = np.random.default_rng(0).bytes(256 - len(payload))
    result = scored([payload + rest])
    assert result.net[0] > 16
    assert result.start[0] == 0


@pytest.mark.parametrize("header", [1, 2, 3, 4, 8])
def test_binary_header_is_skipped(header):
    result = scored([b"\x01\x00\xfe\xff\x80\x00\x00\x01"[:header] + scenes.TEXT + bytes(100)])
    assert result.net[0] > 20 and result.start[0] <= header


def test_random_bytes_obey_the_bound():
    """A likelihood ratio exceeds e^s with a probability of at most e^-s, at whatever length it is looked at."""
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 256, (4000, 256), dtype=np.uint8)
    net = text.score(rows, np.full(4000, 256)).net
    for nats in (2.0, 4.0, 6.0):
        assert (net > nats).mean() <= np.exp(-nats)
    assert net.max() < 16


def patterns() -> dict[str, bytes]:
    rng = np.random.default_rng(2)
    return {
        "U": b"U" * 256, "3": b"3" * 256, "f3": b"f3" * 128, "zeros": bytes(256), "ones": b"\xff" * 256,
        "then ones": b"w" * 40 + b"\xff" * 216,
        "gradient": bytes(b for b in range(32, 126) for _ in range(3))[:256],
        "sparse": np.packbits(rng.random(2048) < 0.1).tobytes(),
        "biased": np.packbits(rng.random(2048) < 0.35).tobytes(),
    }  # fmt: skip


@pytest.mark.parametrize("name", patterns())
def test_patterns_are_not_text(name):
    assert scored([patterns()[name]]).net[0] < 16


def test_longer_text_is_more_certain():
    nets = [scored([scenes.TEXT[:n] + bytes(200)]).net[0] for n in (6, 12, 24, 48)]
    assert nets == sorted(nets)


def test_empty_rows():
    result = text.score(np.zeros((2, 256), np.uint8), np.array([0, 0]))
    assert (result.net <= 0).all()
    assert text.score(np.zeros((0, 256), np.uint8), np.zeros(0, int)).net.shape == (0,)


def test_constant_channel_is_not_text():
    """Two bits of each byte from a channel that never changes can make all bytes printable."""
    rng = np.random.default_rng(2)
    data = rng.integers(64, 128, (1, 256), dtype=np.uint8)
    assert text.score(data, np.array([256])).net[0] > 40
    fourth = Surroundings((0, 1))
    assert text.score(data, np.array([256]), lambda _: fourth).net[0] < 16
    written = np.frombuffer((scenes.TEXT * 4)[:256], np.uint8)[None]
    assert text.score(written, np.array([256]), lambda _: fourth).net[0] > 24


def test_a_channel_that_seldom_changes_is_not_text():
    """Low bits of soft alpha stay for some pixels and then change."""
    rng = np.random.default_rng(3)
    steps = np.repeat(rng.integers(1, 3, 64), rng.integers(2, 8, 64))[:256]
    data = (64 * steps + rng.integers(0, 64, 256)).astype(np.uint8)[None]
    assert text.score(data, np.array([256]), lambda _: Surroundings((0, 1))).net[0] < 16


def test_first_bytes_of_letters_alone_are_no_script():
    """What a slowly changing plane leaves may lie in the range of first bytes; letters go on with others."""
    rng = np.random.default_rng(11)
    row = rng.integers(0xE4, 0xE8, (1, 200)).astype(np.uint8)
    assert text.score(row, np.array([200])).net[0] < 6
    letters = "".join(map(chr, rng.integers(0x4E00, 0x9FA0, 60))).encode()
    assert text.score(np.frombuffer(letters, np.uint8)[None], np.array([len(letters)])).net[0] > 24


def test_hexadecimal_digits_are_text():
    letters = np.random.default_rng(12).bytes(60).hex().encode()
    assert text.score(np.frombuffer(letters, np.uint8)[None], np.array([len(letters)])).net[0] > 24


@pytest.mark.parametrize("letters", ["heute zwischen Mädchen und ", "ένα σπίτι στην θάλασσα ", "это не что как все "])
def test_a_text_that_repeats_itself_is_no_pattern(letters):
    """Its words come again, which a source that learns predicts; that each of them is one of letters it does not."""
    row = np.frombuffer((letters * 20).encode()[:256], np.uint8)[None]
    assert text.score(row, np.array([256])).net[0] > 40


def test_a_pattern_that_begins_late_is_no_text():
    """What holds before the first byte that counts must not make the null forget how the bytes go on."""
    for block in (b"\x92\x92\xb2\x96", b"\xb6\xdb\xdb\xda\xb7\xdb\xdb\xd6\xbb\xdb\xdb"):
        row = np.frombuffer((block * 70)[:256], np.uint8)[None]
        assert text.score(row, np.array([256])).net[0] < 24


def test_the_end_that_is_text_is_found():
    rng = np.random.default_rng(13)
    assert text.tail(rng.bytes(2000) + scenes.TEXT, 256).endswith(scenes.TEXT)
    assert len(text.tail(rng.bytes(2000) + scenes.TEXT, 256)) < len(scenes.TEXT) + 16
    assert text.tail(b"", 256) == b""
