"""Which streams a verdict rests on: what the modules of the techniques say in `SHOWN_IN`, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence

from starlight.techniques import LABELS, OTHER, get

__all__ = ["shown_in", "speaking", "without_expert"]

_OTHER_SHOWN_IN = ("content",)


def shown_in(technique: str) -> tuple[str, ...]:
    """The statistics that a technique shows in: streams, or `stream.` with a block or the beginning of its features.

    Examples
    --------
    >>> shown_in("f5")
    ('dct',)
    """
    return _OTHER_SHOWN_IN if technique == OTHER else get(technique).SHOWN_IN


def without_expert(streams: Sequence[str]) -> tuple[str, ...]:
    """Techniques for which no expert can speak in a detector of these streams: there the network does.

    Examples
    --------
    >>> without_expert(("pixel", "content", "dct"))
    ()
    """
    return tuple(t for t in LABELS if not _of(t) <= set(streams))


def speaking(streams: Sequence[str]) -> tuple[str, ...]:
    """Of the streams that a detector reads, those that have a say in its verdict; the others serve the map alone.

    Where each technique has its expert, the experts' streams speak; the network over all streams then says where in
    the image a payload lies, and nothing about whether there is one. Where a technique has none, all streams speak.

    Examples
    --------
    >>> speaking(("pixel", "alpha", "content", "dct"))
    ('content', 'dct')
    >>> speaking(("pixel", "alpha"))
    ('pixel', 'alpha')
    """
    if without_expert(streams):
        return tuple(streams)
    heard: set[str] = set().union(*map(_of, LABELS))
    return tuple(name for name in streams if name in heard)


def _of(technique: str) -> set[str]:
    return {entry.partition(".")[0] for entry in shown_in(technique)}
