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
    from starlight.findings.reading.reader import read

    if args.output == "-" and sys.stdout.isatty():
        raise StarlightError("-o -: a payload is not written to a terminal; redirect it, or name a file")
    try:
        hidden = read(read_file(args.file)).hidden
    except BadImage as error:
        raise StarlightError(f"{escape(args.file)}: {error.reason}") from error
    if not hidden:
        print(f"starlight: {escape(args.file)}: no payload that can be read back", file=sys.stderr)
        return NOTHING
    if args.number > len(hidden):
        raise StarlightError(f"--number {args.number}: there are {len(hidden)} payloads in {escape(args.file)}")
    chosen = range(len(hidden)) if args.list else [args.number - 1]
    for i in chosen:
        number = f"{i + 1}: " if len(hidden) > 1 else ""
        print(f"starlight: {number}{hidden[i]}: “{preview(hidden[i].payload)}”", file=sys.stderr)
    if len(hidden) > 1 and not args.list:
        print(f"starlight: {len(hidden)} payloads; --list shows all, --number chooses", file=sys.stderr)
    payload = hidden[args.number - 1].payload
    if args.output == "-":
        sys.stdout.buffer.write(payload)
        sys.stdout.buffer.flush()
    elif args.output is not None:
        write_new(Path(args.output), payload, Path(args.file), force=args.force)
    return READ


def write_new(out: Path, data: bytes, source: Path, *, force: bool) -> None:
    """Write a file that is not there yet, or, with `force`, replace it whole; never the file it came from.

    Parameters
    ----------
    out : Path
    data : bytes
    source : Path
        The file that `data` was read from.
    force : bool
        Replace a file that is there.

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
