"""`params.yaml`: read whole, checked key by key, handed out as dataclasses.

A stage's dataclass lives beside the code that it steers. Its fields may carry `metadata` with `min`, `max`
or `choices`; types come from the annotations. What is unknown, missing, of a wrong type or out of range raises
`StarlightError` with the key, the value and what is allowed: a default stands in the file alone.
"""

from __future__ import annotations

import dataclasses
import sys
import typing
from pathlib import Path
from typing import Any, TypeVar

import yaml

from starlight.errors import StarlightError
from starlight.system.room import is_full, where_free

__all__ = ["General", "knob", "read", "run_stage", "section"]

T = TypeVar("T")

SECTIONS = (
    "sample", "tampering", "scan", "extract", "model", "baseline", "train", "mine", "finetune", "ensemble", "evaluate",
    "forgery", "alerts", "report",
)  # fmt: skip


def knob(**limits: Any) -> Any:
    """A dataclass field with limits: `knob(min=0, max=0.9)`, `knob(choices=(...))`; its default stands in the file."""
    return dataclasses.field(metadata=limits)


@dataclasses.dataclass(frozen=True)
class General:
    """The top-level keys of `params.yaml`, which every stage shares."""

    seed: int = knob(min=0)
    negative_ratio: float = knob(min=0.0, max=0.9)
    negative_categories: list[str] = knob()
    negative_weights: dict[str, float] = knob()
    streams: str = knob(choices=("six", "eight", "nine"))
    headline: str = knob(choices=("v3", "v4_base", "v4"))
    roadmap: dict[str, dict[str, str]] = knob()


def read(path: Path | str) -> dict[str, Any]:
    """Read `params.yaml` and check its top-level keys.

    Parameters
    ----------
    path : Path or str
        The YAML file.

    Returns
    -------
    dict
        The raw mapping, to be handed to `section`.

    Raises
    ------
    StarlightError
        The file is missing, is no YAML mapping, or has a key that nobody reads.
    """
    try:
        raw = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise StarlightError(f"{path}: {error.strerror or error}") from error
    except yaml.YAMLError as error:
        raise StarlightError(f"{path}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(raw, dict):
        raise StarlightError(f"{path}: expected a mapping of keys, found {type(raw).__name__}")
    known = {f.name for f in dataclasses.fields(General)} | set(SECTIONS)
    for key in raw:
        if key not in known:
            raise StarlightError(f"params.yaml: unknown key {key!r}; known: {', '.join(sorted(known))}")
    return raw


def section(raw: dict[str, Any], name: str | None, kind: type[T]) -> T:
    """One section of the parameters as a checked dataclass.

    Parameters
    ----------
    raw : dict
        What `read` returned.
    name : str or None
        The block's name; None for the top level.
    kind : dataclass type
        Its fields give names, types and limits.

    Returns
    -------
    kind

    Raises
    ------
    StarlightError
        Names the key, the value and what is allowed.
    """
    block = raw if name is None else (raw.get(name) or {})
    if not isinstance(block, dict):
        raise StarlightError(f"params.yaml: {name}: expected a mapping, found {block!r}")
    hints = typing.get_type_hints(kind)
    fields = {f.name: f for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if name is not None:
        for key in block:
            if key not in fields:
                raise StarlightError(f"params.yaml: unknown key {name}.{key}; known: {', '.join(sorted(fields))}")
    prefix = "" if name is None else f"{name}."
    missing = [prefix + key for key in fields if key not in block]
    if missing:
        raise StarlightError(f"params.yaml: {missing[0]} is missing")
    values = {k: _checked(prefix + k, block[k], hints[k], field.metadata) for k, field in fields.items()}
    return kind(**values)


def _checked(key: str, value: Any, hint: Any, limits: typing.Mapping[str, Any]) -> Any:
    value = _typed(key, value, hint)
    if "choices" in limits and value not in limits["choices"]:
        raise StarlightError(f"params.yaml: {key}: {value!r} is not one of {', '.join(map(str, limits['choices']))}")
    low, high = limits.get("min"), limits.get("max")
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    for number in members:
        if not isinstance(number, (int, float)):
            continue
        if (low is not None and not number >= low) or (high is not None and not number <= high):
            allowed = f"{'' if low is None else f'{low} <= '}{key}{'' if high is None else f' <= {high}'}"
            raise StarlightError(f"params.yaml: {key}: {value!r} is out of range, allowed is {allowed}")
    return value


def _typed(key: str, value: Any, hint: Any) -> Any:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin is None and hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if origin is list and isinstance(value, list):
        return [_typed(f"{key}[{i}]", v, args[0]) for i, v in enumerate(value)]
    if origin is dict and isinstance(value, dict):
        return {_typed(key, k, args[0]): _typed(f"{key}.{k}", v, args[1]) for k, v in value.items()}
    expected = origin or hint
    wrong_bool = isinstance(value, bool) and expected is not bool
    if not isinstance(value, expected) or wrong_bool:
        raise StarlightError(f"params.yaml: {key}: {value!r} is of the wrong type, expected {_name(hint)}")
    return value


def _name(hint: Any) -> str:
    return {int: "a whole number", float: "a number", str: "text", bool: "true or false"}.get(hint, str(hint))


def run_stage(main: typing.Callable[[dict[str, Any]], None], path: Path | str = "params.yaml") -> None:
    """Run a stage's `main` on the parameters; a user's mistake ends it with one line and exit status 2."""
    try:
        main(read(path))
    except StarlightError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(2) from None
    except OSError as error:
        if not is_full(error):
            raise
        place = f"{error.filename}: " if error.filename else ""
        print(f"error: {place}{error.strerror}; {where_free()}", file=sys.stderr)
        raise SystemExit(2) from None
