"""The page: one HTML file that needs nothing else. No scripts; every text from the file is escaped twice over."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from html import escape as html_escape
from typing import NamedTuple

from starlight.detector.answer import Detection
from starlight.detector.explain.contributions import Contribution
from starlight.detector.previews import escape, preview
from starlight.findings.finding import Finding
from starlight.findings.reading.reader import Reading

__all__ = ["Figure", "render"]

_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
:root { color-scheme: light dark; --ink: #1d232b; --soft: #5a6572; --paper: #fbfbf9; --line: #d9dde2;
  --for: #b3392f; --against: #2f6f9f; --card: #ffffff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7eaee; --soft: #9aa5b1; --paper: #14181d; --line: #2e363f;
  --for: #ee7a6c; --against: #6db3e4; --card: #1b2128; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.55 system-ui, sans-serif; }
h1 { font-size: 1.15rem; font-weight: 500; color: var(--soft); margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
p.verdict { font-size: 2rem; line-height: 1.2; font-weight: 650; margin: .4rem 0; text-wrap: balance; }
p.note, figcaption { color: var(--soft); font-size: .9rem; margin: .3rem 0 .8rem; max-width: 46rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1.2rem; margin: 1rem 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
.figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(24rem, 100%), 1fr)); gap: 1rem; }
.planes { grid-template-columns: repeat(auto-fill, minmax(min(13rem, 100%), 1fr)); margin-top: 1rem; }
figure { margin: 0; padding: .6rem; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
img { max-width: 100%; height: auto; display: block; margin: 0 auto; image-rendering: pixelated; }
figcaption { margin: .5rem 0 0; }
table { border-collapse: collapse; width: 100%; max-width: 46rem; }
th, td { text-align: left; padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line); }
th { font-weight: 500; color: var(--soft); }
td.n { text-align: right; font-variant-numeric: tabular-nums; width: 6rem; }
td.bar { width: 50%; } .track { position: relative; height: .7rem; }
.track i { position: absolute; top: 0; bottom: 0; border-radius: 2px; background: var(--for); }
.track i.against { background: var(--against); }
li { margin: .25rem 0; max-width: 46rem; overflow-wrap: anywhere; }
"""
_MOST_READ, _MOST_ROWS = 50, 200
_VERDICTS = {
    "stego": "Something is hidden here", "clean": "Nothing found",
    "forged": "Part of this is forged", "authentic": "Nothing forged found",
    "cannot tell": "Cannot tell", "unreadable": "Cannot be read",
}  # fmt: skip


class Figure(NamedTuple):
    """A picture as a `data:` URI with its caption."""

    uri: str
    caption: str


def render(
    detection: Detection,
    description: str,
    figures: Sequence[Figure],
    planes: Sequence[Figure],
    changes: Sequence[Contribution],
    map_alone: Sequence[str],
    said: Sequence[str],
    nearest: tuple[str, float] | None,
    reading: Reading | None,
) -> str:
    """The whole page as text.

    Parameters
    ----------
    detection : Detection
    description : str
        Of the detector.
    figures, planes : sequence of Figure
        Shown large, and small.
    changes : sequence of Contribution
        One for each stream that has a say, in the order in which they are shown.
    map_alone : sequence of str
        Streams that serve the map and have no say in the verdict.
    said : sequence of str
        Further sentences on what was found, shown as they are.
    nearest : (str, float), optional
        Nearest category of training images, and its distance.
    reading : Reading, optional
        What was read in the file.

    Returns
    -------
    str
        HTML that needs no other file.
    """
    body = [
        f"<h1>{_text(detection.path)}</h1>",
        f'<p class="verdict">{_VERDICTS[detection.verdict]}</p>',
        f"<p>{_text(_sentence(detection.reason))}</p>",
        _facts(detection, description, nearest),
        _read(reading) if reading else "",
        _pictures(figures, planes),
        _techniques(detection),
        _contributions(changes, map_alone, detection),
        _words(said),
        _account(reading) if reading else "",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="referrer" content="no-referrer">'
        f"<title>Starlight: {_text(detection.verdict)}, {_text(detection.path)}</title><style>{_STYLE}</style></head>\n"
        f"<body>{chr(10).join(filter(None, body))}</body></html>\n"
    )


def _facts(detection: Detection, description: str, nearest: tuple[str, float] | None) -> str:
    rows = []
    if detection.probability is not None:
        rows.append(("Probability", _share(detection.probability)))
        rows.append(
            (f"Called {_flag(detection)} from", f"{_share(detection.threshold)}, set for an FPR of {detection.fpr:.3g}")
        )
    if detection.technique:
        rows.append(("Most likely technique", detection.technique))
    if nearest:
        rows.append(("Nearest in training", f"{nearest[0]} (distance {nearest[1]:.2f})"))
    cells = [f"<dt>{_text(k)}</dt><dd>{_text(v)}</dd>" for k, v in rows]
    if detection.payload_preview:  # escaped for terminals already
        cells.append(f"<dt>Payload begins</dt><dd><code>{html_escape(detection.payload_preview)}</code></dd>")
    for name, value in (("SHA-256 begins", detection.sample_id), ("Detector", description)):
        if value:
            cells.append(f"<dt>{name}</dt><dd><code>{_text(value)}</code></dd>")
    return f"<dl>{''.join(cells)}</dl>"


