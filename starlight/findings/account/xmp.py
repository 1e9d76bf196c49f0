"""XMP packets: text of their own kind (XMP specification, part 1)."""

from __future__ import annotations

import base64
import binascii
import re

from starlight.findings.account.ledger import Ledger
from starlight.findings.contents import identify, read_text
from starlight.findings.contents.content import SCRIPT
from starlight.findings.contents.texts import packed_text

__all__ = ["note"]

_END = re.compile(rb"<\?xpacket end=.[rw].\?>|</x:xmpmeta>|</xmp:xmpmeta>|</rdf:RDF>")
_DIGITS = re.compile(rb"(?<=[>\"'])[A-Za-z0-9+/\s]{48,}={0,2}\s*(?=[<\"'])")
_PICTURES = (b":image>", b":Data>", b':Data="', b':image="', b":Thumbnails>")  # which pictures and sound are kept as
_PHP = re.compile(rb"<\?(?!xml\b|xpacket\b|adobe)[a-z=]|<script\b|\beval\s*\(|base64_decode", re.IGNORECASE)


def note(ledger: Ledger, packet: bytes, offset: int | None) -> None:
    """Note a packet; what stands behind it, or is a program, is hidden.

    Parameters
    ----------
    ledger : Ledger
    packet : bytes
    offset : int or None
        Of the packet in the file; None where it lies in pieces.
    """
    if not packet.strip(b"\0 \r\n"):
        return
    last = next(reversed(list(_END.finditer(packet))), None)
    behind = packet[last.end() :].strip(b"\0 \r\n\t") if last else b""
    if last and len(behind) >= 4:
        ledger.hide("behind the XMP packet", behind, None if offset is None else packet.rfind(behind) + offset)
    elif not last and (b"<" not in packet or read_text(packet) is None):
        ledger.hide("where an XMP packet should be", packet, offset)
        return
    found = _PHP.search(packet)
    if found and identify(packet[found.start() :].rstrip(b"\0")).kind == SCRIPT:
        ledger.hide("in the XMP packet", packet[found.start() :], None if offset is None else offset + found.start())
    for found in _DIGITS.finditer(packet):
        if not packet[: found.start()].endswith(_PICTURES):
            _digits(ledger, found, offset)
    ledger.note("in the file", packet, f"XMP of {len(packet)} bytes", offset)


def _digits(ledger: Ledger, found: re.Match[bytes], offset: int | None) -> None:
    """A field of base64 that stands for a file or a text."""
    body = found.group().strip()
    if packed_text(body) != "base64":
        return
    try:
        plain = base64.b64decode(body)
    except binascii.Error:
        return
    if identify(plain).kind in ("archive", "program", "document", "key", "script", "text"):
        ledger.hide("in a field of the XMP packet", body, None if offset is None else offset + found.start())
