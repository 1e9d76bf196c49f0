"""Exact intervals of proportions, and what they say about a target.

Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial", Biometrika 26,
1934. Differences: Newcombe, "Interval estimation for the difference between independent proportions", Statistics in
Medicine 17, 1998, method 10, fed with the exact intervals.
"""

import math

from scipy.stats import beta

__all__ = ["MET", "MISSED", "TOO_FEW", "UNMEASURED", "clopper_pearson", "difference", "images_needed", "judge"]

MET, MISSED, TOO_FEW, UNMEASURED = "met", "missed", "too few images to tell", "not measured"
_LARGEST_SEARCH = 1 << 40


def clopper_pearson(k: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Exact interval of a proportion of which `k` of `n` were seen.

    Parameters
    ----------
    k, n : int
        Successes and trials, 0 <= k <= n.
    confidence : float
        Two-sided coverage, in (0, 1).

    Returns
    -------
    tuple of float
        Lower and upper end; both NaN where n is 0.

    Examples
    --------
    >>> [round(end, 4) for end in clopper_pearson(0, 100)]
    [0.0, 0.0362]
    """
    if not 0 <= k <= n:
        raise ValueError(f"k must lie in 0..n, got k={k}, n={n}")
    if n == 0:
        return math.nan, math.nan
    tail = (1 - confidence) / 2
    low = 0.0 if k == 0 else float(beta.ppf(tail, k, n - k + 1))
    high = 1.0 if k == n else float(beta.ppf(1 - tail, k + 1, n - k))
    return low, high


def difference(after: tuple[float, float, float], before: tuple[float, float, float]) -> tuple[float, float, float]:
    """Difference of two independent rates with its interval.

    Parameters
    ----------
    after, before : (rate, low, high)
        Rates as fractions with the ends of their intervals.

    Returns
    -------
    tuple of float
        after - before, and the ends of its interval; NaN where a part is NaN.
    """
    (p, p_low, p_high), (q, q_low, q_high) = after, before
    change = p - q
    return change, change - math.hypot(p - p_low, q_high - q), change + math.hypot(p_high - p, q - q_low)


def images_needed(target: float, rate: float = 0.0, confidence: float = 0.95) -> int | None:
    """How many images it takes until the upper end of the interval falls under a target.

    Parameters
    ----------
    target : float
        The rate to stay under, in (0, 1).
    rate : float
        The rate that the images would show, rounded up to whole images.

    Returns
    -------
    int or None
        None where no number would do: the rate is not under the target.
    """
    if not 0 < target < 1:
        raise ValueError(f"target must lie in (0, 1), got {target}")
    if not rate < target:
        return None
    enough = math.ceil(math.log((1 - confidence) / 2) / math.log1p(-target))
    too_few = 1
    while clopper_pearson(math.ceil(rate * enough), enough, confidence)[1] > target:
        too_few, enough = enough, enough * 2
        if enough > _LARGEST_SEARCH:
            return None
    while rate > 0 and enough - too_few > max(1, enough // 1000):
        middle = (too_few + enough) // 2
        if clopper_pearson(math.ceil(rate * middle), middle, confidence)[1] > target:
            too_few = middle
        else:
            enough = middle
    return enough


def judge(low: float, high: float, target: float, direction: str) -> str:
    """Whether an interval meets a target.

    Parameters
    ----------
    low, high : float
        The ends of the interval; equal for a figure that has none, NaN for one that was not measured.
    direction : {"<=", ">="}
        Which side of the target is wanted.

    Returns
    -------
    str
        `MET` where the whole interval is on the wanted side, `MISSED` where none of it is, else `TOO_FEW`.
    """
    if direction not in ("<=", ">="):
        raise ValueError(f"direction must be <= or >=, got {direction!r}")
    if math.isnan(low) or math.isnan(high):
        return UNMEASURED
    if direction == ">=":
        low, high, target = -high, -low, -target
    if high <= target:
        return MET
    return MISSED if low > target else TOO_FEW
