"""Sections of the dashboard about the run itself: trends, training, data, speed, hard images, alerts."""

import math
from collections.abc import Iterator, Mapping

import pandas as pd

from starlight.errors import StarlightError
from starlight.markdown import NOTHING, code, counts, image, number, percent, table, whole
from starlight.metrics import Figure, figure, view
from starlight.monitor.alerts.precision import of_history
from starlight.monitor.alerts.text import show, what_to_do
from starlight.monitor.tables import PRECISION_HEADER, PRECISION_WORDS, precision_rows
from starlight.reports import measures
from starlight.reports.figures import goals_of
from starlight.reports.inputs import Run
from starlight.reports.targets import cell, status
from starlight.reports.words import plural

__all__ = ["alerts", "evidence", "hardest", "latency", "mining", "served", "training", "trends"]

_SHOWN = 10
_SERVED_ON = {"real": "clean real files", "generated": "clean generated images", "stego": "stego of the test split"}


def trends(run: Run) -> Iterator[str]:
    """The last evaluations of the history."""
    rows = []
    for place in range(max(0, len(run.entries) - _SHOWN), len(run.entries)):
        entry = run.entries[place]
        seen = [cell(figure(entry["metrics"], key), key) for key in ("fpr", "protocol.detection", "accuracy")]
        mark = " (this one)" if place == run.place else ""
        rows.append([f"{place + 1}{mark}", *seen, *(code(entry[name][:8]) for name in ("params", "data", "code"))])
    yield "## Trends"
    shown = min(_SHOWN, len(run.entries))
    yield f"`history.jsonl` has a line for each evaluation of new params, data or code. {shown} of {len(run.entries)}:"
    yield table(["Evaluation", "FPR", "Protocol found", "Accuracy", "Params", "Data", "Code"], rows, "lrrrlll")
    yield run.plot("Main figures from evaluation to evaluation", "trend")


def training(run: Run) -> Iterator[str]:
    """What the training curves say."""
    rows = []
    for seen in run.training:
        flags = [name for name in ("diverged", "overfitting", "plateau") if getattr(seen, name)]
        best, converged = seen.best_epoch, seen.convergence_epoch
        rows.append([
            code(seen.name), whole(seen.epochs), whole(converged), whole(best), number(seen.best_val_loss),
            ", ".join(flags) or "none",
        ])  # fmt: skip
    yield "## Training"
    yield table(["Run", "Epochs", "Converged at", "Best epoch", "Best validation loss", "Flags"], rows, "lrrrrl")
    if rows:
        yield (
            "Converged: the first epoch within 5 % of the whole gain in validation loss. Diverged: half of the gain in "
            "training loss, and 5 % of the first loss, was lost again; overfitting: the same of the validation loss; "
            "plateau: no better epoch in the last quarter."
        )
        yield run.plot("Training and validation curves", "curves")


def latency(run: Run) -> Iterator[str]:
    """Speed, where it was measured."""
    yield "## Latency"
    document = run.documents.get("latency")
    if document is None:
        yield "Not measured in this run: `make bench` writes `bench/latency.json`."
        return
    yield table(["Measure", "Value"], list(measures.rows(document)), "lr")


def mining(run: Run) -> Iterator[str]:
    """What the miner found and what it left out."""
    yield "## Hard negatives"
    audit, found = run.documents.get("audit"), run.tables.get("hard_negatives")
    if found is None:
        yield "No mining in this run."
        return
    yield (
        f"The miner kept {plural(len(found), 'authentic image')} of those that base training did not see, which "
        "V4 base finds suspicious."
    )
    if choice := run.documents.get("choice"):
        yield f"Chosen by validation: {choice.get('reason', '')}."
    if not found.empty and "category" in found:
        by = found.fillna({"category": ""}).groupby("category", sort=True).size()
        yield table(
            ["Category", "Images"], [[code(name) if name else "clean", whole(int(n))] for name, n in by.items()], "lr"
        )
    if audit:
        yield "<details><summary>Audit of the miner</summary>"
        yield table(["Measure", "Value"], list(measures.rows(audit)), "lr")
        yield "</details>"
    if (run.directory / "mining/worst.png").exists():
        yield image("The worst hard negatives with their maps", "mining/worst.png")


