"""The account of a file's bytes while it is made: what each span is, and what was read in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from starlight.errors import BadImage
from starlight.findings.account.leftovers import harmless
from starlight.findings.contents import identify
from starlight.findings.contents.content import BASE64, SCRIPT, TEXT
from starlight.findings.finding import Finding
from starlight.techniques.readable.protocol import END, MARK

__all__ = ["UNEXPLAINED", "Account", "Ledger", "Span"]

UNEXPLAINED = "unexplained"
_FEWEST = 4  # bytes under which what nothing explains is too little to hold a message
_MOST_FINDINGS = 200  # that are hidden, and notes
_MOST_FIELDS = 10_000
_MOST_GAPS = 1000  # gaps that are looked at; more are still told as unexplained
_MOST_UNPACKED = 512 << 20  # bytes of compressed pictures and texts, of one file


@dataclass(frozen=True)
class Span:
    """Some bytes of a file, and what they are.

    Attributes
    ----------
    name : str
        `IDAT`, `scan data`, `film: mdat`, `padding`; `unexplained` where no structure explains them.
    offset, length : int
    explained : bool
    """

    name: str
    offset: int
    length: int
    explained: bool = True


@dataclass(frozen=True)
class Account:
    """Every byte of a file.

    Attributes
    ----------
    spans : tuple of Span
        In file order; they tile the file.
    findings : tuple of Finding
        What is hidden in them, and notes.
    """

    spans: tuple[Span, ...]
    findings: tuple[Finding, ...]


class Ledger:
    """Notes spans and findings. Spans may come in any order; where two overlap, the first that was noted stays.

    Parameters
    ----------
    data : bytes
        The file, or a file within it.
    end : int
        Offset one past the image: what nothing explains from there on lies behind it.
    depth : int
        Files that this one lies in.
    whole : bool
        Whether it is known that the picture's stream ends where its chunks do, and with the picture.
    """

    def __init__(self, data: bytes, end: int, depth: int = 0, *, whole: bool = False) -> None:
        self.data, self.end, self.depth, self.whole = data, end, depth, whole
        self.findings: list[Finding] = []
        self.excuse: Callable[[bytes], str] = lambda gap: ""  # what a format's writers leave between its pieces
        self.room = _MOST_UNPACKED  # bytes that may still be unpacked
        self._gaps, self._fields = _MOST_GAPS, 0
        self._spans: list[Span] = []
        self._places: dict[int, str] = {}

    def known(self, name: str, start: int, stop: int) -> None:
        """Bytes that a structure explains, but for those inside of it that were noted before.

        Parameters
        ----------
        name : str
        start, stop : int
        """
        inside = []
        for span in reversed(self._spans):
            if not start <= span.offset < stop:
                break
            inside.append(span)
        for span in [*sorted(inside, key=lambda s: s.offset), Span("", stop, 0)]:
            if span.offset > start:
                self._spans.append(Span(name, start, span.offset - start))
            start = max(start, span.offset + span.length)

    def unknown(self, place: str, start: int, stop: int) -> None:
        """Bytes inside of a structure that it does not explain.

        Parameters
        ----------
        place : str
            For people.
        start, stop : int
        """
        if stop > start:
            self._places[start] = place
            self._spans.append(Span(UNEXPLAINED, start, stop - start, False))

    def hide(self, place: str, payload: bytes, offset: int | None = None, *, technique: str = "raw") -> None:
        """A payload that was read.

        Parameters
        ----------
        place : str
        payload : bytes
            As it stands in the file; what frames a text is taken off.
        offset : int, optional
            Of the payload in the file.
        technique : str
        """
        if not payload:
            return
        content = identify(payload)
        body = payload[content.start :]
        if content.kind in (TEXT, SCRIPT, BASE64) and not body.endswith(2 * END):  # a framed text
            body = body.removesuffix(END).removeprefix(MARK)
        at = None if offset is None else offset + content.start
        self.add(Finding(technique, place, content.what, body, True, at))

    def note(self, place: str, payload: bytes, what: str, offset: int | None = None) -> None:
        """Something that people or devices left openly.

        Parameters
        ----------
        place : str
        payload : bytes
        what : str
            What it is, for people.
        offset : int, optional
        """
        self.add(Finding("other", place, what, payload, False, offset))

    def add(self, found: Finding | None) -> None:
        """A finding, or a field that holds none; BadImage past the limit of fields."""
        self._fields += 1
        if self._fields > _MOST_FIELDS:
            raise BadImage(f"over {_MOST_FIELDS} fields")
        if found is not None and sum(one.hidden == found.hidden for one in self.findings) < _MOST_FINDINGS:
            self.findings.append(found)

    def include(self, inner: Account, offset: int, within: str) -> None:
        """Take over the account of a file within this one.

        Parameters
        ----------
        inner : Account
        offset : int
            Where that file begins in this one.
        within : str
            What it is here, such as `thumbnail`.
        """
        for span in inner.spans:
            if span.explained:
                self.known(f"{within}: {span.name}", offset + span.offset, offset + span.offset + span.length)
            else:
                self._spans.append(replace(span, offset=offset + span.offset))
                self._places[offset + span.offset] = ""  # told by the inner finding already
        for found in inner.findings:
            place = f"{found.place} ({within})"
            self.add(replace(found, place=place, offset=None if found.offset is None else found.offset + offset))

    def close(self) -> Account:
        """Fill the gaps, and tell what lies in those that nothing explains."""
        spans: list[Span] = []
        for span in self._tiled():
            name = "" if span.explained else self._harmless(span)
            if span.explained or name:
                spans.append(replace(span, name=name or span.name, explained=True))
                continue
            for part in self._without_zeros(span):
                self._tell(part, spans[-1].name if spans else "the start")
                spans.append(part)
        return Account(tuple(spans), tuple(self.findings))

    def _tell(self, span: Span, before: str) -> None:
        """The finding that unexplained bytes are."""
        place = self._places.get(span.offset)
        if span.explained or span.length < _FEWEST or place == "":
            return
        if not place:
            place = "after the end of the image" if span.offset >= self.end else f"behind {before}"
        self.hide(place, self.data[span.offset : span.offset + span.length], span.offset)

    def _without_zeros(self, span: Span) -> list[Span]:
        """Unexplained bytes behind the image, with the zeros that they begin with as padding."""
        body = self.data[span.offset : span.offset + span.length]
        zeros = span.length - len(body.lstrip(b"\0"))
        if zeros < _FEWEST or span.offset < self.end:
            return [span]
        rest = replace(span, offset=span.offset + zeros, length=span.length - zeros)
        return [Span("padding", span.offset, zeros), replace(rest, explained=bool(self._harmless(rest)))]

    def _tiled(self) -> list[Span]:
        """Spans cut and filled so that each byte is in one."""
        tiled: list[Span] = []
        position, size = 0, len(self.data)
        for span in sorted(self._spans, key=lambda s: s.offset):  # stable: of equals the first noted comes first
            start, stop = max(span.offset, position), min(span.offset + span.length, size)
            if stop <= start:
                continue
            if start > position:
                tiled.append(Span(UNEXPLAINED, position, start - position, False))
            tiled.append(replace(span, offset=start, length=stop - start))
            position = stop
        if position < size:
            tiled.append(Span(UNEXPLAINED, position, size - position, False))
        return tiled

    def _harmless(self, span: Span) -> str:
        """Padding, a line's end, or what a file system left behind a file; empty for anything else."""
        self._gaps -= 1
        if self._gaps < 0:
            return ""
        body = self.data[span.offset : span.offset + span.length]
        last = span.offset + span.length == len(self.data) and span.offset >= self.end and not self.depth
        return harmless(body, span.offset, alone=not self.depth, last=last) or self.excuse(body)
