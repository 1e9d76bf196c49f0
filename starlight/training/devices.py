"""Where training runs: CPU, one GPU, or several processes started by torchrun."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import distributed
from tqdm import tqdm

__all__ = ["Stopwatch", "barrier", "current", "stopwatch"]


def current() -> tuple[torch.device, int, int]:
    """Device, rank and number of processes; joins the group that torchrun describes on the first call."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    local = int(os.environ.get("LOCAL_RANK", "0"))
    cuda = torch.cuda.is_available()
    if world > 1 and not distributed.is_initialized():
        distributed.init_process_group("nccl" if cuda else "gloo")
    if cuda:
        torch.cuda.set_device(local)
    device = torch.device("cuda", local) if cuda else torch.device("cpu")
    return device, (distributed.get_rank() if world > 1 else 0), world


def barrier() -> None:
    """Wait for all processes, where there are several."""
    if distributed.is_initialized():
        distributed.barrier()


class Stopwatch:
    """Time and throughput of an epoch, for the log on the screen; never part of a report."""

    def __init__(self, epoch: int, steps: int) -> None:
        self.epoch, self.steps, self.images, self.seconds = epoch, steps, 0, 0.0

    def over(self, batches: Iterable) -> Iterator:
        """The batches, with a progress bar on the first process."""
        quiet = current()[1] > 0
        yield from tqdm(
            batches, desc=f"epoch {self.epoch}", total=self.steps, leave=False, disable=quiet, mininterval=2
        )

    @property
    def rate(self) -> float:
        """Images a second."""
        return self.images / self.seconds if self.seconds else 0.0


@contextmanager
def stopwatch(epoch: int, steps: int) -> Iterator[Stopwatch]:
    """A stopwatch that runs inside the `with` block."""
    watch, start = Stopwatch(epoch, steps), time.perf_counter()
    yield watch
    watch.seconds = time.perf_counter() - start
