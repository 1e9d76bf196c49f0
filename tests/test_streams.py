"""Streams: shapes and values of the design, exact crops, stored forms that give them back."""

import numpy as np
import pytest
import scenes
from PIL import Image as PillowImage

from starlight.errors import BadImage, StarlightError
from starlight.images.image import decode
from starlight.streams import REGISTRY, SETS
from starlight.streams.collate import collate
from starlight.streams.compute import compute_streams, stored_names
from starlight.streams.load import load_unified_input
from starlight.streams.metadata import LAYOUT
from starlight.streams.tiles import TILE, tile_origins
from starlight.techniques import TECHNIQUES, get

SHAPES = {
    "pixel": (3, 256, 256), "alpha": (2, 256, 256), "lsb": (3, 256, 256), "palette": (768,), "metadata": (2048,),
    "palette_lsb": (1, 256, 256),
}  # fmt: skip


def rgba(seed: int, height: int, width: int) -> np.ndarray:
    alpha = np.random.default_rng(seed).integers(0, 256, (height, width, 1), dtype=np.uint8)
    return np.concatenate([scenes.scene(seed, height, width), alpha], axis=2)


def test_registry_is_that_of_the_design():
    assert tuple(REGISTRY) == (
        "pixel", "alpha", "lsb", "palette", "metadata", "format", "palette_lsb", "content", "dct",
    )  # fmt: skip
    assert [len(SETS[name]) for name in ("six", "eight", "nine")] == [6, 8, 9]
    for name in ("format", "content", "dct"):
        module = REGISTRY[name]
        assert len(set(module.FEATURES)) == len(module.FEATURES)
        covered = np.concatenate([np.arange(len(module.FEATURES))[block] for block in module.BLOCKS.values()])
        assert (np.sort(covered) == np.arange(len(module.FEATURES))).all()
    assert list(REGISTRY["content"].BLOCKS) == ["decode", "structure", "residual"]


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(300, 520), (17, 5), (1, 1)])
def test_shapes_and_types(tmp_path, form, size):
    path = tmp_path / "image"
    path.write_bytes(scenes.file(scenes.scene(0, *size), form))
    tensors, label, mask = load_unified_input(path, "stego")
    assert label == 1 and mask.shape == (len(TECHNIQUES) + 1,)
    assert list(tensors) == list(SETS["nine"])
    for name, tensor in tensors.items():
        assert tensor.dtype == np.float32
        assert tensor.shape == SHAPES.get(name, (len(getattr(REGISTRY[name], "FEATURES", ())),))
        assert not np.isinf(tensor).any()
    for name in SHAPES:
        assert tensors[name].min() >= 0 and tensors[name].max() <= 1


def test_crop_is_exact_and_starts_at_the_first_pixel(tmp_path):
    samples = rgba(3, 300, 400)
    path = tmp_path / "a.png"
    path.write_bytes(scenes.file(samples))
    tensors, label, _ = load_unified_input(path, "clean")
    assert label == 0
    crop = samples[:256, :256]
    assert (np.rint(tensors["pixel"] * 255) == crop[:, :, :3].transpose(2, 0, 1)).all()
    assert (tensors["lsb"] == crop[:, :, :3].transpose(2, 0, 1) % 2).all()
    assert (np.rint(tensors["alpha"][0] * 255) == crop[:, :, 3]).all()
    assert (tensors["alpha"][1] == crop[:, :, 3] % 2).all()


