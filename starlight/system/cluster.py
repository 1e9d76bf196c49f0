"""Clients of a Dask cluster. Dask is an extra, and loaded only where a cluster is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from starlight.errors import StarlightError

__all__ = ["connected"]

_PATIENCE = 20  # seconds that a scheduler has to answer, and to have a worker


@contextlib.contextmanager
def connected(address: str) -> Iterator[Any]:
    """Client of a Dask scheduler that answers.

    Raises
    ------
    StarlightError
        Dask is not installed, nobody answers, or there are no workers.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise StarlightError(f"scheduler {address}: needs Dask, pip install 'starlight[cluster]'") from error
    try:
        client = Client(address, timeout=_PATIENCE, set_as_default=False)
    except (OSError, ValueError) as error:
        raise StarlightError(f"scheduler {address}: cannot be reached: {error}") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=_PATIENCE)
        except TimeoutError as error:
            raise StarlightError(
                f"scheduler {address}: has no workers, start some with `dask worker {address}`"
            ) from error
        yield client
