"""The report on a pull request as Markdown: verdict, figures, params, plots, the dashboard's diff."""

from collections.abc import Mapping, Sequence

__all__ = ["MARK", "changes", "dashboard", "plots", "report", "verdict"]

MARK = "<!-- starlight pull request report -->"  # by which the comment is found again
_MOST = 200  # lines of the dashboard's diff


def report(parts: Mapping[str, str]) -> str:
    """All of it; `parts` are texts by their titles."""
    return "\n\n".join([MARK, *(f"### {title}\n\n{text}" for title, text in parts.items())])


def verdict(dashboard: str) -> str:
    """The paragraph under a dashboard's title, which says in a sentence how things stand."""
    lines = (line for line in dashboard.splitlines() if line and not line.startswith("#"))
    return next(lines, "(no verdict)")


def changes(table: str, nothing: str) -> str:
    """DVC's table of changed metrics or params; `nothing` where it has a head alone."""
    if table.count("\n|") < 2 and not table.startswith("("):
        return nothing
    return table.strip()


def plots(changed: Sequence[str], files: str | None, base_files: str | None) -> str:
    """Plots that changed, folded away.

    Parameters
    ----------
    changed : sequence of str
        Paths.
    files, base_files : str or None
        Addresses of a folder with the files of now, and of before; without, plots are named and not shown.
    """
    if not changed:
        return "No plot changed."
    shown = []
    for name in changed:
        before = f"![before]({base_files}/{name}) " if base_files else ""
        shown.append(f"`{name}`\n\n{before}![now]({files}/{name})" if files else f"- `{name}`")
    return f"<details><summary>{len(changed)} changed</summary>\n\n" + "\n\n".join(shown) + "\n\n</details>"


def dashboard(diff: str) -> str:
    """The dashboard's diff, cut where it is long."""
    lines = diff.splitlines()
    if not lines:
        return "The dashboard is the same."
    rest = f"\n({len(lines) - _MOST} more lines)" if len(lines) > _MOST else ""
    return "\n".join(["```diff", *lines[:_MOST], "```"]) + rest
