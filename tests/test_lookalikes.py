"""Negatives: every category as declared, varied, and without a payload."""

import numpy as np
import pytest

from starlight.errors import StarlightError
from starlight.images.image import Image, decode
from starlight.sample import lookalikes
from starlight.techniques.readable.protocol import MARK


@pytest.mark.parametrize("category", lookalikes.CATEGORIES)
def test_a_category_is_what_it_declares(category):
    made = [lookalikes.make(category, np.random.default_rng([4, seed]), str(seed)) for seed in range(8)]
    for one in made:
        image = decode(one.data)
        assert image.container.format == one.format and image.container.problems == ()
        assert MARK not in one.data
        _CHECKS.get(category, lambda image: None)(image)
    assert len({one.data for one in made}) == len(made)
    again = lookalikes.make(category, np.random.default_rng([4, 3]), "3")
    assert again == made[3]


def _uniform(image: Image) -> None:
    assert image.alpha is not None and image.alpha.min() == image.alpha.max()


def _varied(image: Image) -> None:
    assert image.alpha is not None and image.alpha.min() < image.alpha.max()


def _opaque(image: Image) -> None:
    assert image.alpha is None and image.pixels.shape[2] == 3


def _camera(image: Image) -> None:
    assert image.container.exif_fields > 8 and not image.container.trailer
    assert len(image.container.user_comment[8:].replace(b"\0", b" ").strip()) < 24


def _trailer(image: Image) -> None:
    assert image.container.trailer or image.container.behind


def _tiny(image: Image) -> None:
    assert max(image.pixels.shape[:2]) <= 32


_CHECKS = {
    "rgb_no_alpha": _opaque,
    "uniform_alpha": _uniform,
    "natural_alpha": _varied,
    "camera_exif": _camera,
    "benign_trailer": _trailer,
    "tiny": _tiny,
}


def test_the_required_four_have_the_largest_shares():
    names = lookalikes.spread(130)
    counts = {name: names.count(name) for name in lookalikes.CATEGORIES}
    required = [counts[name] for name in lookalikes.CATEGORIES[:4]]
    assert sum(counts.values()) == 130 and min(counts.values()) > 0
    assert min(required) >= max(counts[name] for name in lookalikes.CATEGORIES[4:])


def test_a_manifest_line_has_the_keys_of_the_first_dialect():
    made = lookalikes.make("flat", np.random.default_rng(0), "0")
    line = lookalikes.manifest_line("flat/a.png", "flat", made)
    assert set(line) == {
        "filename", "category", "method_constraint", "expected_behavior", "format_type", "generation_method",
        "validation_status", "metadata",
    }  # fmt: skip
    assert line["expected_behavior"] == "clean" and line["metadata"]["cover_id"] == made.cover_id


def test_an_unknown_category_is_named():
    with pytest.raises(StarlightError, match="clouds"):
        lookalikes.make("clouds", np.random.default_rng(0), "0")
