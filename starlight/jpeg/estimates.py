"""Direct estimates of how much was embedded, one small number each, in the unit that its paper uses."""

import numpy as np

__all__ = ["f5_change_rates", "outguess_change_rate"]

_F5_MODES = (1, 8, 9, 2, 16, 10, 17, 18)  # low frequencies, where the histogram is wide enough to fit


def f5_change_rates(histograms: np.ndarray, calibrated: np.ndarray) -> np.ndarray:
    """Relative number of changed coefficients under F5, per low mode.

    J. Fridrich, M. Goljan, D. Hogea, "Steganalysis of JPEG Images: Breaking the F5 Algorithm", Information Hiding
    2002, eq. 4: least squares between the observed counts of 0 and 1 and those that a change rate beta would make of
    the calibrated ones.

    Parameters
    ----------
    histograms, calibrated : ndarray, shape (64, >= 4)
        Counts of magnitudes 0, 1, 2, .. per mode, of the file and of its calibrated version, of equal sums.

    Returns
    -------
    ndarray, shape (8,)
        beta of eight low modes; NaN where the calibrated mode has neither 1 nor 2.
    """
    observed, cover = histograms[list(_F5_MODES)], calibrated[list(_F5_MODES)]
    steps = np.stack([cover[:, 1], cover[:, 2] - cover[:, 1]], axis=1)
    surplus = observed[:, :2] - cover[:, :2]
    weight = (steps**2).sum(axis=1)
    return np.divide((steps * surplus).sum(axis=1), weight, out=np.full(len(weight), np.nan), where=weight > 0)


def outguess_change_rate(negative: np.ndarray, positive: np.ndarray) -> tuple[float, float]:
    """Rate at which values -1 are turned into -2 and back, from the loss of sign symmetry within cells.

    OutGuess changes -1 <-> -2 but never 1, and keeps the histogram as a whole. The distribution of a DCT coefficient is
    symmetric, so in every cell of alike coefficients (mode, busyness) the counts of -1 and 1 must agree up to chance;
    F exchanges in each direction shift their difference by F (n2 / N2 - n1 / N1). F is fitted by weighted least squares.

    Parameters
    ----------
    negative, positive : ndarray, shape (cells, >= 2)
        Counts of -1, -2, .. and of 1, 2, .. per cell.

    Returns
    -------
    rate, deviations : float
        F / N1, and the fit in standard deviations of its error under no embedding; NaN without any pair.
    """
    mean = (negative[:, :2] + positive[:, :2]) / 2
    total = mean.sum(axis=0)
    variance = negative[:, 0] + positive[:, 0]
    used = variance > 0
    if not total.all():
        return float("nan"), float("nan")
    slope = (mean[:, 1] / total[1] - mean[:, 0] / total[0])[used]
    difference, variance = (negative[:, 0] - positive[:, 0])[used], variance[used]
    information = (slope**2 / variance).sum()
    if information <= 0:
        return float("nan"), float("nan")
    exchanged = (slope * difference / variance).sum() / information
    return float(exchanged / total[0]), float(exchanged * np.sqrt(information))
