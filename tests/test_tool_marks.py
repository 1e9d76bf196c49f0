"""Frames of programs that tell a cipher as surely as a text, and pictures that only look like one."""

import numpy as np
import pytest

from starlight.findings.tool_marks import tool_marks
from starlight.images.containers.jpeg import ZIGZAG
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients, write_coefficients
from starlight.images.writing.encode import Encoding, encode
from starlight.techniques.readable.lsb_framings import FRAMINGS
from tests.scenes import scene

RNG = np.random.default_rng
PNG = Encoding("png", level=1)


@pytest.mark.parametrize("size", [60, 400, 2000])
def test_a_cipher_by_stepic_is_read_back(size):
    samples, payload = scene(1, 96, 160), RNG(size).bytes(size)
    stego = FRAMINGS["stepic"].write(samples.reshape(-1), payload).reshape(samples.shape)
    (found,) = tool_marks(decode(encode(stego, PNG)))
    assert found.payload == payload and found.technique == "lsb.rgb" and "stepic" in found.place
    assert tool_marks(decode(encode(samples, PNG))) == []


def test_flat_and_even_pictures_are_not_stepics():
    noise = RNG(0).integers(0, 256, (64, 96, 3))
    ninth = noise.reshape(-1).copy()
    ninth[8::9] &= 254  # no last byte
    for samples in (np.zeros((64, 96, 3)), np.full((64, 96, 3), 254), noise, noise & 254, ninth.reshape(noise.shape)):
        assert tool_marks(decode(encode(samples.astype(np.uint8), PNG))) == []
    for step in (5, 7, 30):  # slow changes of a grey that three channels share, and of one that they do not
        ramp = (np.arange(64 * 96).reshape(64, 96, 1) // step + np.arange(3) * (step > 5)) % 256
        ramp.reshape(-1)[8:1800:9] &= 254
        assert tool_marks(decode(encode(ramp.astype(np.uint8), PNG))) == []
    edge = np.zeros((64, 96, 3), np.uint8)
    edge[40:] = 255
    assert tool_marks(decode(encode(edge, PNG))) == []


def shifted(samples: np.ndarray, payload: bytes) -> np.ndarray:
    """Histogram shifting with stegano's header; the value 255 is not there."""
    flat = np.minimum(samples.reshape(-1), 250).astype(int)
    head, rest = flat[:64], flat[64:]
    peak, zero = int(np.bincount(rest).argmax()), 251
    bits = np.concatenate([head & 1, np.unpackbits(np.frombuffer(payload, np.uint8))])
    places = np.flatnonzero(rest == peak)[: len(bits)]
    assert len(places) == len(bits)
    rest = rest + ((rest > peak) & (rest < zero))
    rest[places] += bits
    header = f"{0x5244:016b}{peak:08b}{zero:08b}{len(bits):032b}"
    head = head & ~1 | np.array([int(bit) for bit in header])
    return np.concatenate([head, rest]).reshape(samples.shape).astype(np.uint8)


def test_a_message_in_the_peak_of_the_histogram_is_read_back():
    samples = scene(2, 128, 160)
    samples[:60] = 99
    for payload in (b"the shifted histogram keeps this", RNG(3).bytes(64)):
        (found,) = tool_marks(decode(encode(shifted(samples, payload), PNG)))
        assert found.payload == payload and "histogram" in found.place
    (found,) = tool_marks(decode(encode(shifted(samples[..., 0], payload), PNG)))
    assert found.payload == payload
    assert tool_marks(decode(encode(samples, PNG))) == []


@pytest.mark.parametrize(("depth", "code"), [(1, 0), (2, 1), (4, 2)])
def test_a_payload_by_stegpy_in_coefficients_is_read_back(depth, code):
    payload = RNG(depth).bytes(100)
    cover = encode(scene(4, 96, 128), Encoding("jpeg", quality=80))
    whole = read_coefficients(cover)
    data = b"stegv3" + len(payload).to_bytes(4, "big") + b"\0" + payload
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").reshape(-1, depth)
    values = np.concatenate([[code], bits @ (1 << np.arange(depth))])
    luma = whole.y.reshape(-1, 64)
    some = luma[: -(-len(values) // 63)][:, ZIGZAG[1:]].reshape(-1)
    some[: len(values)] = values
    luma[: len(some) // 63, ZIGZAG[1:]] = some.reshape(-1, 63)
    (found,) = tool_marks(decode(write_coefficients(cover, whole)))
    assert found.payload == payload and "stegpy" in found.place
    assert tool_marks(decode(cover)) == []
