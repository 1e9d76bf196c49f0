"""Blockwise 8x8 DCT between quantised coefficients and pixels, by matrix products.

The type-II DCT of ITU-T T.81, annex A.3.3, orthonormal: `D @ block @ D.T`. Two matrix products over the whole plane
cost a tenth of a per-block transform and need no library beyond numpy.
"""

import numpy as np

__all__ = ["DCT", "pixels"]

_K = np.arange(8)
DCT = (np.cos((2 * _K[None, :] + 1) * _K[:, None] * np.pi / 16) * 0.5).astype(np.float32)
DCT[0] /= np.sqrt(2.0, dtype=np.float32)


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
