"""Files that are images: the entry of each, and the facts of its content, in some 150 bytes: there may be millions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np

from starlight.scan.facts import Facts
from starlight.scan.submissions import Entry

__all__ = ["Contents", "Subject", "Subjects"]

_THUMB = 64  # cells of a thumbnail
_WORDS = ("format", "mode", "can_carry", "alpha", "decoded")  # fields of few distinct values: their numbers are kept
_HEX = ("pixel_hash", "build")  # 16 hexadecimal digits
_COLUMNS = {
    **dict.fromkeys(_WORDS, "<u2"), **dict.fromkeys(_HEX, "<u8"), "width": "<u4", "height": "<u4", "phash": "<i8",
    "thumb": f"({_THUMB},)u1", "indexed": "?", "exif_fields": "<i8", "comment_bytes": "<i8", "trailer_bytes": "<i8",
    "second_images": "<i8", "decoded_bits": "<i8", "decoded_mark": "?",
}  # fmt: skip
_FIELDS = tuple(field.name for field in dataclasses.fields(Facts))
_ROW = np.dtype([(name, _COLUMNS[name]) for name in _FIELDS])


class Contents:
    """Facts by number of content, or the reason why there are none.

    Parameters
    ----------
    keys : (n,) uint64
        Of the contents, as `starlight.store.key` makes them of sample_ids.

    Attributes
    ----------
    reasons : dict of int to str
        Of contents that are no readable image.
    """

    def __init__(self, keys: np.ndarray) -> None:
        self.keys, self.rows = keys, np.zeros(len(keys), _ROW)
        self.reasons: dict[int, str] = {}
        self._words: list[str] = []
        self._numbers: dict[str, int] = {}

    def __getitem__(self, number: int) -> Facts:
        said = dict(zip(_FIELDS, self.rows[number].item(), strict=True))
        for name in _WORDS:
            said[name] = self._words[said[name]]
        for name in _HEX:
            said[name] = f"{said[name]:016x}"
        return Facts(**said | {"thumb": self.rows["thumb"][number].tobytes().hex()})

    def __setitem__(self, number: int, facts: Facts | str) -> None:
        if isinstance(facts, str):
            self.reasons[number] = facts
            return
        said = {name: getattr(facts, name) for name in _FIELDS}
        for name in _WORDS:
            said[name] = self._number(said[name])
        for name in _HEX:
            said[name] = int(said[name], 16)
        said["thumb"] = np.frombuffer(bytes.fromhex(facts.thumb), np.uint8)
        self.rows[number] = tuple(said.values())

    def sample_id(self, number: int) -> str:
        """sample_id of a content."""
        return f"{int(self.keys[number]):016x}"

    def _number(self, word: str) -> int:
        if word not in self._numbers:
            self._numbers[word] = len(self._words)
            self._words.append(word)
        return self._numbers[word]


@dataclasses.dataclass(frozen=True, slots=True)
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
