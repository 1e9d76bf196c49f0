"""Names of what a run counts about itself, in words: a table of keys is for programs."""

import re
from collections.abc import Iterator, Mapping

from starlight.markdown import code
from starlight.metrics import flatten

__all__ = ["rows"]

_WORDS = {
    "by_rule.both": "kept for their score and their map",
    "by_rule.map_only": "kept for their map alone",
    "by_rule.score_only": "kept for their score alone",
    "by_rule.near_only": "kept for being among the highest scores alone",
    "dropped_over_max_samples": "beyond `mine.max_samples`",
    "first_answer_seconds": "first answer after the command, s",
    "hard_negatives": "hard negatives found",
    "jpeg_512_images_per_second.workers_1": "512x512 JPEG, one worker, images a second",
    "jpeg_512_images_per_second.workers_2": "512x512 JPEG, two workers, images a second",
    "jpeg_512_ms.p50": "512x512 JPEG, median, ms",
    "jpeg_512_ms.p95": "512x512 JPEG, 95 % quantile, ms",
    "kept": "hard negatives kept",
    "machine.cores": "cores of the machine",
    "machine.cpu": "processor",
    "machine.python": "Python",
    "machine.system": "system",
    "missed_forged": "forged images missed",
    "missed_stego": "stego images missed",
    "png_256_ms.p50": "256x256 PNG, median, ms",
    "png_256_ms.p95": "256x256 PNG, 95 % quantile, ms",
    "scanned_authentic": "authentic images scanned",
    "scanned_forged": "forged images scanned",
    "scanned_stego": "stego images scanned",
    "skipped_without_streams": "skipped, without streams",
}
_QUANTILE = re.compile(r"(authentic|forged|stego)_(score|fp_ratio)_quantiles\.q([\d.]+)")
_OF = {"score": "score", "fp_ratio": "FP ratio of the map"}


def rows(document: Mapping) -> Iterator[list[str]]:
    """Rows of a table, measure and value, from a nested mapping; what says nothing is left out."""
    for key, value in flatten(document).items():
        if value not in ("", None):
            yield [_named(key), f"{value:g}" if isinstance(value, (int, float)) else code(value)]


def _named(key: str) -> str:
    if found := _QUANTILE.fullmatch(key):
        images, what, share = found.groups()
        return f"{_OF[what]} of {images} images, {100 * float(share):g} % quantile"
    return _WORDS.get(key, code(key))
