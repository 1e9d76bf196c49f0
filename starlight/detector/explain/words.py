"""What the statistics of an image say, in sentences that a person can check."""

from __future__ import annotations

import math

import numpy as np

from starlight.images.image import Image
from starlight.streams.attacks import chi_square, rs, spa, ws

__all__ = ["sentences"]

_SMALL_RATE = 0.05  # bits per pixel; what the estimators are off by on untouched photographs, roughly
_CHANNELS = {1: ("grey",), 3: ("red", "green", "blue")}
_LONGEST = 2048  # pixels on a side of what the estimators look at here


def sentences(image: Image) -> list[str]:
    """Facts and estimates, most basic first.

    Estimators of LSB replacement are quoted only where pixels are stored as they are: in a JPEG or an indexed image
    they would measure the codec.
    """
    said = [_container(image), _behind(image), *_metadata(image), *_alpha(image)]
    if image.container.indexed:
        said.append(_indices(image))
    elif image.container.format == "jpeg":
        said += _coefficients(image)
    elif image.container.lossless:
        said += [_channel(name, image.pixels[:_LONGEST, :_LONGEST, i]) for i, name in _channels(image)]
    if image.container.problems:
        said.append("The file is odd: " + "; ".join(image.container.problems) + ".")
    return said


def _container(image: Image) -> str:
    c = image.container
    kind = f"{c.format.upper()} of {c.width} × {c.height} pixels, {c.bit_depth} bits a sample, stored as {c.mode}"
    frames = f", {c.frames} frames of which the first was read" if c.frames > 1 else ""
    part = "" if image.share_seen == 1 else f" Only its first {image.pixels.shape[0]} rows were looked at."
    return f"{kind}{frames}; {len(image.data):,} bytes.{part}"


def _behind(image: Image) -> str:
    count = len(image.container.trailer)
    if not count:
        return "Nothing follows the end of the image in the file."
    return f"{count:,} bytes follow the end of the image, where a viewer never looks."


def _metadata(image: Image) -> list[str]:
    c, said = image.container, []
    if c.exif_fields:
        said.append(f"EXIF holds {c.exif_fields} fields; its comment has {max(0, len(c.user_comment) - 8)} bytes.")
    texts = sum(map(len, c.comments))
    if texts:
        said.append(f"Comments and text chunks hold {texts:,} bytes.")
    return said


def _alpha(image: Image) -> list[str]:
    if image.alpha is None:
        return ["There is no alpha channel."]
    low, high = int(image.alpha.min()), int(image.alpha.max())
    if low == high:
        return [f"The alpha channel is {low} everywhere: it can carry nothing unseen."]
    return [f"Alpha runs from {low} to {high}; its LSB is 1 in {_percent((image.alpha & 1).mean())} of the pixels."]


def _indices(image: Image) -> str:
    used = len(np.unique(image.indices))
    odd = _percent((image.indices & 1).mean())
    return f"{used} of {len(image.palette)} colours are used; the LSB of the index is 1 in {odd} of the pixels."


def _coefficients(image: Image) -> list[str]:
    y = image.coefficients.y
    ac = y.reshape(-1, 64)[:, 1:]
    ones, twos = np.count_nonzero(np.abs(ac) == 1), np.count_nonzero(np.abs(ac) == 2)
    facts = f"{np.count_nonzero(ac):,} of {ac.size:,} luma AC coefficients are not zero"
    if not twos:
        return [facts + "."]
    return [
        f"{facts}; there are {ones / twos:.1f} of size 1 for each of size 2. "
        "F5 and nsF5 turn ones into zeros, which lowers that ratio against the same image shifted by four pixels."
    ]


def _channel(name: str, channel: np.ndarray) -> str:
    rates = {"sample pairs": spa.estimate(channel), "RS": rs.estimate(channel), "weighted stego": ws.estimate(channel)}
    known = {k: v for k, v in rates.items() if math.isfinite(v)}
    if not known:
        return f"{name.capitalize()}: too flat or too small for the estimators of LSB replacement."
    quoted = ", ".join(f"{k} {100 * v:+.1f} %" for k, v in known.items())
    over = sum(v > _SMALL_RATE for v in known.values())
    verdict = {0: "none of them more than an untouched photograph may show", len(known): "all of them high"}
    p = chi_square.estimate(channel).p_value
    flat = f" Its pairs of values are as even as full embedding makes them (p = {p:.2f})." if p >= 0.01 else ""
    return (
        f"{name.capitalize()}: estimated share of pixels whose LSB was replaced: {quoted}: "
        f"{verdict.get(over, 'they disagree')}.{flat}"
    )


def _channels(image: Image) -> list[tuple[int, str]]:
    return list(enumerate(_CHANNELS[image.pixels.shape[2]]))


def _percent(share: float) -> str:
    return f"{100 * float(share):.1f} %"
