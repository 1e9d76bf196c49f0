"""A second picture behind a JPEG file, listed by the first: Multi-Picture Format (CIPA DC-007)."""

import struct

__all__ = ["with_second_picture"]


def with_second_picture(data: bytes, second: bytes) -> bytes:
    """Append a second JPEG and list it in an APP2 segment of the first, offset from its TIFF header."""
    at = 4 + struct.unpack_from(">H", data, 4)[0]  # behind the first segment
    count, entries_at = 3, 8 + 2 + 3 * 12 + 4
    segment_bytes = 4 + 4 + entries_at + 32
    first_bytes, header_at = len(data) + segment_bytes, at + 8
    directory = struct.pack("<H", count)
    directory += struct.pack("<HHI4s", 0xB000, 7, 4, b"0100") + struct.pack("<HHII", 0xB001, 4, 1, 2)
    directory += struct.pack("<HHII", 0xB002, 7, 32, entries_at) + bytes(4)
    entries = struct.pack("<IIIHH", 0x030000, first_bytes, 0, 0, 0)
    entries += struct.pack("<IIIHH", 0x020002, len(second), first_bytes - header_at, 0, 0)
    body = b"MPF\0" + b"II*\0\x08\0\0\0" + directory + entries
    return data[:at] + b"\xff\xe2" + struct.pack(">H", len(body) + 2) + body + data[at:] + second