def evidence(run: Run) -> Iterator[str]:
    """False alarms of the released detector on real files and on generated ones, where they were counted."""
    found = run.tables.get("evidence")
    if found is None or found.empty:
        return
    goal = goals_of(run)["fpr"]
    yield "## Evidence on false alarms"
    yield (
        "The released detector of `models/release/`, which is not that of this run, on real files and on images made "
        f"for the purpose, none of which set anything of it (`make evidence`, `evidence.csv`). The target is an FPR of "
        f"{100 * goal.target:g} % or less."
    )
    rows = []
    for row in found.itertuples():
        seen = Figure(row.fpr, row.low, row.high, int(row.flagged), int(row.images))
        told = [cell(seen, "fpr", 3), counts(seen.k, seen.n), status(seen, goal)]
        rows.append([row.group, code(row.source), *told, whole(int(row.abstained)), whole(int(row.unreadable))])
    yield table(["Files", "Source", "FPR (95 %)", "Images", "Status", "Cannot tell", "Unreadable"], rows, "llrrlrr")


def _worst(rows: pd.DataFrame, highest: bool) -> list[list[str]]:
    chosen = rows.assign(far=-rows.score if highest else rows.score).sort_values(["far", "path"]).head(_SHOWN)
    return [
        [code(row.path), code(row.technique or row.category or row.kind), number(row.probability, 3),
         code(row.named) if row.flagged else NOTHING, percent(row.map_fp_ratio)]
        for row in chosen.itertuples()
    ]  # fmt: skip


def hardest(run: Run) -> Iterator[str]:
    """The worst false alarms and the worst misses of the test split."""
    frame = view(run.predictions, run.current)
    alarms, missed = frame[(frame.label == 0) & frame.flagged], frame[(frame.label == 1) & ~frame.flagged]
    yield "## Hardest images"
    header = ["File", "What it is", "Probability", "Taken for", "Map cells wrongly marked"]
    yield f"**False alarms**: {counts(len(alarms), int((frame.label == 0).sum()))}; the surest first."
    yield table(header, _worst(alarms, highest=True), "llrlr")
    yield f"**Missed stego**: {counts(len(missed), int((frame.label == 1).sum()))}; the farthest off first."
    yield table(header, _worst(missed, highest=False), "llrlr")
    if (run.directory / "hardest.png").exists():
        yield (
            "First the authentic images that look most like stego, flagged or not, then the stego that looks least so. "
            "Each beside its map (the redder, the surer of a payload), what it is and its score; 0 and over is flagged."
        )
        yield image("Hardest images of the test split with their maps", "hardest.png")


def alerts(run: Run) -> Iterator[str]:
    """Alerts of this run, and the log of earlier ones."""
    yield "## Alerts"
    yield "An alert: the whole 95 % interval is beyond the threshold. A warning: only the figure is."
    rows = []
    for alert in run.alerts:
        ends = f" ({show(alert.low, alert.unit)} to {show(alert.high, alert.unit)})" if alert.low < alert.high else ""
        before = (
            NOTHING
            if math.isnan(alert.before)
            else show(alert.before, {"points": "fraction"}.get(alert.unit, alert.unit))
        )
        rows.append([
            alert.level, code(alert.name), show(alert.value, alert.unit) + ends, show(alert.threshold, alert.unit),
            before, f"{alert.look_at} ([what to do](../{what_to_do(alert)}))",
        ])  # fmt: skip
    yield table(["Level", "What", "Value", "Threshold", "Before", "What to look at"], rows, "llrrrl")
    log = [[f"{place}", ", ".join(map(code, entry["alerts"])) or "none"] for place, entry in enumerate(run.entries, 1)]
    yield "Log: alerts of each evaluation, the last ten."
    yield table(["Evaluation", "Alerts"], log[-_SHOWN:], "rl")
    precision = precision_rows(of_history(run.entries))
    if precision:
        yield PRECISION_WORDS
        yield table(PRECISION_HEADER, precision, "lrr")


def served(run: Run) -> Iterator[str]:
    """The section on what `starlight detect` answers with in this folder."""
    yield "## Which detector is served"
    told = run.documents.get("served", {})
    try:
        yield from _served(told)
    except (KeyError, TypeError) as error:
        raise StarlightError(f"{run.directory / 'served.json'}: lacks {error}") from error


def _served(told: Mapping) -> Iterator[str]:
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
        [_SERVED_ON.get(row["group"], row["group"]), whole(row["images"]), counts(row["champion"], row["images"]),
         counts(row["challenger"], row["images"]), whole(row["only_champion"]), whole(row["only_challenger"]),
         number(row["p"], 3)]
        for row in told["duel"]
    ]  # fmt: skip
    yield "Both on the same images (McNemar's exact test, adjusted by Holm's method):"
    header = ["Images", "Number", "Called stego before", "Now", "Right before alone", "Right now alone", "p"]
    yield table(header, rows, "lrrrrrr")


def _named(told: Mapping) -> str:
    return f"{told['origin']} detector {code(told['name'])} ({told['weights'][:8]})"
