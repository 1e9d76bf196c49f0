"""`starlight extract`: a payload as bytes. It is written, never run or rendered."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from starlight.detector.previews import escape, preview
from starlight.errors import BadImage, StarlightError
from starlight.system.atomic import write_bytes

__all__ = ["run", "write_new"]

READ, NOTHING = 0, 1


def run(args: argparse.Namespace) -> int:
    """Read a payload back; returns the exit status."""
    from starlight.detector.detector import read_file
    from starlight.detector.readback import describe, read_payload

    if args.output == "-" and sys.stdout.isatty():
        raise StarlightError("-o -: a payload is not written to a terminal; redirect it, or name a file")
    try:
        found = read_payload(read_file(args.file))
    except BadImage as error:
        raise StarlightError(f"{escape(args.file)}: {error.reason}") from error
    if found is None:
        print(f"starlight: {escape(args.file)}: no payload that can be read back", file=sys.stderr)
        return NOTHING
    print(f"starlight: {describe(found)} ({found.variant}): “{preview(found.payload)}”", file=sys.stderr)
    if args.output == "-":
        sys.stdout.buffer.write(found.payload)
        sys.stdout.buffer.flush()
    elif args.output is not None:
        write_new(Path(args.output), found.payload, Path(args.file), force=args.force)
    return READ


def write_new(out: Path, data: bytes, source: Path, *, force: bool) -> None:
    """Write a file that is not there yet, or, with `force`, replace it whole; never the file it came from.

    Raises
    ------
    StarlightError
        The file is there, is the source, or cannot be written.
    """
    try:
        if out.exists() and out.samefile(source):
            raise StarlightError(f"{escape(str(out))}: is the file that was read")
        if not force:
            with open(out, "xb") as file:
                file.write(data)
            return
        write_bytes(out, data)
    except FileExistsError as error:
        raise StarlightError(f"{escape(str(out))}: exists; --force overwrites it") from error
    except OSError as error:
        raise StarlightError(f"{escape(str(out))}: cannot be written: {error.strerror}") from error
