"""A camera: lens, sensor and development, from linear light to 8-bit pixels.

Sensor noise is heteroscedastic (Foi et al., "Practical Poissonian-Gaussian Noise Modeling and Fitting for Single-Image
Raw-Data", IEEE TIP 2008); demosaicing is bilinear or gradient-corrected (Malvar, He, Cutler, "High-Quality Linear
Interpolation for Demosaicing of Bayer-Patterned Color Images", ICASSP 2004).
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from starlight.sample.covers import scene
from starlight.sample.covers.cover import Cover, as_uint8

__all__ = ["Camera", "demosaic", "draw_camera", "expose", "shoot"]

_DARKEST = 0.1  # mean linear light
_MAX_SENSOR_SIDE = 640  # pixels; larger scenes cost more time than variety


@dataclass(frozen=True)
class Camera:
    """One camera and its settings; noise in units of full scale, lengths in sensor pixels."""

    blur_px: float
    defocus_px: float
    exposure: float
    shot: float
    read: float
    bits: int
    pattern: int
    gradient_corrected: bool
    gains: tuple[float, float, float]
    saturation: float
    gamma: float
    contrast: float
    luma_denoise: float
    chroma_denoise_px: float
    sharpen: float
    sharpen_px: float
    bayer: bool

    def __str__(self) -> str:
        kind = ("malvar" if self.gradient_corrected else "bilinear") if self.bayer else "three sensors"
        return (
            f"camera {kind} {self.bits} bits shot {self.shot:.4f} blur {self.blur_px:.2f} "
            f"denoise {self.luma_denoise:.2f}/{self.chroma_denoise_px:.1f} sharpen {self.sharpen:.2f}"
        )


def draw_camera(rng: np.random.Generator) -> Camera:
    """Draw a camera, from a clean compact to a noisy one at high sensitivity."""
    return Camera(
        blur_px=rng.uniform(0.35, 1.1),
        defocus_px=rng.choice([0.0, rng.uniform(1, 6)]),
        exposure=float(np.exp(rng.uniform(np.log(0.35), np.log(1.4)))),
        shot=float(np.exp(rng.uniform(np.log(1e-4), np.log(1e-2)))),
        read=float(np.exp(rng.uniform(np.log(3e-4), np.log(6e-3)))),
        bits=int(rng.choice([10, 12, 14])),
        pattern=int(rng.integers(0, 4)),
        gradient_corrected=bool(rng.random() < 0.6),
        gains=(rng.uniform(1.3, 2.4), 1.0, rng.uniform(1.2, 2.2)),
        saturation=rng.uniform(0.8, 1.5),
        gamma=rng.uniform(1.8, 2.5),
        contrast=rng.uniform(0.0, 0.5),
        luma_denoise=float(rng.choice([0.0, rng.uniform(0.5, 4)], p=[0.35, 0.65])),
        chroma_denoise_px=float(rng.choice([0.0, rng.uniform(0.6, 3)], p=[0.3, 0.7])),
        sharpen=float(rng.choice([0.0, rng.uniform(0.2, 1.6)], p=[0.25, 0.75])),
        sharpen_px=rng.uniform(0.6, 1.6),
        bayer=bool(rng.random() < 0.9),
    )


def shoot(rng: np.random.Generator, height: int, width: int, cover_id: str) -> Cover:
    """Photograph a new scene with a new camera.

    Parameters
    ----------
    rng : numpy.random.Generator
    height, width : int
        Pixels of the result; the sensor may have more, and the result then is scaled down.
    cover_id : str
        The scene's number.

    Returns
    -------
    Cover
        Pixels of shape (height, width, 3).
    """
    factor = float(rng.choice([1.0, rng.uniform(1.1, 3)], p=[0.45, 0.55]))
    factor = max(1.0, min(factor, _MAX_SENSOR_SIDE / max(height, width)))
    rows, columns = round(height * factor), round(width * factor)
    light, depth = scene.render(rng, rows, columns)
    camera = draw_camera(rng)
    developed = as_uint8(255 * expose(light, depth, camera, rng))
    note = str(camera)
    if (rows, columns) != (height, width):
        kind = int(rng.choice([1, 2, 3, 4], p=[0.3, 0.25, 0.3, 0.15]))  # Pillow's numbers: lanczos .. box
        developed = np.asarray(Image.fromarray(developed).resize((width, height), Image.Resampling(kind)))
        note += f"; {Image.Resampling(kind).name.lower()} {1 / factor:.3f}"
    return Cover(developed, cover_id, note)


def expose(light: np.ndarray, depth: np.ndarray, camera: Camera, rng: np.random.Generator) -> np.ndarray:
    """Turn linear light into developed RGB in [0, 1].

    Parameters
    ----------
    light : ndarray of float32, shape (H, W, 3)
    depth : ndarray of float32, shape (H, W)
    camera : Camera
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
    """
    light = _lens(light, depth, camera)
    gains = np.array(camera.gains, np.float32)
    metered = max(float(light.mean()), _DARKEST)  # nobody exposes a night for as long as it takes to look like day
    signal = light * (camera.exposure * 0.5 / metered) / gains
    if camera.bayer:
        signal = _mosaic(signal, camera.pattern)
    noise = np.sqrt(camera.shot * np.maximum(signal, 0) + camera.read**2)
    signal = signal + noise * rng.standard_normal(signal.shape, np.float32)
    levels = np.float32(2**camera.bits - 1)
    raw = np.rint(np.clip(signal, -0.02, 1) * levels) / levels
    rgb = demosaic(raw, camera.pattern, camera.gradient_corrected) if camera.bayer else raw
    return _develop(np.clip(rgb * gains, 0, 1), camera)


def demosaic(raw: np.ndarray, pattern: int, gradient_corrected: bool) -> np.ndarray:
    """Interpolate a Bayer mosaic.

    Parameters
    ----------
    raw : ndarray of float32, shape (H, W)
    pattern : int
        0 RGGB, 1 GRBG, 2 GBRG, 3 BGGR: bit 0 moves red one column, bit 1 one row.
    gradient_corrected : bool
        Malvar's filters; bilinear ones otherwise.

    Returns
    -------
    ndarray of float32, shape (H, W, 3)
    """
    height, width = raw.shape
    p = np.pad(raw, 2, mode="reflect")

    def at(dy: int, dx: int) -> np.ndarray:
        return p[2 + dy : 2 + dy + height, 2 + dx : 2 + dx + width]

    across, down = at(0, -1) + at(0, 1), at(-1, 0) + at(1, 0)
    diagonal = at(-1, -1) + at(-1, 1) + at(1, -1) + at(1, 1)
    green, along, over, opposite = (across + down) / 4, across / 2, down / 2, diagonal / 4
    if gradient_corrected:
        far_across, far_down = at(0, -2) + at(0, 2), at(-2, 0) + at(2, 0)
        green = green + (4 * raw - far_across - far_down) / 8
        along = along + (5 * raw - far_across - diagonal + far_down / 2) / 8
        over = over + (5 * raw - far_down - diagonal + far_across / 2) / 8
        opposite = opposite + (6 * raw - 1.5 * (far_across + far_down)) / 8
    return _assemble(raw, pattern, green, along, over, opposite)


def _assemble(raw, pattern, green, along, over, opposite) -> np.ndarray:
    """Pick, at each site of the mosaic, what was measured and what was interpolated."""
    out = np.empty((*raw.shape, 3), np.float32)
    red_row, red_column = pattern >> 1, pattern & 1
    for dy in (0, 1):
        for dx in (0, 1):
            site = (slice(dy, None, 2), slice(dx, None, 2))
            on_red_row, on_red_column = dy == red_row, dx == red_column
            if on_red_row and on_red_column:
                values = raw, green, opposite
            elif not on_red_row and not on_red_column:
                values = opposite, green, raw
            else:
                values = (along, raw, over) if on_red_row else (over, raw, along)
            for channel, value in enumerate(values):
                out[(*site, channel)] = value[site]
    return out


def _lens(light: np.ndarray, depth: np.ndarray, camera: Camera) -> np.ndarray:
    sharp = _blur(light, camera.blur_px)
    if not camera.defocus_px:
        return sharp
    soft = _blur(light, camera.defocus_px)
    share = np.clip(2 * depth - 0.6, 0, 1)[..., None]
    return sharp + (soft - sharp) * share


def _mosaic(rgb: np.ndarray, pattern: int) -> np.ndarray:
    raw = rgb[..., 1].copy()
    row, column = pattern >> 1, pattern & 1
    raw[row::2, column::2] = rgb[row::2, column::2, 0]
    raw[1 - row :: 2, 1 - column :: 2] = rgb[1 - row :: 2, 1 - column :: 2, 2]
    return raw


def _develop(rgb: np.ndarray, camera: Camera) -> np.ndarray:
    """Colour matrix, tone curve, noise reduction of luma and chroma, sharpening of luma."""
    grey = rgb.mean(2, keepdims=True)
    rgb = np.clip(grey + camera.saturation * (rgb - grey), 0, 1)
    steps = np.linspace(0, 1, 4097, dtype=np.float32)
    curve = steps ** (1 / camera.gamma)
    curve = curve + camera.contrast * (curve * curve * (3 - 2 * curve) - curve)
    rgb = curve.astype(np.float32)[(rgb * 4096).astype(np.int32)]
    luma = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    chroma = rgb - luma[..., None]
    if camera.chroma_denoise_px:
        chroma = _blur(chroma, camera.chroma_denoise_px)
    if camera.luma_denoise:
        luma = _shrink(luma, camera.luma_denoise / 100)
    if camera.sharpen:
        luma = luma + camera.sharpen * (luma - _blur(luma, camera.sharpen_px))
    return luma[..., None] + chroma


def _shrink(luma: np.ndarray, strength: float) -> np.ndarray:
    mean = _blur(luma, 1.0)
    variance = np.maximum(_blur(luma * luma, 1.0) - mean * mean, 0)
    return mean + (luma - mean) * (variance / (variance + strength * strength))


def _blur(values: np.ndarray, sigma: float) -> np.ndarray:
    return ndimage.gaussian_filter(values, (sigma, sigma, 0)[: values.ndim], truncate=3)
