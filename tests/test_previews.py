"""Previews cannot steer a terminal, and read back in one way only."""

import ast

from hypothesis import given
from hypothesis import strategies as st

from starlight.detector.previews import escape, preview


def test_control_characters_do_not_pass():
    assert escape("a\x1b[2Jb\r\n\t\x00\u202e\x9b") == "a\\x1b[2Jb\\r\\n\\t\\x00\\u202e\\x9b"


def test_printable_text_passes_unchanged():
    assert escape("größe 42 日本") == "größe 42 日本"


def test_byte_of_a_name_that_is_no_utf8_shows_as_that_byte():
    assert escape(b"caf\xe9.png".decode("utf-8", "surrogateescape")) == "caf\\xe9.png"


@given(st.text())
def test_escape_is_printable_and_unambiguous(text):
    escaped = escape(text)
    assert escaped.isprintable()
    if not any(0xD800 <= ord(c) < 0xE000 for c in text):
        assert ast.literal_eval('"' + escaped.replace('"', '\\"') + '"') == text


@given(st.binary(max_size=400), st.integers(10, 90))
def test_preview_is_short_and_printable(data, limit):
    shown = preview(data, limit)
    assert len(shown) <= limit
    assert shown.isprintable()


def test_preview_says_when_it_is_cut():
    assert preview(b"x" * 80) == "x" * 80
    assert preview(b"x" * 81) == "x" * 79 + "…"
    assert preview("ü".encode() * 500).endswith("ü…")
