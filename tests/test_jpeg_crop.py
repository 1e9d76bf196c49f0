"""Regions cut out of JPEG files: coefficients, tables and sampling stay as they were."""

import numpy as np
import pytest
from knobs import knobs

from starlight.errors import BadImage
from starlight.images.containers import parse
from starlight.images.jpeg.io import read_coefficients
from starlight.images.writing import tables
from starlight.images.writing.encode import Encoding, encode
from starlight.images.writing.jpeg_crop import crop
from starlight.sample.build import SampleParams, build
from starlight.sample.covers import photos
from tests.scenes import scene

DEVICE = next(t for t in tables.known() if t.model == "DiMAGE S304")


def written(height: int, width: int, sampling: int = 1, **options: object) -> bytes:
    steps = (DEVICE.luma, DEVICE.chroma)
    return encode(scene(2, height, width), Encoding("jpeg", tables=steps, subsampling=sampling, **options))


@pytest.mark.parametrize("sampling", range(4))
def test_blocks_of_every_component_stay(sampling):
    data = written(160, 176, sampling, library="turbo210")
    part = crop(data, (1.0, 0.0), 64, 96)
    whole, cut = read_coefficients(data), read_coefficients(part)
    assert np.array_equal(cut.y, whole.y[-8:, :12])
    for name in ("cb", "cr"):
        blocks = getattr(cut, name)
        assert np.array_equal(blocks, getattr(whole, name)[-blocks.shape[0] :, : blocks.shape[1]])
    assert parse(part).quant_tables == (DEVICE.luma, DEVICE.chroma)
    assert parse(part).sampling == tables.SAMPLINGS[sampling]


def test_grey_files_are_cut_too():
    data = encode(scene(2, 80, 80)[..., 0], Encoding("jpeg", quality=71))
    part = crop(data, (0.0, 0.0), 40, 48)
    assert np.array_equal(read_coefficients(part).y, read_coefficients(data).y[:5, :6])


def test_sides_are_rounded_down_to_what_there_is():
    facts = parse(crop(written(90, 100), (0.5, 0.5), 500, 33))
    assert (facts.height, facts.width) == (88, 32)


def test_what_cannot_be_cut_is_refused():
    with pytest.raises(BadImage, match="smaller than one unit"):
        crop(written(64, 64), (0, 0), 7, 64)
    with pytest.raises(BadImage):
        crop(b"no picture", (0, 0), 8, 8)


def test_a_users_jpeg_files_become_covers_with_their_own_tables(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    (own / "camera.jpg").write_bytes(written(400, 400))
    params = knobs(
        SampleParams, covers=40, stego_per_technique=2, adaptive_per_technique=1, negatives=0, largest_side=128
    )
    build(tmp_path / "made", params, 5, workers=1, extra_covers=own, covers_only=True)
    covers = [parse(path.read_bytes()) for path in sorted((tmp_path / "made/clean").glob("*.jpg"))]
    kept = [facts for facts in covers if facts.quant_tables[0] == DEVICE.luma and facts.sampling == "4:2:2"]
    assert 3 <= len(kept) < len(covers)


def test_cuts_are_as_large_as_they_may_be_and_no_larger(tmp_path):
    (tmp_path / "camera.jpg").write_bytes(written(400, 400))
    rng = np.random.default_rng(1)
    sides = [parse(photos.cut(str(tmp_path / "camera.jpg"), rng, 64, 64, largest=200)[0]).width for _ in range(60)]
    assert min(sides) == 64 < max(sides) <= 200
