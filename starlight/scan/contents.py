"""Facts of distinct contents, in some 150 bytes each: there may be millions."""

from __future__ import annotations

import dataclasses

import numpy as np

from starlight.scan.facts import Facts

__all__ = ["Contents"]

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