def _flag(detection: Detection) -> str:
    return "forged" if detection.verdict in ("forged", "authentic") else "stego"


def _read(reading: Reading) -> str:
    """What was read: hidden payloads, then notes."""
    groups = (("What was read", reading.hidden), ("What was left openly", reading.notes))
    return "".join(
        f"<h2>{title}</h2><ul>{''.join(map(_finding, found[:_MOST_READ]))}</ul>" for title, found in groups if found
    )


def _finding(found: Finding) -> str:
    at = "" if found.offset is None else f", from byte {found.offset:,}"
    begins = html_escape(preview(found.payload, 200)) if found.payload else ""
    return f"<li>{_text(str(found))}{at}" + (f": <code>{begins}</code>" if begins else "") + "</li>"


def _account(reading: Reading) -> str:
    """Every byte of the file; neighbours of one name are told together."""
    rows = []
    for (name, explained), group in itertools.groupby(reading.spans, lambda span: (span.name, span.explained)):
        spans = list(group)
        size, times = sum(span.length for span in spans), f" × {len(spans)}" if len(spans) > 1 else ""
        said = _text(name) if explained else f"<strong>{_text(name)}</strong>"
        rows.append(f'<tr><td>{said}{times}</td><td class="n">{spans[0].offset:,}</td><td class="n">{size:,}</td></tr>')
    if len(rows) > _MOST_ROWS:
        rows = [*rows[:_MOST_ROWS], f"<tr><td>and {len(rows) - _MOST_ROWS:,} more</td><td></td><td></td></tr>"]
    head = "<tr><th>what it is</th><th>from byte</th><th>bytes</th></tr>"
    note = '<p class="note">Every byte of the file, by the structure that explains it.</p>'
    return f"<h2>The account of bytes</h2>{note}<table>{head}{''.join(rows)}</table>"


def _pictures(figures: Sequence[Figure], planes: Sequence[Figure]) -> str:
    if not figures:
        return ""
    large, small = ("".join(map(_figure, group)) for group in (figures, planes))
    return f'<h2>What it looks like</h2><div class="figures">{large}</div><div class="figures planes">{small}</div>'


def _figure(figure: Figure) -> str:
    caption = _text(figure.caption)
    image = f'<img src="{html_escape(figure.uri)}" alt="{caption}">'
    return f"<figure>{image}<figcaption>{caption}</figcaption></figure>"


def _techniques(detection: Detection) -> str:
    if not detection.techniques:
        return ""
    ordered = sorted(detection.techniques.items(), key=lambda item: (-item[1], item[0]))
    rows = "".join(_row(name, f'<i style="left:0;width:{100 * p:.2f}%"></i>', _share(p)) for name, p in ordered)
    note = "Only what a file of this kind can carry; each technique is judged by itself, so they need not add up."
    return f'<h2>Techniques</h2><p class="note">{note}</p><table>{rows}</table>'


def _contributions(changes: Sequence[Contribution], map_alone: Sequence[str], detection: Detection) -> str:
    if not changes:
        return ""
    longest = max(max(abs(c.change) for c in changes), 1e-9)
    rows = "".join(_row(c.stream, _bar(c.change / longest), f"{c.change:+.2f}") for c in changes)
    best = max(detection.techniques, key=lambda name: detection.techniques[name])
    note = (
        f"By how much the score of {best} falls when the detector may not see a stream. Red spoke for a payload, "
        "blue against. Streams can say the same thing, so the changes need not add up."
    )
    if map_alone:
        note += f" The others serve the map of where a payload may lie, and nothing else: {', '.join(map_alone)}."
    return f'<h2>What each stream contributed</h2><p class="note">{_text(note)}</p><table>{rows}</table>'


def _row(name: str, bar: str, number: str) -> str:
    bar = f'<td class="bar"><div class="track">{bar}</div></td>'
    return f'<tr><td>{_text(name)}</td>{bar}<td class="n">{number}</td></tr>'


def _bar(share: float) -> str:
    width = 50 * abs(share)
    if share >= 0:
        return f'<i style="left:50%;width:{width:.2f}%"></i>'
    return f'<i class="against" style="left:{50 - width:.2f}%;width:{width:.2f}%"></i>'


def _words(said: Sequence[str]) -> str:
    items = "".join(f"<li>{_text(sentence)}</li>" for sentence in said)
    return f"<h2>The statistics in words</h2><ul>{items}</ul>" if said else ""


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + "." if text else ""


def _share(value: float) -> str:
    return f"{min(max(100 * value, 0.01), 99.99):.2f} %"


def _text(text: str) -> str:
    """Text from anywhere: control and bidirectional characters made visible, then escaped for HTML."""
    return html_escape(escape(text))
