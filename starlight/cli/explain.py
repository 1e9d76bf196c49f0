"""`starlight explain`: write the page that shows why."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from starlight.cli.extract import write_new
from starlight.cli.tasks import check_rate
from starlight.detector.installed import need_forgery
from starlight.detector.previews import escape
from starlight.errors import StarlightError

__all__ = ["run"]


def run(args: argparse.Namespace) -> int:
    """Explain one file; returns the exit status."""
    if not os.path.lexists(args.file):
        raise StarlightError(f"{escape(args.file)}: no such file")
    page = _page(args)
    write_new(Path(args.output), page.encode("utf-8"), Path(args.file), force=args.force)
    return 0


def _page(args: argparse.Namespace) -> str:
    if args.task == "forgery":
        check_rate(args.task, args.fpr)
        need_forgery()
        from starlight.forgery.detector import ForgeryDetector
        from starlight.forgery.explain import explain as explain_forgery

        return explain_forgery(ForgeryDetector.load(args.model), args.file)
    from starlight.detector.detector import Detector
    from starlight.detector.explain import explain

    return explain(Detector.load(args.model, runtime=args.runtime, fpr=args.fpr), args.file)
