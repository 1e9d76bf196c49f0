"""Files and carriers: what was written is read back, and twins share everything."""

import numpy as np
import pytest

from starlight.errors import StarlightError
from starlight.images.image import decode
from starlight.images.jpeg.io import read_coefficients
from starlight.images.writing.encode import Encoding, encode
from starlight.sample import carriers, covers
from starlight.sample.kinds import KINDS


@pytest.mark.parametrize("format_", ["png", "gif"])
@pytest.mark.parametrize("colours", [2, 6, 16, 100, 256])
@pytest.mark.parametrize("transparent", [-1, 1])
def test_indices_and_palette_survive(format_, colours, transparent):
    rng = np.random.default_rng(colours)
    indices = rng.integers(0, colours, (33, 50), np.uint8)
    palette = rng.integers(0, 256, 3 * colours, np.uint8).tobytes()
    for interlace in (False, True):
        encoding = Encoding(format_, palette=palette, interlace=interlace, transparent=transparent)
        image = decode(encode(indices, encoding))
        assert np.array_equal(image.indices, indices)
        assert image.palette[:colours].tobytes() == palette
        assert (image.alpha is None) == (transparent < 0)


def test_an_index_past_the_palette_is_refused():
    with pytest.raises(StarlightError, match="past the last colour"):
        encode(np.full((4, 4), 9, np.uint8), Encoding("png", palette=bytes(12)))


def test_unknown_formats_and_samples_a_format_cannot_hold_are_refused():
    with pytest.raises(StarlightError, match="'tga'"):
        encode(np.zeros((4, 4), np.uint8), Encoding("tga"))
    with pytest.raises(StarlightError, match="bmp"):
        encode(np.zeros((4, 4, 2), np.uint8), Encoding("bmp"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_carrier_reads_back_as_it_was_meant(kind):
    for seed in range(4):
        rng = np.random.default_rng([seed, 8])
        source = ("photo", "camera", "drawing", "photo")[seed]
        carrier = carriers.make(kind, covers.make(source, rng, 80, 70, str(seed)), rng)
        image = decode(carrier.data)
        container = image.container
        assert carrier.data.endswith(carrier.trailer) and container.problems == ()
        assert container.trailer == (b"" if container.behind else carrier.trailer)
        assert container.format == carrier.encoding.format and container.exif == carrier.encoding.exif
        assert "alpha" not in KINDS[kind].techniques or container.has_alpha
        if container.lossless:
            stored = image.indices if image.indices is not None else image.pixels.squeeze()
            colour = carrier.samples if image.alpha is None or image.indices is not None else carrier.samples[..., :-1]
            assert np.array_equal(stored, colour.squeeze())


def test_rewriting_a_jpeg_is_idempotent_and_lossless():
    cover = covers.make("camera", np.random.default_rng(2), 72, 88, "0")
    for quality, progressive in ((60, False), (90, True)):
        once = carriers.rewrite_jpeg(encode(cover.pixels, Encoding("jpeg", quality=quality, progressive=progressive)))
        assert carriers.rewrite_jpeg(once) == once
        assert once.count(b"JFIF\0") == 1
        plain = encode(cover.pixels, Encoding("jpeg", quality=quality))
        assert np.array_equal(read_coefficients(plain).y, read_coefficients(once).y)
