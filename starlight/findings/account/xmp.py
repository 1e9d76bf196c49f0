"""XMP packets: text of their own kind, and the files that they announce (XMP part 1; GContainer; MicroVideo)."""

from __future__ import annotations

import re
from typing import NamedTuple

from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify, read_text
from starlight.findings.contents.content import SCRIPT

__all__ = ["Item", "items", "micro_video", "note"]

_END = re.compile(rb"<\?xpacket end=.[rw].\?>|</x:xmpmeta>|</xmp:xmpmeta>|</rdf:RDF>")
_ITEM = re.compile(rb"<(?:\w+:)?Item\b([^>]*)>|<rdf:li\b[^>]*>\s*<rdf:Description\b([^>]*:(?:Mime|Semantic)=[^>]*)>")
_FIELD = re.compile(rb"(?:\w+:)?(Mime|Semantic|Length|Padding)\s*=\s*[\"']([^\"']*)[\"']")
_ELEMENT = re.compile(rb"<(?:\w+:)?(Mime|Semantic|Length|Padding)>([^<]*)<")
_OFFSET = re.compile(rb"MicroVideoOffset(?:\s*=\s*[\"']|>)\s*(\d{1,12})")
_PHP = re.compile(rb"<\?(?!xml\b|xpacket\b|adobe)[a-z=]|<script\b|\beval\s*\(|base64_decode", re.IGNORECASE)


class Item(NamedTuple):
    """A file that a container directory lists behind the first picture."""

    mime: str
    semantic: str
    length: int
    padding: int


def note(ledger: Ledger, packet: bytes, offset: int | None) -> None:
    """Note a packet; what stands behind it, or is a program, is hidden."""
    if not packet.strip(b"\0 \r\n"):
        return
    last = None
    for last in _END.finditer(packet):
        pass
    behind = packet[last.end() :].strip(b"\0 \r\n\t") if last else b""
    if last and len(behind) >= 4:
        ledger.hide("behind the XMP packet", behind, None if offset is None else packet.rfind(behind) + offset)
    elif read_text(packet) is None and not last:
        ledger.hide("where an XMP packet should be", packet, offset)
        return
    found = _PHP.search(packet)
    if found and identify(packet[found.start() :].rstrip(b"\0")).kind == SCRIPT:
        ledger.hide("in the XMP packet", packet[found.start() :], None if offset is None else offset + found.start())
    ledger.note("in the file", packet, f"XMP of {len(packet)} bytes", offset)


def items(packet: bytes) -> list[Item]:
    """Files of a GContainer directory in order, the first picture among them; a field may be attribute or element."""
    starts = [m for m in _ITEM.finditer(packet)]
    found = []
    for i, match in enumerate(starts[:64]):
        stop = starts[i + 1].start() if i + 1 < len(starts) else len(packet)
        fields = dict(_FIELD.findall(match.group(1) or match.group(2) or b""))
        fields |= dict(_ELEMENT.findall(packet[match.start() : stop])) if not fields else {}
        mime, semantic = (fields.get(name, b"").decode("latin-1") for name in (b"Mime", b"Semantic"))
        found.append(Item(mime, semantic, _number(fields.get(b"Length")), _number(fields.get(b"Padding"))))
    return found


def micro_video(packet: bytes) -> int:
    """Bytes from the start of the film to the end of the file; 0 where none is announced."""
    match = _OFFSET.search(packet)
    return int(match.group(1)) if match else 0


def _number(text: bytes | None) -> int:
    return int(text) if text and text.strip().isdigit() and len(text) < 13 else 0
