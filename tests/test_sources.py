"""What a source has seen before each byte, and what a bit's context tells, as their definitions say."""

import math

import numpy as np
import pytest

from starlight.findings.blocks import different, extremes
from starlight.streams.readable import sources

RNG = np.random.default_rng(4)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 40])
@pytest.mark.parametrize("values", [2, 5, 256])
def test_bytes_are_counted_after_the_same_bytes(size, values):
    row = RNG.integers(0, values, size).astype(np.uint8)
    counts = sources.count(row)
    for order in range(3):
        for i in range(size):
            before = [j for j in range(order, i) if i >= order and (row[j - order : j] == row[i - order : i]).all()]
            assert counts.total[order, i] == len(before)
            assert counts.seen[order, i] == sum(row[j] == row[i] for j in before)


@pytest.mark.parametrize("most", [3, 300, 100_000])
def test_a_bit_is_as_likely_as_its_context_has_shown(most):
    bits, context = RNG.integers(0, 2, 200).astype(bool), RNG.integers(0, most, 12)[RNG.integers(0, 12, 200)]
    gained, seen = sources._bit_gains(bits, context), {}
    for bit, code, gain in zip(bits.tolist(), context.tolist(), gained.tolist(), strict=True):
        zeros, ones = seen.setdefault(code, [0.5, 0.5])
        assert gain == pytest.approx(math.log(2 * (ones if bit else zeros) / (zeros + ones)))
        seen[code][bit] += 1


@pytest.mark.parametrize("shape", [(24, 40, 3), (33, 17, 1), (8, 8, 4), (5, 30, 3)])
def test_extremes_of_blocks(shape):
    samples = RNG.integers(0, 256, shape).astype(np.uint8)
    least, most = extremes(samples)
    assert least.shape == most.shape == (shape[2], shape[0] // 8, shape[1] // 8)
    for c in range(shape[2]):
        for i in range(shape[0] // 8):
            for j in range(shape[1] // 8):
                block = samples[8 * i : 8 * i + 8, 8 * j : 8 * j + 8, c]
                assert (least[c, i, j], most[c, i, j]) == (block.min(), block.max())


def test_equal_planes_count_once():
    one = RNG.integers(0, 256, (6, 7)).astype(np.uint8)
    other = one.copy()
    other[5, 6] ^= 1
    assert different([one, one.copy(), other]) == [0, 2]
    assert different([one, one, one]) == [0]
