"""`baseline_report.md`: V3 against V4 base against V4 fine-tuned on the same test images."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from starlight.markdown import code, interval, number, percent, points, table, whole
from starlight.metrics import MODELS, PROTOCOL, clopper_pearson, compare, compare_parts, parts, view
from starlight.plots.style import TITLES
from starlight.reports.against import against
from starlight.reports.baseline_tables import ablations, before_after, blanked_streams, latency_and_size
from starlight.reports.figures import current_values
from starlight.reports.inputs import Run
from starlight.reports.ladder import ladder
from starlight.reports.words import listing, p_text, plural, title_of

__all__ = ["baseline_report"]

_LONG = 100  # bytes of a message from which a network on crops has something to see
_NUMBERS = ("auc", "map.mcc", "f1", "map.f1")


def _pairs(run: Run) -> list[tuple[str, str]]:
    """What to compare: V3 with V4, V3 with V4 base, V4 base with V4; only what was measured."""
    wanted = [(MODELS[0], MODELS[2]), (MODELS[0], MODELS[1]), (MODELS[1], MODELS[2])]
    return [pair for pair in wanted if set(pair) <= set(run.models)]


def _shown(value: float, measure: str) -> str:
    return number(value) if measure in _NUMBERS else percent(value)


def _compared(found: pd.DataFrame, first: str, second: str) -> str:
    rows = []
    for row in found.itertuples():
        plain = row.measure in _NUMBERS
        change = f"{row.change:+.4f}" if plain and row.change == row.change else points(row.change)
        ends = f"{number(row.low)} to {number(row.high)}" if plain else interval(row.low, row.high).replace(" %", "")
        values = [_shown(row.first, row.measure), _shown(row.second, row.measure)]
        rows.append([title_of(row.measure), *values, change, ends, p_text(row.p), row.verdict])
    header = ["Measure", TITLES[first], TITLES[second], "Change", "95 % interval of the change", "p", "Verdict"]
    return table(header, rows, "lrrrrrl")


def _parts_table(run: Run, column: str, label: int, head: str) -> Iterator[str]:
    first, last = run.models[0], run.current
    found = compare_parts(run.predictions, first, last, column, label)
    middle = [m for m in run.models if m not in (first, last)]
    frames = {m: view(run.predictions, m) for m in run.models}
    rows = []
    for row in found.itertuples():
        cells = [code(row.part), whole(row.n)]
        for model in (first, *middle, last):
            frame = frames[model]
            flagged = frame.flagged[(frame[column] == row.part) & (frame.label == label)]
            k = int(flagged.sum())
            cells.append(f"{percent(k / len(flagged))} ({interval(*clopper_pearson(k, len(flagged)))})")
        rows.append([*cells, p_text(row.p), row.verdict])
    yield table(
        [head, "Images", *(TITLES[m] for m in (first, *middle, last)), "p (Holm)", "Verdict"],
        rows,
        "lr" + "r" * 4 + "l",
    )


def worse(run: Run, pair: tuple[str, str], found: pd.DataFrame) -> Iterator[str]:
    """Where the second model is worse, in words; first what these images can show, then what they hint at."""
    shown = [title_of(m) for m in found.measure[found.verdict == "worse"]]
    hints = []
    for column, label, what in (("technique", 1, "detection of"), ("category", 0, "false alarms on")):
        parts = compare_parts(run.predictions, *pair, column, label)
        shown += [f"{what} {code(part)}" for part in parts.part[parts.verdict == "worse"]]
        less = parts[(parts.verdict != "worse") & (parts.change < 0 if label else parts.change > 0)]
        hints += [f"{what} {code(r.part)} ({points(r.change)})" for r in less.itertuples()]
    name, other = TITLES[pair[1]], TITLES[pair[0]]
    yield (
        f"{name} is worse than {other} in: {listing(shown, 20)}."
        if shown
        else f"Nowhere is {name} shown to be worse than {other}."
    )
    if hints:
        yield f"Worse figures that may be chance: {listing(hints, 20)}."


def _words(run: Run, compared: dict) -> Iterator[str]:
    yield "## In words"
    for (first, second), found in compared.items():
        sentence = against(run.predictions, first, second)
        better = [title_of(m) for m in found.measure[found.verdict == "better"]]
        yield f"{sentence} Better: {listing(better, 20)}."
    yield "## Where V4 is worse"
    for pair, found in compared.items():
        yield from worse(run, pair, found)


def _tables(run: Run, compared: dict) -> Iterator[str]:
    yield "## Every measure"
    yield current_values(run)
    for (first, second), found in compared.items():
        yield f"### {TITLES[second]} against {TITLES[first]}"
        yield _compared(found, first, second)
    if run.models[0] != run.current:
        yield "## By technique"
        yield "Stego found at each model's operating threshold."
        yield from _parts_table(run, "technique", 1, "Technique")
        yield "## By category of look-alikes"
        yield "Authentic images flagged."
        yield from _parts_table(run, "category", 0, "Category")
        yield "## By submission"
        yield "Stego found:"
        yield from _parts_table(run, "submission", 1, "Submission")
        yield "Authentic images flagged:"
        yield from _parts_table(run, "submission", 0, "Submission")


def _rest(run: Run) -> Iterator[str]:
    yield "## Before and after fine-tuning"
    if "before_after" in run.tables:
        yield "p: McNemar's exact test against V4 base on the same images, each row by itself (not adjusted)."
        yield before_after(run.tables["before_after"])
    else:
        yield "Not measured in this run."
    yield from blanked_streams(run.tables.get("stream_ablation", pd.DataFrame()))
    yield from ablations(run.tables.get("ablations"))


def baseline_report(run: Run, sizes: dict[str, int] | None = None) -> str:
    """The baseline report as Markdown.

    Parameters
    ----------
    run : Run
    sizes : dict of int, optional
        Bytes of the weights of each model.
    """
    compared = {pair: compare(run.predictions, *pair) for pair in _pairs(run)}
    stego = int((run.predictions.label == 1).sum())
    head = [
        "# Baselines",
        f"{listing([TITLES[m] for m in run.models])} on the same {plural(len(run.predictions), 'test image')} "
        f"({stego:,} stego). Rates have exact 95 % intervals; changes have intervals from a bootstrap over covers, and "
        "for FPR, recall, accuracy and every part McNemar's exact test on the same images, adjusted by Holm within a "
        "table of parts.",
    ]
    parts = [
        *head,
        *_own_kind(run),
        *ladder(run.tables.get("ladder")),
        *_words(run, compared),
        *_tables(run, compared),
        *_rest(run),
    ]
    parts += latency_and_size(run, sizes or {})
    return "\n\n".join(parts) + "\n"


def _own_kind(run: Run) -> Iterator[str]:
    """A section of the baseline report; nothing where V3 was not measured.

    Each part of the test images, flagged by V3 and by the current model: the protocol's techniques and the clean images
    that they were not made of, which V3 knows, then twins by technique and look-alikes by category, which it does not.
    """
    first, last = MODELS[0], run.current
    if first not in run.models or first == last:
        return
    frames = [view(run.predictions, first), view(run.predictions, last)]
    yield "## V3 on its own kind of data, and on the rest"
    yield (
        f"{TITLES[first]} was trained on stego of the protocol and on clean images that none of it was "
        "made of, and flags what it holds for likelier stego than not. What came with a container, it takes for a "
        "payload: the same containers without one, and images that merely look suspicious, show it. Flagged, at each "
        f"detector's own threshold, and by {TITLES[first]} where it flags no more authentic images than {TITLES[last]}:"
    )
    frames.append(_as_strict(*frames))
    rows = [_row(name, chosen, frames) for name, chosen in _parts(frames[0])]
    header = ["Images", "Of", TITLES[first], TITLES[last], f"{TITLES[first]} as strict as {TITLES[last]}"]
    yield table(header, filter(None, rows), "lrrrr")


def _as_strict(frame: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """A detector at the highest threshold at which it flags no more authentic images than the other does."""
    scores = np.sort(frame.score[frame.label == 0].to_numpy(float))[::-1]
    alarms = int(other.flagged[other.label == 0].sum())
    return frame.assign(flagged=frame.score > (scores[alarms] if alarms < len(scores) else -np.inf))


def _parts(frame: pd.DataFrame) -> Iterator[tuple[str, pd.Series]]:
    authentic = frame.label == 0
    for name in PROTOCOL:
        written = (frame.technique == name) & (frame.tool == "")
        yield f"stego, {code(name)}", written
        yield f"of these, {_LONG} bytes and more", written & (frame.payload_bits >= 8 * _LONG)
    yield "clean, no twin of these", parts(frame)["clean"]
    yield "the same techniques as other programs lay them out", frame.technique.isin(PROTOCOL) & (frame.tool != "")
    for name in PROTOCOL:
        yield (
            f"payload-free twins of {code(name)}",
            authentic & frame.twin_of.str.split(";").map(lambda t, n=name: n in t),
        )
    for name in sorted(set(frame.category[authentic & (frame.kind == "negative")])):
        yield f"look-alikes, {code(name)}", authentic & (frame.category == name)


def _row(name: str, chosen: pd.Series, frames: list[pd.DataFrame]) -> list[str] | None:
    n = int(chosen.sum())
    if not n:
        return None
    found = [int(frame.flagged[chosen].sum()) for frame in frames]
    shares = [f"{percent(k / n)} ({interval(*clopper_pearson(k, n))})" for k in found]
    return [name, whole(n), *shares]
