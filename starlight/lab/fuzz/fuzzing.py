"""Hostile files by the thousand: mutations of valid ones, each decoded and read in a process that may die.

A file is accounted for as `ok`, as rejected for a stated reason, as slow (over the limit of processor time, or not
answering at all) or as crashed (any exception but `BadImage`, or the death of the process).
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import re
import time
from collections.abc import Iterator

import numpy as np

from starlight.errors import BadImage
from starlight.findings.reading.reader import read
from starlight.images.image import Image, decode
from starlight.lab.fuzz import specimens
from starlight.lab.fuzz.mutations import mutate

__all__ = ["Report", "run", "table", "try_file"]

_CHUNK = 500  # files for each process
_PATIENCE = 20  # times the limit that a process may stay silent; other work on the machine slows it too


@dataclasses.dataclass
class Report:
    """Counts of one run; `crashed` and `slow` name the files by number, to be made again with
    `mutations.mutate`."""

    total: int
    ok: int
    rejected: collections.Counter[str]
    crashed: list[tuple[int, str]]
    slow: list[tuple[int, str]]

    @property
    def unaccounted(self) -> int:
        return self.total - self.ok - sum(self.rejected.values()) - len(self.crashed) - len(self.slow)

    @property
    def clean(self) -> bool:
        return not (self.crashed or self.slow or self.unaccounted)


def try_file(data: bytes, limit_s: float) -> tuple[str, str]:
    """Decode and read one file: `ok`, `rejected`, `crashed` or `slow`, and why."""
    start = time.process_time()
    try:
        image = decode(data)
        _check(data, image)
        verdict = ("ok", "")
    except BadImage as error:
        verdict = ("rejected", re.sub(r"\d+", "N", error.reason))
    except Exception as error:
        verdict = ("crashed", f"{type(error).__name__}: {error}")
    spent = time.process_time() - start
    return ("slow", f"{spent:.1f} s") if spent > limit_s else verdict


def run(files: int, seed: int, *, processes: int = 1, limit_s: float = 2.0) -> Report:
    """Try `files` mutated files.

    Parameters
    ----------
    files, seed : int
        The same seed makes the same files.
    processes : int
        Number of processes at a time.
    limit_s : float
        Processor time that one file may take, in seconds.
    """
    report = Report(files, 0, collections.Counter(), [], [])
    starts = range(0, files, _CHUNK)
    with concurrent.futures.ThreadPoolExecutor(processes) as pool:
        jobs = [pool.submit(_supervise, s, min(s + _CHUNK, files), seed, limit_s) for s in starts]
        for job in jobs:
            for number, kind, why in job.result():
                if kind == "ok":
                    report.ok += 1
                elif kind == "rejected":
                    report.rejected[why] += 1
                else:
                    getattr(report, kind).append((number, why))
    return report


def table(report: Report) -> str:
    """The counts as text, one line each."""
    lines = [f"{'total':>10} {report.total}", f"{'ok':>10} {report.ok}"]
    lines += [f"{'rejected':>10} {sum(report.rejected.values())}"]
    lines += [f"{count:>20} {why}" for why, count in sorted(report.rejected.items(), key=lambda r: (-r[1], r[0]))[:40]]
    for kind in ("crashed", "slow"):
        lines += [f"{kind:>10} {len(getattr(report, kind))}"]
        lines += [f"{f'file {number}':>20} {why}" for number, why in getattr(report, kind)[:20]]
    return "\n".join([*lines, f"{'lost':>10} {report.unaccounted}"])


def _check(data: bytes, image: Image) -> None:
    """What must hold of every file that is accepted."""
    container = image.container
    if container.trailer != data[container.end :] or not 0 < container.end <= len(data):
        raise AssertionError("trailer is not what follows the end")
    shape = (container.height, container.width)
    if container.has_alpha != (image.alpha is not None):
        raise AssertionError("alpha in the container or in the pixels, not in both")
    planes = [image.pixels[:, :, 0], image.alpha, image.indices]
    if any(plane is not None and (plane.shape != shape or plane.dtype != np.uint8) for plane in planes):
        raise AssertionError("planes of another size")
    if image.coefficients is not None and image.coefficients.y.shape[2:] != (8, 8):
        raise AssertionError("coefficients that are no blocks")
    position = 0
    for span in read(image).spans:
        if span.offset != position or span.length <= 0:
            raise AssertionError("spans that do not tile the file")
        position += span.length
    if position != len(data):
        raise AssertionError("spans that leave a part of the file out")


def _supervise(start: int, stop: int, seed: int, limit_s: float) -> Iterator[tuple[int, str, str]]:
    """Results of the files from `start` to `stop`, each exactly once, whatever becomes of the process."""
    context, found = multiprocessing.get_context("spawn"), []
    while start < stop:
        ours, theirs = context.Pipe(duplex=False)
        process = context.Process(target=_work, args=(start, stop, seed, limit_s, theirs), daemon=True)
        process.start()
        theirs.close()
        try:
            while start < stop:
                if not ours.poll(limit_s * _PATIENCE):
                    found.append((start, "slow", "no answer"))
                    break
                found.append(ours.recv())
                start += 1
        except EOFError:
            process.join()
            found.append((start, "crashed", f"process ended with {process.exitcode}"))
        start += start < stop  # the file that ended the process is behind us
        process.kill()
        process.join()
    return found


def _work(start: int, stop: int, seed: int, limit_s: float, results) -> None:
    valid = specimens.make()
    for number in range(start, stop):
        results.send((number, *try_file(mutate(number, seed, valid)[1], limit_s)))
