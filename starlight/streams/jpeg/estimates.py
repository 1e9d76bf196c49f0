"""Direct estimates of how much was embedded, by least squares over cells of alike coefficients.

A cell holds the coefficients of one DCT mode with alike neighbourhoods. Each embedder moves counts between values in
a known way, by an amount proportional to its change rate; the slope differs from cell to cell, and the rate is fitted
over all cells, each difference weighted by its sampling error. What the cover's counts were is known from a symmetry
that the embedder breaks, or from the calibrated version of the image.
"""

import numpy as np

from starlight.streams.jpeg.statistics import TOP, magnitude_counts

__all__ = ["f5_rate", "jsteg_rate", "outguess_rate", "steghide_rate"]


def outguess_rate(cells: np.ndarray) -> tuple[float, float]:
    """Share of carriers that OutGuess 0.2 visited, from broken sign symmetry.

    OutGuess exchanges 2k and 2k + 1 over the whole range except 0 and 1, equally often in both directions over the
    image: -1 meets -2 and 2 meets 3, so a magnitude has another partner on each side of zero. DCT coefficients are
    distributed symmetrically, so in a cover the counts of v and -v agree in every cell up to chance, whatever the
    source, the quality, or an earlier compression.

    Parameters
    ----------
    cells : ndarray, shape (cells, 2 * TOP + 1)
        Counts of the values -TOP .. TOP per cell.

    Returns
    -------
    rate, deviations : float
        The rate, and what it is in standard deviations of its error without embedding. NaN where undefined.
    """
    mean = (cells[:, TOP:] + cells[:, TOP::-1]) / 2
    total = np.maximum(mean.sum(axis=0), 1)
    share = mean / total
    # what value t gains from exchanges with t + 1, both directions happening total[t] * rate / 2 times
    gain = (share[:, 2:] - share[:, 1:-1]) * total[1:-1] / 2
    return _fit(*_asymmetry(cells, gain))


def jsteg_rate(cells: np.ndarray) -> tuple[float, float]:
    """Share of carriers with a replaced least significant bit, no correction made (Jsteg, OutGuess 0.1).

    As `outguess_rate`, but 2k turns into 2k + 1 as often as a random bit demands.
    """
    mean = (cells[:, TOP:] + cells[:, TOP::-1]) / 2
    return _fit(*_asymmetry(cells, (mean[:, 2:] - mean[:, 1:-1]) / 2))


def f5_rate(cells: np.ndarray, cover: np.ndarray) -> tuple[float, float]:
    """Share of non-zero coefficients whose magnitude was decreased (F5, nsF5).

    J. Fridrich, M. Goljan, D. Hogea, "Steganalysis of JPEG Images: Breaking the F5 Algorithm", Information Hiding
    2002, eq. 4, over cells instead of whole modes.

    Parameters
    ----------
    cells, cover : ndarray, shape (cells, 2 * TOP + 1)
        Counts in the file, and in its calibrated version, of about equal sums.

    Returns
    -------
    rate, deviations : float
    """
    own, before = magnitude_counts(cells, TOP), magnitude_counts(cover, TOP)
    slope = before[:, 1:] - before[:, :-1]
    slope[:, 0] = before[:, 1]
    return _fit(own[:, :4] - before[:, :4], slope[:, :4], own[:, :4] + before[:, :4])


def steghide_rate(cells: np.ndarray, cover: np.ndarray) -> tuple[float, float]:
    """Share of non-zero coefficients that were exchanged for one with a magnitude that differs by one.

    The histogram of the image is kept, those of its cells are mixed. Parameters and returns as `f5_rate`.
    """
    own, before = magnitude_counts(cells, TOP)[:, 1:], magnitude_counts(cover, TOP)[:, 1:]
    total = np.maximum(own.sum(axis=0), 1)
    share = before / np.maximum(before.sum(axis=0), 1)
    exchanged = (share[:, 1:] - share[:, :-1]) * np.minimum(total[1:], total[:-1])
    slope = exchanged.copy()
    slope[:, 1:] -= exchanged[:, :-1]
    before = before * (own.sum(axis=1, keepdims=True) / np.maximum(before.sum(axis=1, keepdims=True), 1))
    return _fit((own - before)[:, :4], slope[:, :4], (own + before)[:, :4])


def _asymmetry(cells: np.ndarray, gain: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Surplus of -t over t for t = 1 .. TOP - 1, its slope when t and t + 1 exchange, and its variance.

    `gain[:, t - 1]` is what t gains. Negative values exchange where t is odd, positive ones where t is even.
    """
    odd, even = gain.copy(), gain.copy()
    odd[:, 1::2], even[:, 0::2] = 0, 0
    slope = odd - even
    slope[:, 1:] -= odd[:, :-1] - even[:, :-1]
    negative, positive = cells[:, TOP - 1 : 0 : -1], cells[:, TOP + 1 : -1]
    return negative - positive, slope, negative + positive


def _fit(difference: np.ndarray, slope: np.ndarray, variance: np.ndarray) -> tuple[float, float]:
    used = variance > 0
    slope, weight = slope[used], 1 / variance[used]
    information = float((slope**2 * weight).sum())
    if information <= 0:
        return float("nan"), float("nan")
    rate = float((slope * difference[used] * weight).sum()) / information
    return rate, rate * information**0.5
