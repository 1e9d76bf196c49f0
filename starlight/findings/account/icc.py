"""ICC profiles: a header, a table of tags, their elements (ICC.1:2022)."""

from __future__ import annotations

from starlight.findings.account.fields import binary_field
from starlight.findings.account.ledger import Ledger

__all__ = ["note"]

_HEADER = 132  # bytes of header and tag count
_MOST = 200


def note(ledger: Ledger, profile: bytes, offset: int | None) -> None:
    """Note a profile; what lies behind it, or where one should be, is hidden.

    Parameters
    ----------
    ledger : Ledger
    profile : bytes
        Unpacked and joined.
    offset : int or None
        Of its first byte in the file, where it lies there as it is.
    """
    if len(profile) < _HEADER or profile[36:40] != b"acsp":
        if profile.strip(b"\0"):
            ledger.hide("where a colour profile should be", profile, offset)
        return
    size = int.from_bytes(profile[:4], "big")
    behind = profile[size:] if size >= _HEADER else b""
    if len(behind.strip(b"\0 \xff")) >= 4:
        ledger.hide("behind the colour profile", behind, None if offset is None else offset + size)
    count = min(int.from_bytes(profile[128:132], "big"), _MOST)
    for i in range(count):
        entry = profile[132 + 12 * i : 144 + 12 * i]
        at, length = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
        body = profile[at + 8 : at + length]
        ledger.add(binary_field("raw", "in an element of the colour profile", body, even=True))
    spaces = sorted(_elements(profile, count))
    end = _HEADER + 12 * count
    for at, stop in spaces:
        gap = profile[end:at]
        if len(gap.strip(b"\0")) >= 16:
            ledger.hide("between the elements of the colour profile", gap, None if offset is None else offset + end)
        end = max(end, stop)


def _elements(profile: bytes, count: int):
    for i in range(count):
        entry = profile[132 + 12 * i : 144 + 12 * i]
        at, length = int.from_bytes(entry[4:8], "big"), int.from_bytes(entry[8:12], "big")
        if _HEADER <= at <= at + length <= len(profile):
            yield at, at + length
