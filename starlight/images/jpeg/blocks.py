"""Blockwise 8x8 DCT between quantised coefficients and pixels, by matrix products.

The type-II DCT of ITU-T T.81, annex A.3.3, orthonormal: `D @ block @ D.T`. Two matrix products over the whole plane
cost a tenth of a per-block transform and need no library beyond numpy.
"""

import numpy as np

__all__ = ["DCT", "from_blocks", "pixels", "to_blocks", "transform"]

_K = np.arange(8)
DCT = (np.cos((2 * _K[None, :] + 1) * _K[:, None] * np.pi / 16) * 0.5).astype(np.float32)
DCT[0] /= np.sqrt(2.0, dtype=np.float32)


def to_blocks(plane: np.ndarray) -> np.ndarray:
    """Cut a plane into 8x8 blocks.

    Parameters
    ----------
    plane : ndarray, shape (8 * Hb, 8 * Wb)

    Returns
    -------
    ndarray, shape (Hb, Wb, 8, 8), a view where numpy allows it.
    """
    height, width = plane.shape
    return plane.reshape(height // 8, 8, width // 8, 8).swapaxes(1, 2)


def from_blocks(blocks: np.ndarray) -> np.ndarray:
    """Join 8x8 blocks to a plane, the inverse of `to_blocks`.

    Parameters
    ----------
    blocks : ndarray, shape (Hb, Wb, 8, 8)

    Returns
    -------
    ndarray, shape (8 * Hb, 8 * Wb)
    """
    rows, columns = blocks.shape[:2]
    return blocks.swapaxes(1, 2).reshape(rows * 8, columns * 8)


def transform(plane: np.ndarray) -> np.ndarray:
    """DCT of each 8x8 block of a plane, unquantised.

    Parameters
    ----------
    plane : ndarray, shape (8 * Hb, 8 * Wb), float32
        Samples; subtract 128 first where the DC coefficient matters.

    Returns
    -------
    ndarray, shape (Hb, 8, Wb, 8), float32
        `[i, u, j, v]`: vertical frequency u, horizontal frequency v of block (i, j).
    """
    height, width = plane.shape
    across = plane.reshape(-1, 8) @ DCT.T
    return np.matmul(DCT, across.reshape(height // 8, 8, width)).reshape(height // 8, 8, width // 8, 8)


def pixels(coefficients: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Decompress one component to samples, neither rounded nor clipped.

    Rounding and clipping are left out on purpose: the blockwise inverse is then exact, and what embedding changed
    is not blurred by the decoder.

    Parameters
    ----------
    coefficients : ndarray, shape (Hb, Wb, 8, 8), int16
        Quantised DCT coefficients, `[.., u, v]` in natural order.
    table : ndarray, shape (8, 8)
        Quantisation steps.

    Returns
    -------
    ndarray, shape (8 * Hb, 8 * Wb), float32
        Samples around 128.
    """
    rows, columns = coefficients.shape[:2]
    dequantised = coefficients * np.asarray(table, np.float32)
    across = dequantised.reshape(-1, 8) @ DCT
    lines = np.ascontiguousarray(across.reshape(rows, columns, 8, 8).swapaxes(1, 2)).reshape(rows, 8, columns * 8)
    return np.matmul(DCT.T, lines).reshape(rows * 8, columns * 8) + np.float32(128)
