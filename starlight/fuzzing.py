"""Hostile files by the thousand: mutations of valid ones, each parsed and decoded in a process that may die.

A file is accounted for as `ok`, as rejected for a stated reason, as slow (over the limit of processor time, or not
answering at all) or as crashed (any exception but `BadImage`, or the death of the process).
"""

from __future__ import annotations

import collections
import concurrent.futures
import dataclasses
import multiprocessing
import re
import struct
import time
from collections.abc import Iterator

import numpy as np

from starlight import images, specimens
from starlight.containers import parse
from starlight.errors import BadImage

__all__ = ["Report", "mutate", "run", "table", "try_file"]

_EXTREMES = (0, 1, 2, 3, 7, 8, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFF)
_CHUNK = 500  # files for each process
_PATIENCE = 20  # times the limit that a process may stay silent; other work on the machine slows it too


@dataclasses.dataclass
class Report:
    """Counts of one run; `crashed` and `slow` name the files by number, to be made again with `mutate`."""

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


def mutate(number: int, seed: int, valid: dict[str, bytes]) -> tuple[str, bytes]:
    """Hostile file `number` of a run: the name of what it was made from, and its bytes."""
    rng = np.random.default_rng([seed, number])
    names = list(valid)
    name = names[number % len(names)]
    data = valid[name]
    for _ in range(int(rng.integers(1, 4))):
        other = valid[names[int(rng.integers(len(names)))]]
        data = _MUTATIONS[int(rng.integers(len(_MUTATIONS)))](rng, data, other) or data
    return name, data


def try_file(data: bytes, limit_s: float) -> tuple[str, str]:
    """Parse and decode one file: `ok`, `rejected`, `crashed` or `slow`, and why."""
    start = time.process_time()
    try:
        image = images.decode(data)
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


def _check(data: bytes, image: images.Image) -> None:
    """What must hold of every file that is accepted."""
    container = image.container
    if container.trailer != data[container.end :] or not 0 < container.end <= len(data):
        raise AssertionError("trailer is not what follows the end")
    shape = (container.height, container.width)
    planes = [image.pixels[:, :, 0], image.alpha, image.indices]
    if any(plane is not None and (plane.shape != shape or plane.dtype != np.uint8) for plane in planes):
        raise AssertionError("planes of another size")
    if image.coefficients is not None and image.coefficients.y.shape[0] != -(-container.height // 8):
        raise AssertionError("coefficients of another size")


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


def _place(rng: np.random.Generator, data: bytes, span: int = 1) -> int:
    """A place in the file; the front, where the structure is, comes up more often."""
    end = max(1, len(data) - span)
    return int(rng.integers(min(end, 400)) if rng.random() < 0.5 else rng.integers(end))


def _truncate(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    return data[: int(rng.integers(1, len(data) + 1))]


def _flip(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        changed[_place(rng, data)] ^= 1 << int(rng.integers(8))
    return bytes(changed)


def _number(rng: np.random.Generator, data: bytes, _: bytes) -> bytes:
    """An extreme number of 1, 2 or 4 bytes anywhere."""
    letter = "BHI"[int(rng.integers(3))]
    value = _EXTREMES[int(rng.integers(len(_EXTREMES)))] & (256 ** struct.calcsize(letter) - 1)
    raw = struct.pack("<>"[int(rng.integers(2))] + letter, value)
    at = _place(rng, data, len(raw))
    return data[:at] + raw + data[at + len(raw) :]


def _segments(data: bytes) -> list[tuple[str, int, int]]:
    try:
        return [s for s in parse(data).segments if s[2] > 4 and s[1] + s[2] <= len(data)]
    except BadImage:
        return []


def _length(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """An extreme number in the first twelve bytes of a segment, where its length is."""
    segments = _segments(data)
    if not segments:
        return _number(rng, data, other)
    _, at, size = segments[int(rng.integers(len(segments)))]
    at += int(rng.integers(min(12, size)))
    return data[:at] + _number(rng, data[at : at + 8], other)[:8] + data[at + 8 :]


def _repeat(rng: np.random.Generator, data: bytes, _: bytes) -> bytes | None:
    """A segment left out, or repeated up to a thousand times."""
    segments = _segments(data)
    if not segments:
        return None
    _, at, size = segments[int(rng.integers(len(segments)))]
    times = (0, 2, 3, 1000)[int(rng.integers(4))]
    return data[:at] + data[at : at + size] * min(times, 200_000 // size) + data[at + size :]


def _splice(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    return data[: _place(rng, data)] + other[_place(rng, other) :]


def _insert(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    at, start = _place(rng, data), _place(rng, other)
    return data[:at] + other[start : start + int(rng.integers(1, 200))] + data[at:]


def _loop(rng: np.random.Generator, data: bytes, other: bytes) -> bytes:
    """Directories that point at themselves, at each other, or at a chain of thousands."""
    at = next((p for p in (data.find(mark) for mark in (b"II*\0", b"MM\0*")) if p >= 0), -1)
    if at < 0:
        return _number(rng, data, other)
    order = "<" if data[at : at + 1] == b"I" else ">"
    pointer = struct.pack(order + "HHII", int(rng.choice([0x8769, 0x14A, 0x8825])), 4, 1, int(rng.integers(8, 64)))
    count = int(rng.choice([1, 3, 2000, 65535]))
    chain = b"".join(
        struct.pack(order + "H", 1) + pointer + struct.pack(order + "I", 8 + 18 * (i + 1)) for i in range(60)
    )
    content = struct.pack(order + "H", count) + pointer * min(count, 200) if rng.random() < 0.5 else chain
    front = data[: at + 4] + struct.pack(order + "I", 8) + content
    return front + data[len(front) :]


_MUTATIONS = (_truncate, _flip, _flip, _number, _number, _length, _length, _repeat, _splice, _insert, _loop)
