"""Arguments of the `starlight` command."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

import starlight
from starlight.errors import StarlightError

__all__ = ["main", "parser"]

_DESCRIPTION = """\
Finds data hidden in images (PNG, JPEG, GIF, WEBP, BMP, TIFF), says which technique hid it, and reads it back where
that is possible. Nothing is sent anywhere, nothing in a file is run or rendered."""

_EXAMPLES = """\
examples:
  starlight detect photo.png                       one file, a table
  starlight detect evidence/ --format jsonl        a folder and all beneath it, one JSON object a line
  starlight detect 'shots/**/*.png' --workers 4    a quoted glob, four processes
  find . -type f -print0 | starlight detect -0 -   a list on standard input
  starlight detect evidence/ --resume out.jsonl    writes out.jsonl; typed again, goes on where it stopped
  starlight detect evidence/ --report found.html   one page for a browser: what was found first, pictures, filter
  starlight extract photo.png -o payload.bin       what is hidden, as bytes
  starlight watch inbox/ -o answers.jsonl          what comes into a folder, until a signal comes
  starlight explain photo.png -o report.html       why, as one page for a browser

exit status of detect:
  0  nothing found           2  an error: bad usage, a named path that does not exist, a folder that cannot be
  1  something found            searched, no detector, or not one of the files could be read
  A file that is broken is an answer (`unreadable`), not an error. As with grep, 2 wins over 1.
  130 after Ctrl-C, 143 after SIGTERM, 141 when the reader of the output has gone: what was answered is written.

`starlight COMMAND --help` has the rest."""

_RECORD = """\
one record a file, in the order of the arguments, names in a folder sorted; keys of --format jsonl and csv:
  path             as it was given or found; bytes that are no UTF-8 as \\udcXX (surrogateescape);
                   in csv escaped as the table does, so that one line is one record
  verdict          stego, clean, cannot tell (unlike what the detector was made for), unreadable
  probability      calibrated probability that the file carries a payload; null where it was not judged
  technique        the most likely technique, for stego and cannot tell
  techniques       {technique: probability} of all that this container can carry
  payload_preview  escaped first bytes of the payload, where one decodes
  reason           why, in one short sentence
  silent           {technique: why} of those whose experts may not speak of such a picture
  notes            what people and devices left openly: comments, captions, settings, provenance
  ms               milliseconds from opening the file to the answer
  threshold, fpr   the probability from which a file is called stego, and the false-positive rate it was set for
  sample_id        first 16 hex digits of the file's SHA-256
With --task forgery the verdict is forged or authentic, technique is copy-move, splice or erasing, and there is
  mask             the PNG in the folder of --masks, named after the file and its bytes; null where none was written
With --task all the record is that of the finding (stego before forged), with mask, and
  tasks            {task: {verdict, probability, technique, techniques, reason, threshold, fpr}} of both
In a folder, files are judged that look like images by their extension or first bytes; named files always are.

