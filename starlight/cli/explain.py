"""`starlight explain`: write the page that shows why."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from starlight.cli.extract import write_new
from starlight.detector.previews import escape
from starlight.errors import StarlightError

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Explain one file; returns the exit status."""
    from starlight.detector.detector import Detector
    from starlight.detector.explain import explain

    if not os.path.lexists(args.file):
        raise StarlightError(f"{escape(args.file)}: no such file")
    page = explain(Detector.load(args.model, runtime=args.runtime), args.file)
    write_new(Path(args.output), page.encode("utf-8"), Path(args.file), force=args.force)
    return 0
