"""Parameters of the scan, apart from it: extraction goes by the same limits, and starts sooner without the rest."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from starlight.images.containers import Limits
from starlight.params import knob

__all__ = ["BUILT_IN", "ScanParams", "left_out", "limits"]

BUILT_IN = {"sample": "sample_submission_2025", "tampering": "tampering_submission_2025"}  # by block of the parameters


@dataclasses.dataclass(frozen=True)
class ScanParams:
    """Block `scan` of the parameters.

    Attributes
    ----------
    seed : int
        Of the assignment of covers to splits.
    test_fraction, val_fraction : float
        Share of covers for the test and the validation split.
    near_duplicate_bits : int
        Largest distance of perceptual hashes at which two pictures may be near-duplicates; -1 unites equal pixels only.
    max_pixels, max_bytes : int
        Size over which a file is quarantined.
    workers : int
        Processes; 0 means one for each core.
    """

    seed: int = knob(min=0)
    test_fraction: float = knob(min=0.0, max=0.8)
    val_fraction: float = knob(min=0.0, max=0.8)
    near_duplicate_bits: int = knob(min=-1, max=10)
    max_pixels: int = knob(min=1)
    max_bytes: int = knob(min=1)
    workers: int = knob(min=0, max=1024)


def limits(params: ScanParams) -> Limits:
    """Limits on one file."""
    return Limits(max_pixels=params.max_pixels, max_bytes=params.max_bytes)


def left_out(raw: Mapping[str, object]) -> set[str]:
    """Names of the built-in submissions that `enabled: false` in their blocks of the parameters leaves out."""
    blocks = {name: raw.get(block) for block, name in BUILT_IN.items()}
    return {name for name, block in blocks.items() if isinstance(block, Mapping) and block.get("enabled") is False}
