"""Print, as Markdown, what this tree changes against a revision: verdict, figures, params, plots, the dashboard's diff.

With `--files URL` (where the service shows files of this revision, and of the base with `--base-files`) changed plots
are shown before and after; without, they are named.
"""

import argparse
import subprocess
import sys
from pathlib import Path

MARK = "<!-- starlight pull request report -->"  # by which the comment is found again
DASHBOARD = Path("reports/dashboard.md")
PLOTS = "reports/plots"
MOST = 200  # lines of the dashboard's diff


def said(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode:
        problem = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
        return f"({' '.join(words[-4:])}: {problem})\n"
    return done.stdout


def verdict() -> str:
    """The line under the dashboard's title, which says in a sentence whether it got better or worse."""
    try:
        lines = DASHBOARD.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        return f"({DASHBOARD}: {error.strerror})"
    return next((line for line in lines if line and not line.startswith("#")), "(no verdict)")


def differences(kind: str, base: str, nothing: str) -> str:
    """DVC's table of changed metrics or params."""
    targets = ["--targets", "reports/headline.json"] if kind == "metrics" else []
    table = said(sys.executable, "-m", "dvc", kind, "diff", "--md", base, *targets)
    if table.count("\n|") < 2 and not table.startswith("("):  # the head of a table, and no row
        return nothing
    return table.strip()


def plots(base: str, files: str | None, base_files: str | None) -> str:
    """Plots that changed, folded away."""
    changed = [n for n in said("git", "diff", "--name-only", base, "--", PLOTS).splitlines() if n.endswith(".png")]
    if not changed:
        return "No plot changed."
    shown = []
    for name in changed:
        before = f"![before]({base_files}/{name}) " if base_files else ""
        shown.append(f"`{name}`\n\n{before}![now]({files}/{name})" if files else f"- `{name}`")
    return f"<details><summary>{len(changed)} changed</summary>\n\n" + "\n\n".join(shown) + "\n\n</details>"


def dashboard(base: str) -> str:
    diff = said("git", "diff", base, "--", str(DASHBOARD)).splitlines()
    if not diff:
        return "The dashboard is the same."
    rest = f"\n({len(diff) - MOST} more lines)" if len(diff) > MOST else ""
    return "\n".join(["```diff", *diff[:MOST], "```"]) + rest


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("base", nargs="?", default="main", help="revision to compare with (default: main)")
    arguments.add_argument("--files", metavar="URL", help="address of a folder with this revision's files")
    arguments.add_argument("--base-files", metavar="URL", help="the same of the base")
    given = arguments.parse_args()
    base = given.base
    known = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"], capture_output=True)
    if known.returncode:
        print(f"error: {base}: no such revision", file=sys.stderr)
        return 2
    parts = {
        "Verdict": verdict(),
        f"Figures against `{base}`": differences("metrics", base, "No figure changed."),
        "Params": differences("params", base, "No parameter changed."),
        "Plots": plots(base, given.files, given.base_files),
        "Dashboard": dashboard(base),
    }
    print("\n\n".join([MARK, *(f"### {title}\n\n{text}" for title, text in parts.items())]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
