"""Framing and bit packing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from starlight.errors import StarlightError
from starlight.techniques.readable import protocol

TEXT = st.binary(max_size=200).map(lambda b: b.replace(b"\0", b"?"))


@given(TEXT, st.booleans(), st.sampled_from(protocol.BIT_ORDERS), st.integers(0, 99))
def test_a_framed_text_comes_back_whatever_follows_it(text, mark, order, junk):
    bits = protocol.to_bits(protocol.frame(text, mark=mark), order)
    rng = np.random.default_rng(junk)
    samples = rng.integers(0, 256, len(bits) + junk, np.uint8)
    stego = protocol.write_lsb(samples, bits)
    assert protocol.unframe(protocol.read_lsb(stego, order), mark=mark) == text
    assert np.array_equal(stego >> 1, samples >> 1)  # no bit but the lowest is touched
    assert np.array_equal(stego[len(bits) :], samples[len(bits) :])


def test_the_bit_orders_are_those_of_their_names():
    assert protocol.to_bits(b"\x01", "lsb-first").tolist() == [1, 0, 0, 0, 0, 0, 0, 0]
    assert protocol.to_bits(b"\x01", "msb-first").tolist() == [0, 0, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: protocol.frame(b"a\0b"), "NUL"),
        (lambda: protocol.unframe(b"abc"), "NUL"),
        (lambda: protocol.unframe(b"abc\0", mark=True), "AI42"),
        (lambda: protocol.to_bits(b"a", "sideways"), "sideways"),
        (lambda: protocol.write_lsb(np.zeros(3, np.uint8), np.ones(4, np.uint8)), "do not fit"),
    ],
)
def test_what_cannot_be_framed_says_why(call, match):
    with pytest.raises(StarlightError, match=match):
        call()
