"""What the simulators of luma-only JPEG embedding share."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from starlight.errors import StarlightError
from starlight.images.jpeg.coefficients import Coefficients

__all__ = ["changed_luma", "luma_table", "nonzero_ac"]


def nonzero_ac(blocks: np.ndarray) -> int:
    """Number of non-zero AC coefficients in blocks of shape (Hb, Wb, 8, 8)."""
    return int(np.count_nonzero(blocks) - np.count_nonzero(blocks[:, :, 0, 0]))


def luma_table(coefficients: Coefficients) -> np.ndarray:
    """Quantisation steps of luma, float64 (8, 8)."""
    return np.asarray(coefficients.qt[coefficients.qt_index[0]], np.float64)


def changed_luma(coefficients: Coefficients, rate: float, simulate: Callable[[np.ndarray], np.ndarray]) -> Coefficients:
    """Run a simulator on luma and put its result in place of it.

    Parameters
    ----------
    coefficients : Coefficients
    rate : float
        Bits for each non-zero AC coefficient (bpnzAC).
    simulate : callable
        Luma, (Hb, Wb, 8, 8) int16, to the same with a payload.

    Returns
    -------
    Coefficients

    Raises
    ------
    StarlightError
        A rate outside [0, 1] or a component with no non-zero AC coefficient.
    """
    if not 0 <= rate <= 1:
        raise StarlightError(f"embedding rate {rate} bpnzAC: allowed are 0 to 1")
    if not nonzero_ac(coefficients.y):
        raise StarlightError("no non-zero AC coefficient to embed in")
    if rate == 0:
        return replace(coefficients, y=coefficients.y.copy())
    return replace(coefficients, y=simulate(coefficients.y).astype(np.int16))
