"""Where a text ends that nothing ends, with random bytes behind it; and which way it reads."""

import base64

import numpy as np
import pytest

from starlight.findings.pixels.choose import _direction
from starlight.findings.pixels.endings import likely_end
from starlight.findings.pixels.lengths import frame
from starlight.findings.pixels.payloads import text_payload

TOLD = """the papers are under the third stone of the wall behind the old mill and nobody but the miller knows of them
when the bell has rung twice go down to the river and wait there until a man with a lantern asks for the way to the
harbour then tell him the number on the card and hand over what was agreed on before"""


def texts(seed, count):
    rng = np.random.default_rng(seed)
    for _ in range(count):
        body = " ".join(rng.choice(TOLD.split(), int(rng.integers(20, 120))))
        yield body.capitalize().encode() + b"." * int(rng.integers(2)), rng.integers(0, 256, 5000, dtype=np.uint8)


def test_most_texts_end_where_they_do():
    found = [text_payload(text + tail.tobytes(), 0, "utf-8") == (0, len(text)) for text, tail in texts(1, 200)]
    assert np.mean(found) > 0.85  # letter by letter it is three in four


@pytest.mark.parametrize("size", [30, 31, 32, 100, 199])
def test_base64_ends_with_a_group_of_four(size):
    rng = np.random.default_rng(size)
    for _ in range(10):
        digits = base64.b64encode(rng.integers(0, 256, size, dtype=np.uint8).tobytes())
        for extra in (b"", b"x", b"xY", b"+a9"):
            assert likely_end(digits + extra + b"\1\2\3\4", 0, len(digits + extra)) == len(digits)


def test_a_full_stop_is_kept_and_a_letter_behind_it_is_not():
    text = b"Meet me at the old harbour after nine, and bring the papers."
    assert likely_end(text + b"n\x88\x99\xaa\xbb", 0, len(text) + 1) == len(text)
    assert likely_end(text + b"\x88\x99\xaa\xbb", 0, len(text) - 1) == len(text)
    named = b"The number is in the file that I left on the desk, readme.txt"
    assert likely_end(named + b"\x88\x99\xaa\xbb", 0, len(named)) == len(named)


def test_other_scripts_are_left_alone():
    text = "Встретимся у старой гавани".encode()
    assert likely_end(text + b"abcdefgh", 0, len(text)) == len(text)


@pytest.mark.parametrize("payload", [b"a hidden text, packed", bytes(range(7, 90)) * 2])
def test_base64_is_told_from_its_mirror_image(payload):
    digits = base64.b64encode(payload * 3 + b"!")
    assert _direction(digits) > 0 > _direction(digits[::-1])


def test_a_letter_is_no_count_of_those_behind_it():
    text = b"c29tZSBoaWRk" + b"A" * 88
    assert text[0] == len(text) - 1
    assert frame(text + bytes(range(128, 200)), 0, len(text)) is None
    counted = bytes([20]) + b"twenty letters it is"
    assert frame(counted + bytes(range(128, 200)), 1, len(counted)) == (1, 21)
