"""Text that came out of a file, made fit for a terminal: nothing in it can move the cursor, hide or reorder."""

from __future__ import annotations

__all__ = ["escape", "preview"]

_SHORT = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def escape(text: str) -> str:
    """Escape what is not printable, the backslash included, so that the result reads back in one way only.

    Control characters, invisible and bidirectional formatting characters and lone surrogates (bytes of a file name
    that are no UTF-8) become `\\n`, `\\xNN`, `\\uNNNN` or `\\UNNNNNNNN`.
    """
    if text.isprintable() and "\\" not in text:
        return text
    return "".join(map(_escape_one, text))


def preview(data: bytes, limit: int = 80) -> str:
    """Escaped first bytes of a payload.

    Parameters
    ----------
    data : bytes
        Taken as UTF-8; bytes that are none become `\\xNN`.
    limit : int
        Longest result in characters, `…` at its end included where something was left out.
    """
    # A character is at most four bytes, and one cut in half at the end must not turn into escapes.
    head = data[: 4 * limit]
    text = head.decode("utf-8", "surrogateescape")
    parts, length = [], 0
    for i, char in enumerate(text):
        part = _escape_one(char)
        rest = i + 1 < len(text) or len(head) < len(data)
        if length + len(part) + rest > limit:
            return "".join(parts) + "…"
        parts.append(part)
        length += len(part)
    return "".join(parts)


def _escape_one(char: str) -> str:
    if char in _SHORT:
        return _SHORT[char]
    if char.isprintable():
        return char
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is no UTF-8, as `surrogateescape` carries it
        return f"\\x{code - 0xDC00:02x}"
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
