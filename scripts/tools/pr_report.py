"""Print, as Markdown, what this tree changes against a revision: verdict, main figures, then the dashboard's diff."""

import subprocess
import sys
from pathlib import Path

DASHBOARD = Path("reports/dashboard.md")
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


def main() -> int:
    base = sys.argv[1] if len(sys.argv) > 1 else "main"
    known = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"], capture_output=True)
    if known.returncode:
        print(f"error: {base}: no such revision", file=sys.stderr)
        return 2
    figures = said(sys.executable, "-m", "dvc", "metrics", "diff", "--md", base, "--targets", "reports/headline.json")
    if figures.count("\n|") < 2:  # DVC prints the head of a table, and no row, where nothing changed
        figures = figures if figures.startswith("(") else "No figure changed."
    diff = said("git", "diff", base, "--", str(DASHBOARD)).splitlines()
    print(f"### Verdict\n\n{verdict()}\n")
    print(f"### Figures against `{base}`\n\n{figures.strip()}\n")
    print("### Dashboard\n")
    if not diff:
        print("The dashboard is the same.")
        return 0
    print("```diff", *diff[:MOST], "```", sep="\n")
    if len(diff) > MOST:
        print(f"({len(diff) - MOST} more lines)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
