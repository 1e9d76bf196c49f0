"""Which detector answers, and why that one."""

from collections.abc import Iterator, Mapping

from starlight.errors import StarlightError
from starlight.markdown import code, counts, number, table, whole
from starlight.reports.inputs import Run

__all__ = ["served"]

_GROUPS = {"real": "clean real files", "generated": "clean generated images", "stego": "stego of the test split"}


def served(run: Run) -> Iterator[str]:
    """The section on what `starlight detect` answers with in this folder."""
    yield "## Which detector is served"
    told = run.documents.get("served", {})
    try:
        yield from _said(told)
    except (KeyError, TypeError) as error:
        raise StarlightError(f"{run.directory / 'served.json'}: lacks {error}") from error


def _said(told: Mapping) -> Iterator[str]:
    if taken := told.get("taken_back"):
        yield f"The {_named(taken)} was promoted and taken back."
    if told.get("origin", "released") == "released":
        yield (
            "The released one of `models/release/`, whose evidence stands below: no detector that was trained here is "
            "promoted. `make promote` does so, where one passes the evidence and is no worse on the same images."
        )
        return
    yield (
        f"The {_named(told)}, trained here and promoted over the {_named(told['replaces'])} by `make promote`; "
        f"`make promote UNDO=1` takes it back. {told['why']}"
    )
    rows = [
        [_GROUPS.get(row["group"], row["group"]), whole(row["images"]), counts(row["champion"], row["images"]),
         counts(row["challenger"], row["images"]), whole(row["only_champion"]), whole(row["only_challenger"]),
         number(row["p"], 3)]
        for row in told["duel"]
    ]  # fmt: skip
    yield "Both on the same images (McNemar's exact test, adjusted by Holm's method):"
    header = ["Images", "Number", "Called stego before", "Now", "Right before alone", "Right now alone", "p"]
    yield table(header, rows, "lrrrrrr")


def _named(told: Mapping) -> str:
    return f"{told['origin']} detector {code(told['name'])} ({told['weights'][:8]})"
