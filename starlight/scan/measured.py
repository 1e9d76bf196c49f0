"""From files to the facts of their contents: every file is hashed, every distinct content is decoded once."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.fanout import Engine, chunked, run
from starlight.images.containers import Limits
from starlight.scan import facts as facts_module
from starlight.scan.facts import Facts, measure, pack, unpack
from starlight.store import Store, table_name
from starlight.store.code import code_digest, decoder_versions
from starlight.store.once import once

__all__ = ["Hashed", "hash_files", "measure_all"]


@dataclasses.dataclass(frozen=True, slots=True)
class Hashed:
    """`sample_id` and `bytes` of a file, or the `reason` why it has none."""

    sample_id: str = ""
    bytes: int | None = None
    reason: str = ""


def hash_files(root: Path, paths: Sequence[str], limits: Limits, engine: Engine) -> dict[str, Hashed]:
    """Hash files.

    Parameters
    ----------
    root : Path
    paths : sequence of str
        From `root`.
    limits : Limits
        A file over `max_bytes` is not read.
    engine : Engine

    Returns
    -------
    dict
        Path to what was found.
    """
    threads = dataclasses.replace(engine, backend="threading")
    task = functools.partial(_hash_chunk, root, limits.max_bytes)
    return dict(pair for pairs in run(threads, task, chunked(paths, threads), label="hash") for pair in pairs)


def _hash_chunk(root: Path, max_bytes: int, paths: Sequence[str]) -> list[tuple[str, Hashed]]:
    return [(path, _hash(root / path, max_bytes)) for path in paths]


def _hash(file: Path, max_bytes: int) -> Hashed:
    try:
        with file.open("rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > max_bytes:
                return Hashed(bytes=size, reason=f"unreadable: {size} bytes is over {max_bytes}")
            digest = hashlib.file_digest(stream, "sha256")
    except (OSError, ValueError) as error:
        return Hashed(reason=f"unreadable: cannot be opened: {getattr(error, 'strerror', None) or error}")
    return Hashed(digest.hexdigest()[:16], size)


def measure_all(
    root: Path,
    paths: Mapping[str, str],
    limits: Limits,
    engine: Engine,
    store: Store,
    *,
    searched: Collection[str],
) -> dict[str, Facts | str]:
    """Facts of distinct contents, from the store where it has them.

    Parameters
    ----------
    root : Path
    paths : mapping
        sample_id to a path, from `root`, of a file with that content.
    limits : Limits
    engine : Engine
    store : Store
    searched : collection of str
        sample_id of the contents in which all that can be read is looked for.

    Returns
    -------
    dict
        sample_id to its facts, or to the reason why it is no readable image.

    Raises
    ------
    StarlightError
        The store cannot be written, or its disk loses records faster than they are written.
    """
    found: dict[str, Facts | str] = {}
    for whole in (False, True):
        chosen = {i: path for i, path in paths.items() if (i in searched) == whole}
        work = functools.partial(_measure, root, limits, whole)
        if chosen:
            found |= once(store, _table_name(limits, whole), chosen, work, engine, label="scan", unpack=unpack)
    return {i: f"unreadable: {facts}" if isinstance(facts, str) else facts for i, facts in found.items()}


def _table_name(limits: Limits, searched: bool) -> str:
    code = code_digest([facts_module.__name__])
    return table_name(
        "scan",
        facts_module.VERSION,
        dataclasses.asdict(limits) | decoder_versions() | {"code": code, "searched": searched},
    )


def _measure(root: Path, limits: Limits, searched: bool, sample_id: str, path: str) -> np.ndarray:
    data = (root / path).read_bytes()
    if hashlib.sha256(data).hexdigest()[:16] != sample_id:
        raise BadImage("changed while it was scanned")
    return pack(measure(data, limits, searched=searched))
