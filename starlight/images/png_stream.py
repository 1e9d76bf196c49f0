"""The compressed stream of a PNG file, in which its rows lie."""

from __future__ import annotations

import struct
import zlib

from starlight.images.containers import Container

__all__ = ["WHOLE", "alone", "raw_size", "unpacked"]

WHOLE = __name__  # in `Image.kept`: whether the stream is known to end with the last row and the chunks that hold it
_END = b"\0\0\0\0IEND\xaeB`\x82"
_PASSES = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_CHANNELS = {"1": 1, "L": 1, "P": 1, "I;16": 1, "LA": 2, "LA;16": 2, "RGB": 3, "RGB;16": 3, "RGBA": 4, "RGBA;16": 4}
_MOST = 16 << 20  # bytes of rows that are unpacked ahead of the decoder: for a moment they lie in memory twice


def raw_size(container: Container, width: int, height: int) -> int:
    """Bytes of the rows of a PNG file, or of one of its frames, with their filter bytes.

    Parameters
    ----------
    container : Container
    width, height : int
        Pixels.
    """
    depth = container.bit_depth * _CHANNELS.get(container.mode, 4)
    if not container.interlaced:
        return height * (1 + (width * depth + 7) // 8)
    total = 0
    for left, top, right, down in _PASSES:
        columns, rows = -(-(width - left) // right), -(-(height - top) // down)
        total += rows * (1 + (columns * depth + 7) // 8) if columns > 0 and rows > 0 else 0
    return total


def unpacked(data: bytes, container: Container) -> bytes | None:
    """The file with its rows stored instead of compressed, and without metadata.

    What unpacks the stream to see where it ends spares the decoder to do the same.

    Parameters
    ----------
    data : bytes
    container : Container
        Its structure.

    Returns
    -------
    bytes or None
        None where the stream is broken, where it does not end with the last row or goes on behind its end, and for
        large images.
    """
    size = raw_size(container, container.width, container.height)
    if size > _MOST:
        return None
    stream = zlib.decompressobj()
    try:
        rows = stream.decompress(_packed(data, container), size)
        rows += stream.decompress(stream.unconsumed_tail, 1)
    except zlib.error:
        return None
    if not stream.eof or stream.unused_data or len(rows) != size:
        return None
    return _with_stream(data, container, zlib.compress(rows, 0))


def alone(data: bytes, container: Container) -> bytes | None:
    """The file without what follows its compressed stream, which trips the decoder up; None where nothing does.

    Parameters
    ----------
    data : bytes
    container : Container
        Its structure.
    """
    stream, packed = zlib.decompressobj(), _packed(data, container)
    room = 8 * (container.width + 8) * container.height + (1 << 16)  # bytes of the rows, at most
    try:
        stream.decompress(packed, room)
    except zlib.error:
        return None
    if not stream.eof or not stream.unused_data:
        return None
    return _with_stream(data, container, packed[: -len(stream.unused_data)])


def _packed(data: bytes, container: Container) -> bytes:
    return b"".join(data[at + 8 : at + size - 4] for name, at, size in container.segments if name == "IDAT")


def _with_stream(data: bytes, container: Container, stream: bytes) -> bytes:
    """The file's header and palette with another stream."""
    kept = b"".join(data[at : at + size] for name, at, size in container.segments if name in ("IHDR", "PLTE"))
    body = b"IDAT" + stream
    chunk = struct.pack(">I", len(stream)) + body + struct.pack(">I", zlib.crc32(body))
    return data[:8] + kept + chunk + _END
