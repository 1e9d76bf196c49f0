"""The quality that a JPEG was written at, as far as its quantisation steps tell."""

from __future__ import annotations

import math

__all__ = ["nearest_quality"]

_MEAN_STEP = 57.625  # of the luminance table of ITU-T T.81, K.1, which libjpeg takes for a quality of 50


def nearest_quality(log_step: float) -> float:
    """Quality at which libjpeg's steps of luma are as coarse on average.

    The table is scaled by 200 % - 2 * quality from 50 on and by 5000 % / quality below (jcparam.c of the Independent
    JPEG Group); makers' own tables get the quality that is as coarse.

    Parameters
    ----------
    log_step : float
        Log2 of the mean step of luma, `step` of `starlight.images.picture.FACTS`; NaN for what is no JPEG.

    Returns
    -------
    float
        1 to 100; NaN for NaN.

    Examples
    --------
    >>> round(nearest_quality(math.log2(57.625)))
    50
    """
    if math.isnan(log_step):
        return math.nan
    percent = 100 * 2.0**log_step / _MEAN_STEP
    return min(100.0, max(1.0, 100 - percent / 2 if percent <= 100 else 5000 / percent))
