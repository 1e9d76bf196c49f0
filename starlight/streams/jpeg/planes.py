"""The working form of one JPEG component: a plane for each DCT mode, a plane for each pixel of a block.

In this form every step (dequantise and invert, move the grid, transform anew) is one matrix product with 64 rows, and
every statistic runs over contiguous memory.
"""

import numpy as np

from starlight.images.jpeg.blocks import DCT

__all__ = ["by_mode", "calibrated", "phase_planes", "residual_planes"]

_BASIS = np.kron(DCT, DCT).astype(np.float32)  # (8u + v, 8r + c)
_TAPS = np.zeros((8, 8, 16), np.float32)  # kernel of frequency k that starts at pixel s of the first of two blocks
for _start in range(8):
    _TAPS[:, _start, _start : _start + 8] = DCT


def by_mode(blocks: np.ndarray) -> np.ndarray:
    """Coefficients with one plane per DCT mode.

    Parameters
    ----------
    blocks : ndarray, shape (Hb, Wb, 8, 8), int16

    Returns
    -------
    ndarray, shape (8, 8, Hb, Wb), int16, contiguous
        `[u, v]` is vertical and horizontal frequency.
    """
    return np.ascontiguousarray(blocks.transpose(2, 3, 0, 1))


def phase_planes(modes: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Decompress to samples, one plane per pixel position in the block, neither rounded nor clipped.

    Parameters
    ----------
    modes : ndarray, shape (8, 8, Hb, Wb), int16
    table : ndarray, shape (8, 8)
        Quantisation steps.

    Returns
    -------
    ndarray, shape (8, 8, Hb, Wb), float32
        `[r, c, i, j]` is pixel (8 i + r, 8 j + c), around 0.
    """
    inverse = _BASIS.T * np.asarray(table, np.float32).ravel()
    return (inverse @ modes.reshape(64, -1).astype(np.float32)).reshape(modes.shape)


def calibrated(phases: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Quantised coefficients of the image moved off its block grid by four pixels each way.

    They have the statistics of the cover but no memory of changed coefficients: J. Fridrich, M. Goljan, D. Hogea,
    "Steganalysis of JPEG Images: Breaking the F5 Algorithm", Information Hiding 2002.

    Parameters
    ----------
    phases : ndarray, shape (8, 8, Hb, Wb), float32
        From `phase_planes`, at least two by two blocks.
    table : ndarray, shape (8, 8)
        Quantisation steps.

    Returns
    -------
    ndarray, shape (8, 8, Hb - 1, Wb - 1), int16
    """
    height, width = phases.shape[2] - 1, phases.shape[3] - 1
    moved = np.empty((8, 8, height, width), np.float32)
    moved[:4, :4] = phases[4:, 4:, :-1, :-1]
    moved[:4, 4:] = phases[4:, :4, :-1, 1:]
    moved[4:, :4] = phases[:4, 4:, 1:, :-1]
    moved[4:, 4:] = phases[:4, :4, 1:, 1:]
    spectrum = (_BASIS / np.asarray(table, np.float32).reshape(64, 1)) @ moved.reshape(64, -1)
    return np.rint(spectrum, out=spectrum).astype(np.int16).reshape(8, 8, height, width)


def residual_planes(phases: np.ndarray, kernels: tuple[tuple[int, int], ...]) -> np.ndarray:
    """Undecimated DCT residuals: the image filtered with 8x8 DCT basis patterns, one plane per grid phase.

    V. Holub, J. Fridrich, "Low-Complexity Features for JPEG Steganalysis Using Undecimated DCT", IEEE TIFS 2015.

    Parameters
    ----------
    phases : ndarray, shape (8, 8, Hb, Wb), float32
    kernels : tuple of (u, v)
        Vertical and horizontal frequencies; kernels of one v side by side share work.

    Returns
    -------
    ndarray, shape (len(kernels), 8, 8, (Hb - 1) * (Wb - 1)), float32
        `[k, a, b]` are the responses at windows that start at pixel (a, b) of a block.
    """
    height, width = phases.shape[2] - 1, phases.shape[3] - 1
    wide = np.concatenate([phases[..., :-1], phases[..., 1:]], axis=1).reshape(8, 16, -1)
    out = np.empty((len(kernels), 8, 8, height * width), np.float32)
    for v in dict.fromkeys(v for _, v in kernels):
        rows = np.matmul(_TAPS[v], wide).reshape(8, 8, height + 1, width)
        tall = np.concatenate([rows[:, :, :-1], rows[:, :, 1:]], axis=0).reshape(16, -1)
        for k, (u, _) in ((k, pair) for k, pair in enumerate(kernels) if pair[1] == v):
            np.matmul(_TAPS[u], tall, out=out[k].reshape(8, -1))
    return out
