"""Messages in the order of colours: read back where they are text, told where they are short, not seen elsewhere."""

import math

import numpy as np
import pytest
from PIL import Image as PillowImage

from starlight.findings.palette_order import message, palette_order
from starlight.images.image import decode
from starlight.images.writing.encode import Encoding, encode
from tests.scenes import scene

RNG = np.random.default_rng


def order_of(data: bytes, colours: int) -> list[int]:
    """The order that holds a message, as gifshuffle's manual describes it."""
    number = int("1" + "".join(f"{byte:08b}" for byte in data)[::-1], 2)
    assert number < math.factorial(colours)
    places: list[int] = []
    for rank in reversed(range(colours)):
        number, place = divmod(number, colours - rank)
        places.append(place)
    order: list[int] = []
    for rank, place in zip(reversed(range(colours)), places, strict=True):
        order.insert(place, rank)
    return order


def gif(order: list[int] | np.ndarray, seed: int = 0):
    """A picture whose table has its colours in this order."""
    colours = np.sort(RNG(seed).choice(1 << 24, len(order), replace=False))[list(order)]
    table = np.stack([colours >> 16, colours >> 8 & 255, colours & 255], axis=1).astype(np.uint8)
    indices = RNG(seed).integers(0, len(order), (64, 64), dtype=np.uint8)
    return decode(encode(indices, Encoding("gif", palette=table.tobytes())))


@pytest.mark.parametrize("colours", [64, 128, 256])
@pytest.mark.parametrize("text", ["meet me at noon", "a text of thirty-two characters."])
def test_a_text_is_read_back(colours, text):
    (found,) = palette_order(gif(order_of(text.encode(), colours)))
    assert found.payload == text.encode() and found.hidden and found.technique == "other"
    assert found.what == f"text of {len(text)} bytes"


def test_what_is_read_is_what_was_written():
    for size in (1, 9, 30, 100, 200):
        data = RNG(size).bytes(size)
        assert message(order_of(data, 256)) == data


def test_a_short_message_of_another_kind_is_told():
    (found,) = palette_order(gif(order_of(RNG(1).bytes(40), 256)))
    assert found.payload == b"" and "a message of up to" in found.what


def test_orders_of_encoders_are_not_taken_for_messages():
    for seed in range(3):
        picture = PillowImage.fromarray(scene(seed, 128, 160))
        for method in (
            PillowImage.Quantize.MEDIANCUT,
            PillowImage.Quantize.MAXCOVERAGE,
            PillowImage.Quantize.FASTOCTREE,
        ):
            for colours in (32, 100, 256):
                quantised = picture.quantize(colours, method)
                table = bytes(quantised.getpalette())
                table += bytes(len(table) % 2 * 3)
                assert palette_order(decode(encode(np.asarray(quantised), Encoding("gif", palette=table)))) == []


@pytest.mark.parametrize("colours", [32, 200, 256])
def test_sorted_nearly_sorted_and_random_orders_say_nothing(colours):
    forward = np.arange(colours)
    swapped = forward.copy()
    swapped[[-1, -2]] = swapped[[-2, -1]]
    last_first = np.roll(forward, 1)
    tail_down = np.concatenate([forward[: colours - 20], forward[colours - 20 :][::-1]])
    for order in (forward, forward[::-1], swapped, last_first, tail_down, RNG(2).permutation(colours)):
        assert palette_order(gif(order)) == []
