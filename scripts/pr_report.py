"""Print, as Markdown, what this tree changes against a revision: main figures, then the dashboard's diff."""

import subprocess
import sys

MOST = 200  # lines of the dashboard's diff


def said(*words: str) -> str:
    done = subprocess.run(words, capture_output=True, text=True)
    return done.stdout if done.returncode == 0 else f"({' '.join(words)}: {done.stderr.strip().splitlines()[-1]})\n"


def main() -> int:
    base = sys.argv[1] if len(sys.argv) > 1 else "main"
    known = subprocess.run(["git", "rev-parse", "--verify", "--quiet", f"{base}^{{commit}}"], capture_output=True)
    if known.returncode:
        print(f"error: {base}: no such revision", file=sys.stderr)
        return 2
    figures = said("dvc", "metrics", "diff", "--md", base, "--targets", "reports/headline.json")
    diff = said("git", "diff", base, "--", "reports/dashboard.md").splitlines()
    print(f"### Figures against `{base}`\n\n{figures.strip() or 'No figure changed.'}\n")
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
