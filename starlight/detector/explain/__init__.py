"""`starlight explain`: one page that shows why a file got its answer."""

from __future__ import annotations

import numpy as np

from starlight.detector.detector import Detector, Judged
from starlight.detector.explain import pictures
from starlight.detector.explain.contributions import contributions, nearest_category
from starlight.detector.explain.page import Figure, render
from starlight.detector.explain.whole_map import whole_map
from starlight.detector.explain.words import sentences
from starlight.detector.predictor import Predictor
from starlight.errors import BadImage
from starlight.images.image import Image
from starlight.techniques.shown import speaking

__all__ = ["explain"]

_COLOURS = ("red", "green", "blue")


def explain(detector: Detector, path: str) -> str:
    """The page for a file, as HTML text; a file that cannot be read gets a short one that says so."""
    try:
        judged = detector.judge(path)
    except BadImage:
        return render(detector.detect(path), detector.description, [], [], [], [], [], None, None)
    predictor = detector.predictor
    return render(
        judged.detection, detector.description, _figures(predictor, judged), _plane_figures(judged.image),
        contributions(predictor, judged), [n for n in predictor.streams if n not in speaking(predictor.streams)],
        sentences(judged.image), nearest_category(predictor, judged), judged.reading,
    )  # fmt: skip


def _figures(predictor: Predictor, judged: Judged) -> list[Figure]:
    image = judged.image
    heat = pictures.heat(image.pixels, whole_map(predictor, judged))
    shown = "The image" if image.alpha is None else "The image, alpha ignored"
    return [
        Figure(pictures.data_uri(pictures.thumbnail(image.pixels)), shown),
        Figure(pictures.data_uri(heat), "Where payload may lie: the redder, the likelier"),
    ]


def _plane_figures(image: Image) -> list[Figure]:
    figures = []
    for name, plane in _planes(image):
        figures.append(Figure(pictures.data_uri(pictures.plane(plane)), f"LSB of {name}"))
        figures.append(Figure(pictures.data_uri(pictures.corner(plane)), f"LSB of {name}: the start, enlarged"))
    return figures


def _planes(image: Image) -> list[tuple[str, np.ndarray]]:
    if image.indices is not None:
        planes = [("the palette index", image.indices & 1)]
    elif image.pixels.shape[2] == 1:
        planes = [("grey", image.pixels[:, :, 0] & 1)]
    else:
        planes = [(name, image.pixels[:, :, i] & 1) for i, name in enumerate(_COLOURS)]
    if image.alpha is not None:
        planes.insert(0, ("alpha", image.alpha & 1))
    return planes
