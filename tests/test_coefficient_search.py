"""Text and files in the low bits of quantised coefficients, one after the other."""

import dataclasses
import io
import itertools

import numpy as np
import pytest
from PIL import Image

from starlight.findings.reading.coefficients import in_coefficients
from starlight.images.image import decode
from starlight.images.jpeg.io import write_coefficients

TEXT = 3 * b"Meet me at the old harbour after nine, bring the papers. Tell nobody about it, and burn this note! "
ZIGZAG = [0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14,
          21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53,
          60, 61, 54, 47, 55, 62, 63]  # fmt: skip


def photograph(seed=0, subsampling=2):
    rng = np.random.default_rng(seed)
    waves = sum(np.sin(np.outer(np.ones(160), np.arange(192)) / rng.uniform(3, 30) + i) for i in range(4))
    pixels = 128 + 25 * waves[:, :, None] + rng.normal(0, 12, (160, 192, 3))
    buffer = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(buffer, "JPEG", quality=80, subsampling=subsampling)
    return buffer.getvalue()


def written(data, bits, *, luminance=False, means=True, left_out=(0, 1)):
    """Bits in coefficients, unit by unit of the scan, in zigzag order."""
    planes = decode(data).coefficients
    y, cb, cr = (plane.copy() for plane in (planes.y, planes.cb, planes.cr))
    down, across = (round(a / b) for a, b in zip(y.shape[:2], cb.shape[:2], strict=True))
    left = iter(bits)
    for row, column in itertools.product(range(cb.shape[0]), range(cb.shape[1])):
        cells = [(y, row * down + i, column * across + j) for i in range(down) for j in range(across)]
        cells += [] if luminance else [(cb, row, column), (cr, row, column)]
        for plane, a, b in cells:
            block = plane[a, b].reshape(-1)
            for k in ZIGZAG[0 if means else 1 :]:
                if block[k] not in left_out:
                    bit = next(left, None)
                    if bit is None:
                        return write_coefficients(data, dataclasses.replace(planes, y=y, cb=cb, cr=cr))
                    size = abs(block[k]) if -1 in left_out else block[k]
                    block[k] = ((size & ~1) | bit) * (-1 if size != block[k] else 1)
    raise AssertionError("too small")


def bits_of(data, order="big"):
    return np.unpackbits(np.frombuffer(data, np.uint8), bitorder=order).tolist()


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_jsteg_is_read_whole(subsampling):
    width = len(TEXT).bit_length()
    header = [int(bit) for bit in f"{width:05b}{len(TEXT):0{width}b}"]
    (found,) = in_coefficients(decode(written(photograph(1, subsampling), header + bits_of(TEXT))))
    assert found.payload == TEXT
    assert found.technique == "other"


@pytest.mark.parametrize("luminance", [False, True])
@pytest.mark.parametrize(("means", "left_out"), [(True, (0, 1)), (False, (-1, 0, 1))])
def test_its_kin_without_a_length(luminance, means, left_out):
    data = written(photograph(2), bits_of(TEXT + b"\0", "little"), luminance=luminance, means=means, left_out=left_out)
    (found,) = in_coefficients(decode(data))
    assert found.payload == TEXT


def test_a_file_is_read_whole():
    buffer = io.BytesIO()
    Image.fromarray(np.random.default_rng(3).integers(0, 256, (8, 8, 3)).astype(np.uint8)).save(buffer, "PNG")
    (found,) = in_coefficients(decode(written(photograph(4), bits_of(buffer.getvalue()))))
    assert found.payload == buffer.getvalue()


@pytest.mark.parametrize("seed", range(8))
def test_photographs_hold_nothing(seed):
    assert in_coefficients(decode(photograph(seed, seed % 3))) == []