def test_small_images_are_padded_with_zeros(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(scenes.file(rgba(0, 20, 30)))
    tensors, _, _ = load_unified_input(path, "negative")
    for name in ("pixel", "alpha", "lsb"):
        assert tensors[name][:, :20, :30].any()
        assert not tensors[name][:, 20:].any() and not tensors[name][:, :, 30:].any()


def test_indices_not_their_grey_values(tmp_path):
    rng = np.random.default_rng(0)
    palette = rng.integers(0, 256, (16, 3))
    indices = rng.integers(0, 16, (40, 50), dtype=np.uint8)
    path = tmp_path / "a.png"
    path.write_bytes(scenes.indexed(indices, palette))
    tensors, _, _ = load_unified_input(path, "clean")
    assert (tensors["palette_lsb"][0, :40, :50] == indices % 2).all()
    assert (np.rint(tensors["palette"][:48] * 255) == palette.reshape(-1)).all()
    assert (np.rint(tensors["pixel"][:, :40, :50] * 255) == palette[indices].transpose(2, 0, 1)).all()


def test_metadata_holds_comment_and_trailer(tmp_path):
    data = get("raw").embed(get("exif").embed(scenes.file(scenes.scene(0, 40, 40), "JPEG"), b"comment"), b"trailer")
    path = tmp_path / "a.jpg"
    path.write_bytes(data)
    tensors, _, _ = load_unified_input(path, "clean")
    stored = np.rint(tensors["metadata"] * 255).astype(np.uint8)
    assert stored[LAYOUT["user_comment"]].tobytes().startswith(b"ASCII\0\0\0comment\0")
    assert stored[LAYOUT["trailer"]].tobytes().startswith(b"trailer\0")
    assert stored[LAYOUT["exif"]].tobytes()[:2] in (b"II", b"MM")
    facts = dict(zip(REGISTRY["format"].FEATURES, tensors["format"], strict=True))
    assert facts["trailer_bytes"] == pytest.approx(np.log2(1 + len(b"trailer\0")))


@pytest.mark.parametrize("size", [(256, 256), (1, 1), (255, 257), (700, 300), (5000, 4000)])
def test_tiles_start_at_the_origin_and_stay_inside(size):
    for most in (1, 3, 64):
        origins = tile_origins(*size, most)
        assert origins[0] == (0, 0)
        assert len(set(origins)) == len(origins) <= most
        assert all(0 <= y <= max(0, size[0] - TILE) and 0 <= x <= max(0, size[1] - TILE) for y, x in origins)
    covered = np.zeros(size, bool)
    for y, x in tile_origins(*size, 10_000):
        covered[y : y + TILE, x : x + TILE] = True
    assert covered.all()


def test_tiles_are_crops_and_models_take_each(tmp_path):
    samples = scenes.scene(5, 600, 300)
    image = decode(scenes.file(samples))
    stored = compute_streams(image, SETS["nine"], 4)
    origins = tile_origins(600, 300, 4)
    assert stored["pixel"].shape == (4, 3, 256, 256)
    for k, (y, x) in enumerate(origins):
        assert (stored["pixel"][k] == samples[y : y + 256, x : x + 256].transpose(2, 0, 1)).all()
    path = tmp_path / "a.png"
    path.write_bytes(image.data)
    tensors, _, _ = load_unified_input(path, "clean", max_tiles=4)
    assert tensors["pixel"].shape == (4, 3, 256, 256)
    batch = collate([stored], SETS["nine"])
    assert (batch["lsb"][0] == tensors["lsb"]).all()


def test_derived_streams_are_stored_as_their_source():
    assert stored_names(["lsb"]) == ("pixel",)
    assert "lsb" not in stored_names(SETS["nine"])
    with pytest.raises(StarlightError, match="unknown"):
        stored_names(["nonsense"])


def test_grey_is_repeated(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(scenes.file(scenes.scene(1, 30, 30, 1)))
    pixel = load_unified_input(path, "clean")[0]["pixel"]
    assert (pixel[0] == pixel[1]).all() and (pixel[0] == pixel[2]).all() and pixel.any()


@pytest.mark.parametrize("argument", [{"label_type": "dirty"}, {"streams": "ten"}, {"max_tiles": 0}])
def test_wrong_arguments_name_themselves(tmp_path, argument):
    path = tmp_path / "a.png"
    path.write_bytes(scenes.file(scenes.scene(1, 30, 30)))
    with pytest.raises(StarlightError, match=next(iter(argument))):
        load_unified_input(path, **({"label_type": "clean"} | argument))


def test_broken_file_is_an_error(tmp_path):
    path = tmp_path / "a.png"
    path.write_bytes(scenes.file(scenes.scene(1, 30, 30))[:-40])
    with pytest.raises(BadImage):
        load_unified_input(path, "clean")


def test_transparent_palette(tmp_path):
    rng = np.random.default_rng(1)
    indices = rng.integers(0, 4, (20, 20), dtype=np.uint8)
    picture = PillowImage.fromarray(indices, "P")
    picture.putpalette(bytes(range(12)))
    path = tmp_path / "a.png"
    picture.save(path, transparency=bytes([0, 85, 170, 255]))
    alpha = load_unified_input(path, "clean")[0]["alpha"]
    assert (np.rint(alpha[0, :20, :20] * 255) == indices * 85).all()
