"""Orders that one tool alone uses: OpenStego's random one, stegano's scarce sequences."""

import gzip
import io

import numpy as np
import pytest
from PIL import Image

from starlight.findings.pixels import by_tools, tools
from starlight.images.image import decode

TEXT = b"Meet me at the old harbour after nine, bring the papers. Tell nobody about it, and burn this note!"


class JavaRandom:
    """`java.util.Random`, from its documentation."""

    def __init__(self, seed):
        self.state = (seed ^ 0x5DEECE66D) % 2**48

    def bits(self, count):
        self.state = (self.state * 0x5DEECE66D + 0xB) % 2**48
        return self.state >> (48 - count)

    def below(self, bound):
        if bound in (1, 2, 4, 8, 16, 32, 64, 128, 256):
            return bound * self.bits(31) >> 31
        while True:
            drawn = self.bits(31)
            if drawn - drawn % bound + bound - 1 < 2**31:
                return drawn % bound


def openstego(pixels, payload, depth=1, version=1, packed=False):
    """Write as OpenStego does without a password."""
    random, seen, out = JavaRandom(98234782), set(), pixels.copy()
    body = gzip.compress(payload) if packed else payload
    header = b"OPENSTEGO" + bytes([version]) + len(body).to_bytes(4, "little") + bytes([depth, 5, packed, 0])
    for data, bits in ((header, 1), (b"AES128\0\0" * (version == 2) + b"a.txt" + body, depth)):
        for value in np.unpackbits(np.frombuffer(data, np.uint8)):
            place = None
            while place is None or place in seen:
                place = (
                    random.below(pixels.shape[1]), random.below(pixels.shape[0]), random.below(3), random.below(bits)
                )  # fmt: skip
            seen.add(place)
            x, y, channel, bit = place
            out[y, x, 2 - channel] = (out[y, x, 2 - channel] & ~np.uint8(1 << bit)) | np.uint8(int(value) << bit)
    return out


def noise(height=96, width=120, seed=1):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3)).astype(np.uint8)


def stored(pixels):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return decode(buffer.getvalue())


@pytest.mark.parametrize(("depth", "version", "packed"), [(1, 1, False), (1, 2, True), (2, 1, False), (3, 2, True)])
def test_openstego_without_a_password(depth, version, packed):
    (found,) = by_tools(stored(openstego(noise(), TEXT, depth, version, packed)))
    assert found.payload == TEXT
    assert found.technique == "lsb.rgb"


def test_openstego_with_another_seed_is_not_read(monkeypatch):
    image = stored(openstego(noise(), TEXT))
    monkeypatch.setattr("starlight.findings.pixels.tools._SEED", 5)
    monkeypatch.setattr("starlight.findings.pixels.tools._first_places.cache_clear", lambda: None, raising=False)
    tools._first_places.cache_clear()
    assert by_tools(image) == []
    monkeypatch.undo()
    tools._first_places.cache_clear()


SEQUENCES = {
    "rows": list(range(60)),
    "Fibonacci numbers": [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377, 610, 987, 1597, 2584, 4181, 6765, 10946],
    "round numbers": [d * 10**p for p in range(5) for d in range(1, 10)][:40],
    "Ackermann's function of 1": [n + 2 for n in range(60)],
    "Ackermann's function of 2": [2 * n + 3 for n in range(60)],
    "Ackermann's function of 3": [2 ** (n + 3) - 3 for n in range(18)],
    "Carmichael numbers": [561, 1105, 1729, 2465, 2821, 6601, 8911, 10585, 15841, 29341, 41041, 46657, 52633, 62745,
                           63973, 75361, 101101, 115921],
}  # fmt: skip


@pytest.mark.parametrize("name", SEQUENCES)
def test_a_short_text_behind_its_count(name):
    numbers = SEQUENCES[name]
    pixels = noise() if numbers[-1] < 96 * 120 else noise(512, 520)
    text = b"hello" if len(numbers) < 40 else b"meet me"
    text = text if len(numbers) > 18 else b"tell"
    bits = np.unpackbits(np.frombuffer(b"%d:%s" % (len(text), text), np.uint8))
    flat = pixels.reshape(-1, 3)
    for i, bit in enumerate(bits):
        flat[numbers[i // 3], i % 3] = (flat[numbers[i // 3], i % 3] & 0xFE) | bit
    (found,) = by_tools(stored(pixels))
    assert found.payload == text
    assert found.place.endswith(name)


def test_carmichael_numbers_are_those_of_fermats_test():
    size = 9000
    primes = [n for n in range(2, size) if all(n % p for p in range(2, int(n**0.5) + 1))]
    passing = [n for n in range(3, size, 2) if pow(2, n, n) == 2 and n not in primes]
    assert tools._carmichael(size) == [n for n in passing if all(pow(a, n, n) == a for a in range(2, 60))]


@pytest.mark.parametrize("side", [1, 2, 5, 9])
def test_pictures_without_room_hold_nothing(side):
    assert by_tools(stored(noise(side, side))) == []


@pytest.mark.parametrize("seed", range(20))
def test_noise_and_stripes_hold_nothing(seed):
    stripes = np.broadcast_to(np.arange(120, dtype=np.uint8)[None, :, None] * (seed + 1), (96, 120, 3))
    assert by_tools(stored(noise(seed=seed))) == []
    assert by_tools(stored(np.ascontiguousarray(stripes))) == []
