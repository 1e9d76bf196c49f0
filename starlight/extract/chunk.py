"""One chunk of extraction, as a worker does it: files in, one shard for each stream out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from starlight.errors import BadImage
from starlight.findings.reading.reader import read
from starlight.images import picture
from starlight.images.containers import Limits
from starlight.images.known import read_known
from starlight.store import key
from starlight.store.reader import BESIDE, FACTS, FOUND, MASK
from starlight.store.shard import ShardWriter
from starlight.streams.compute import compute_streams
from starlight.system.room import NoRoom
from starlight.techniques.constraints import constraint_mask

__all__ = ["Result", "Work", "extract_chunk"]


@dataclass(frozen=True)
class Work:
    """What all chunks of a run share.

    Attributes
    ----------
    root : Path
        What paths start from.
    limits : Limits
    folders : dict
        Stream to the folder of its shards.
    """

    root: Path
    limits: Limits
    folders: dict[str, Path]


@dataclass
class Result:
    """`images`: of the chunk. `failed`: sample_id to reason. `computed`: records written, by stream."""

    images: int
    failed: dict[str, str] = field(default_factory=dict)
    computed: dict[str, int] = field(default_factory=dict)


def extract_chunk(work: Work, streams: Sequence[str], jobs: Sequence[tuple[str, str, int]]) -> Result:
    """Compute records and publish them, all or none of a stream's.

    Parameters
    ----------
    work : Work
    streams : sequence of str
        What the bits of a job stand for.
    jobs : sequence of (sample_id, path, bits)
        Bit k is set where `streams[k]` is wanted.

    Raises
    ------
    StarlightError
        The store cannot be written.
    """
    result = Result(len(jobs))
    writers: dict[str, ShardWriter] = {}
    try:
        for sample_id, path, bits in jobs:
            wanted = [name for k, name in enumerate(streams) if bits >> k & 1]
            try:
                records = _compute(work, sample_id, path, wanted)
            except BadImage as error:
                result.failed[sample_id] = error.reason
            except Exception as error:  # one file in a million must not end the run
                result.failed[sample_id] = f"{type(error).__name__}: {' '.join(str(error).split())[:200]}"
            else:
                for name in wanted:
                    if name not in writers:
                        writers[name] = ShardWriter(work.folders[name])
                    writers[name].add(key(sample_id), records[name])
                    result.computed[name] = result.computed.get(name, 0) + 1
        for writer in writers.values():
            writer.publish()
    except NoRoom as error:
        raise NoRoom(error.folder, error.reason, sum(w.record for w in writers.values())) from None
    finally:
        for writer in writers.values():
            writer.abandon()
    return result


def _compute(work: Work, sample_id: str, path: str, wanted: Sequence[str]) -> dict[str, np.ndarray]:
    image = read_known(work.root / path, sample_id, work.limits)
    records = compute_streams(image, [name for name in wanted if name not in BESIDE], 1)  # vectors need no tiles
    if MASK in wanted:
        records[MASK] = constraint_mask(image)
    if FACTS in wanted:
        records[FACTS] = picture.facts(image)
    if FOUND in wanted:
        records[FOUND] = read(image).techniques
    return records
