"""From files to the facts of their contents: every file is hashed, every distinct content is decoded once."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.fanout import Engine, chunked, run
from starlight.images.containers import Limits
from starlight.scan import facts as facts_module
from starlight.scan.facts import measure, pack, unpack
from starlight.scan.subjects import Contents
from starlight.store import Store, key, table_name
from starlight.store.code import code_digest, decoder_versions
from starlight.store.once import once

__all__ = ["Hashes", "hash_files", "measure_all"]

_AT_ONCE = 4096  # contents whose facts are looked up together: what they take in memory stays the same for any number

Hash = tuple[int, int, int, str]  # number of a file, key of its content, bytes, and the reason why it has none


class Hashes:
    """What n files hold.

    Attributes
    ----------
    keys : (n,) uint64
        Of the contents: see `starlight.store.key`.
    bytes : (n,) int64
        -1 where it is not known.
    there : (n,) bool
        Whether the file could be hashed.
    reasons : dict of int to str
        Why not.
    """

    def __init__(self, count: int) -> None:
        self.keys, self.bytes = np.zeros(count, np.uint64), np.full(count, -1, np.int64)
        self.there = np.zeros(count, bool)
        self.reasons: dict[int, str] = {}


def hash_files(root: Path, paths: Sequence[str], limits: Limits, engine: Engine) -> Hashes:
    """Hash files.

    Parameters
    ----------
    root : Path
    paths : sequence of str
        From `root`; those that are empty are no files.
    limits : Limits
        A file over `max_bytes` is not read.
    engine : Engine
    """
    threads = dataclasses.replace(engine, backend="threading")
    task = functools.partial(_hash_chunk, os.fspath(root), limits.max_bytes, paths)
    hashes = Hashes(len(paths))
    for results in run(threads, task, chunked(range(len(paths)), threads), label="hash"):
        for number, of, size, reason in results:
            hashes.keys[number], hashes.bytes[number], hashes.there[number] = of, size, not reason
            if reason:
                hashes.reasons[number] = reason
    return hashes


def _hash_chunk(root: str, max_bytes: int, paths: Sequence[str], numbers: Sequence[int]) -> list[Hash]:
    # no Path: it would keep each name for the life of the process
    return [(number, *_hash(os.path.join(root, paths[number]), max_bytes)) for number in numbers if paths[number]]


def _hash(file: str, max_bytes: int) -> tuple[int, int, str]:
    try:
        with open(file, "rb") as stream:
            size = os.fstat(stream.fileno()).st_size
            if size > max_bytes:
                return 0, size, f"unreadable: {size} bytes is over {max_bytes}"
            digest = hashlib.file_digest(stream, "sha256")
    except (OSError, ValueError) as error:
        return 0, -1, f"unreadable: cannot be opened: {getattr(error, 'strerror', None) or error}"
    return key(digest.hexdigest()[:16]), size, ""


def measure_all(
    root: Path,
    contents: Contents,
    paths: Sequence[str],
    limits: Limits,
    engine: Engine,
    store: Store,
    *,
    searched: np.ndarray,
) -> None:
    """Fill in the facts of distinct contents, from the store where it has them.

    Parameters
    ----------
    root : Path
    contents : Contents
        n of them.
    paths : sequence of str
        Of a file with each content, from `root`.
    limits : Limits
    engine : Engine
    store : Store
    searched : (n,) bool
        Contents in which all that can be read is looked for.

    Raises
    ------
    StarlightError
        The store cannot be written, or its disk loses records faster than they are written.
    """
    for whole in (False, True):
        work = functools.partial(_measure, root, limits, whole)
        numbers = np.flatnonzero(searched == whole)
        table = store.table(_table_name(limits, whole)) if len(numbers) else None
        for part in _parts(numbers):
            named = {contents.sample_id(number): number for number in part.tolist()}
            jobs = {sample_id: paths[number] for sample_id, number in named.items()}
            for sample_id, facts in once(table, jobs, work, engine, label="scan", unpack=unpack).items():
                contents[named[sample_id]] = f"unreadable: {facts}" if isinstance(facts, str) else facts


def _parts(numbers: np.ndarray) -> Iterator[np.ndarray]:
    yield from (numbers[start : start + _AT_ONCE] for start in range(0, len(numbers), _AT_ONCE))


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
