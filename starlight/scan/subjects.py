"""Files that are images: the entry of each, and the facts of its content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from starlight.scan.contents import Contents
from starlight.scan.facts import Facts
from starlight.scan.submissions import Entry

__all__ = ["Subject", "Subjects"]


@dataclass(frozen=True, slots=True)
class Subject:
    """A file that is an image: its entry, its sample_id and the facts of its content."""

    entry: Entry
    sample_id: str
    facts: Facts


class Subjects(Sequence[Subject]):
    """Subjects by position, each made when it is asked for: what they have in common with others is kept once.

    Parameters
    ----------
    entries : sequence of Entry
        Of all files.
    which : (n,) int
        The subjects' entries.
    content : (n,) int
        The subjects' contents.
    contents : Contents
    """

    def __init__(self, entries: Sequence[Entry], which: np.ndarray, content: np.ndarray, contents: Contents) -> None:
        self.all, self.which, self.content, self.contents = entries, which, content, contents

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, i: int) -> Subject:
        number = int(self.content[i])
        return Subject(self.all[self.which[i]], self.contents.sample_id(number), self.contents[number])

    def entries(self) -> Iterator[Entry]:
        """The entry of each."""
        return (self.all[i] for i in self.which.tolist())

    def column(self, name: str) -> np.ndarray:
        """One field of the facts of each: see `Contents`."""
        return self.contents.rows[name][self.content]

    def sound(self) -> Subjects:
        """Those that are not set aside."""
        kept = np.fromiter((not entry.reason for entry in self.entries()), bool, len(self))
        return Subjects(self.all, self.which[kept], self.content[kept], self.contents)