exit status: 0 nothing found, 1 something found, 2 an error (a named path that does not exist, a folder that cannot be
searched, no detector, not one file readable); 130 after Ctrl-C. See `starlight --help`."""


def parser() -> argparse.ArgumentParser:
    """The parser of the whole command."""
    top = _parser(argparse.ArgumentParser, prog="starlight", description=_DESCRIPTION, epilog=_EXAMPLES)
    top.add_argument("--version", action="version", version=f"starlight {starlight.__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _detect(_parser(commands.add_parser, "detect", help="is anything hidden in these files?", epilog=_RECORD))
    _watch(_parser(
        commands.add_parser, "watch", help="judge what comes into folders, for services and cron",
        description="Judges each file of the folders once, and again when it changes; looks again every --interval "
        "seconds. Killed at any moment and started again, it goes on: no record is lost, none is there twice.",
        epilog="exit status: 0 after SIGINT or SIGTERM, 2 an error; with --once also 1 where something new was found",
    ))  # fmt: skip
    _extract(_parser(
        commands.add_parser, "extract", help="read a hidden payload back",
        description="Reads back what can be read: alpha, palette, lsb.rgb, exif, raw, the formats of open tools, and "
        "bytes that no structure of the file explains.",
        epilog="exit status: 0 a payload was read, 1 none was found, 2 an error",
    ))  # fmt: skip
    _explain(_parser(
        commands.add_parser, "explain", help="write a page that shows why",
        description="Writes one self-contained HTML page: the image, its LSB planes, where the detector looks, what "
        "each stream contributed, the statistics in words; with --task forgery what is marked, and which regions "
        "agree. No scripts, no network.",
        epilog="exit status: 0 the page was written, 2 an error",
    ))  # fmt: skip
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status."""
    args = parser().parse_args(argv)
    try:
        return importlib.import_module(f"starlight.cli.{args.command}").run(args)
    except StarlightError as error:
        print(f"starlight {args.command}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser(make, *args, **options) -> argparse.ArgumentParser:
    return make(*args, formatter_class=argparse.RawDescriptionHelpFormatter, **options)


def _detect(command: argparse.ArgumentParser) -> None:
    command.add_argument("paths", nargs="+", metavar="PATH", help="files, folders, quoted globs, - for a list on stdin")
    command.add_argument("--format", choices=("table", "jsonl", "csv"), help="default: table")
    command.add_argument("--workers", type=_positive, metavar="N", help="processes (default: one a core, at most 4)")
    command.add_argument(
        "--resume", metavar="FILE",
        help="append JSON lines to FILE, in place of standard output, and skip the paths that it answers already",
    )  # fmt: skip
    command.add_argument("--report", metavar="HTML", help="write all answers as one page for a browser, with pictures")
    command.add_argument(
        "--explain", action="store_true", help="with --report: also a page for each file that is found"
    )
    command.add_argument("-0", "--null", action="store_true", help="names on standard input end with NUL, not newline")
    command.add_argument("--timeout", type=_seconds, default=30.0, metavar="S", help="seconds a file (default: 30)")
    command.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="judge on a Dask cluster that shares the folders, such as tcp://head:8786",
    )
    command.add_argument("--task", choices=("stego", "forgery", "all"), default="stego", help="what to look for")
    command.add_argument("--masks", metavar="DIR", help="forgery: write one PNG a file, white where it is forged")
    command.add_argument("--quiet", action="store_true", help="nothing on standard error but errors")
    _model(command)


def _watch(command: argparse.ArgumentParser) -> None:
    command.add_argument("folders", nargs="+", metavar="FOLDER")
    command.add_argument("-o", "--output", metavar="FILE", required=True, help="JSON lines; also what is known already")
    command.add_argument("--metrics-file", metavar="FILE", help="figures in Prometheus' text format, after each round")
    command.add_argument("--once", action="store_true", help="one round, for cron")
    command.add_argument("--interval", type=_seconds, default=10.0, metavar="S", help="between rounds (default: 10)")
    command.add_argument("--settle", type=float, default=2.0, metavar="S", help="leave files be that are younger (2)")
    command.add_argument("--workers", type=_positive, metavar="N", help="processes (default: one a core, at most 4)")
    command.add_argument("--timeout", type=_seconds, default=30.0, metavar="S", help="seconds a file (default: 30)")
    command.add_argument("--quiet", action="store_true", help="nothing on standard error but errors")
    _model(command)


def _extract(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE")
    command.add_argument("-o", "--output", metavar="OUT", help="- for standard output; without it, only a preview")
    command.add_argument("--list", action="store_true", help="name all payloads that were found")
    command.add_argument("--number", type=_positive, default=1, metavar="N", help="which of them (default: the first)")
    command.add_argument("--force", action="store_true", help="overwrite OUT")


def _explain(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", metavar="FILE")
    command.add_argument("-o", "--output", metavar="OUT", required=True, help="the page to write")
    command.add_argument("--task", choices=("stego", "forgery"), default="stego", help="what to explain")
    command.add_argument("--force", action="store_true", help="overwrite OUT")
    _model(command)


def _model(command: argparse.ArgumentParser) -> None:
    command.add_argument("--model", metavar="FILE", help="weights; default: this project's models/, else the released")
    command.add_argument(
        "--fpr", type=float, metavar="RATE", help="judge for another false-positive rate, such as 0.01: finds more"
    )
    command.add_argument(
        "--runtime", choices=("torch", "numpy", "onnx"), help="default: torch if installed, else numpy"
    )


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError("must be 1 or more")
    return value


def _seconds(text: str) -> float:
    value = float(text)
    if not 0 < value <= 86400:
        raise argparse.ArgumentTypeError("must be over 0 and at most 86400")
    return value
