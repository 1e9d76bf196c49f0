"""Print, as Markdown, what this tree changes against a revision: verdict, figures, params, plots, the dashboard's diff.

With `--files URL` (where the service shows files of this revision, and of the base with `--base-files`) changed plots
are shown before and after; without, they are named.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from starlight.reports.pull_request import text

DASHBOARD = Path("reports/dashboard.md")


def said(*words: str) -> str:
    """What a command prints; its last complaint in brackets where it fails."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return f"({' '.join(words[-4:])}: {problem})\n"
    return done.stdout


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("base", nargs="?", default="main", help="revision to compare with (default: main)")
    arguments.add_argument("--files", metavar="URL", help="address of a folder with this revision's files")
    arguments.add_argument("--base-files", metavar="URL", help="the same of the base")
    given = arguments.parse_args()
    base = given.base
    if said("git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}").startswith("("):
        print(f"error: {base}: no such revision", file=sys.stderr)
        return 2
    dvc = [sys.executable, "-m", "dvc"]
    figures = said(*dvc, "metrics", "diff", "--md", base, "--targets", "reports/headline.json")
    changed = said("git", "diff", "--name-only", base, "--", "reports/plots").splitlines()
    try:
        verdict = text.verdict(DASHBOARD.read_text(encoding="utf-8"))
    except OSError as error:
        verdict = f"({DASHBOARD}: {error.strerror})"
    parts = {
        "Verdict": verdict,
        f"Figures against `{base}`": text.changes(figures, "No figure changed."),
        "Params": text.changes(said(*dvc, "params", "diff", "--md", base), "No parameter changed."),
        "Plots": text.plots([name for name in changed if name.endswith(".png")], given.files, given.base_files),
        "Dashboard": text.dashboard(said("git", "diff", base, "--", str(DASHBOARD))),
    }
    print(text.report(parts))
    return 0


if __name__ == "__main__":
    sys.exit(main())
