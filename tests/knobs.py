"""Parameters as `params.yaml` has them, with changes."""

import dataclasses
from functools import cache
from pathlib import Path
from typing import TypeVar

from starlight.params import read, section

T = TypeVar("T")
_BLOCKS = {"General": None, "AlertParams": "alerts"}  # where the class is not called after its block


@cache
def _raw() -> dict:
    return read(Path(__file__).parents[1] / "params.yaml")


def knobs(kind: type[T], **changes: object) -> T:
    """A block of the parameters; `changes` are not checked."""
    block = _BLOCKS.get(kind.__name__, kind.__name__.removesuffix("Params").lower())
    return dataclasses.replace(section(_raw(), block, kind), **changes)  # type: ignore[type-var]
