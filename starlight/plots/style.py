"""How plots look: an opaque white panel that reads on light and dark pages, colours that the colour-blind can tell."""

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from matplotlib import font_manager
from matplotlib import pyplot as plt

__all__ = ["COLOURS", "TITLES", "figure", "label", "percent_axis", "save"]

TITLES = {"v3": "V3", "v4_base": "V4 base", "v4": "V4 fine-tuned", "control": "Random control"}
COLOURS = {"v3": "#8c8c8c", "v4_base": "#e08214", "v4": "#1f6fb4"}
_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#555555",
    "axes.grid": True,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "figure.dpi": 130,
    "figure.facecolor": "white",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.7,
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "lines.linewidth": 1.8,
    "savefig.facecolor": "white",
}
matplotlib.rcParams.update(_STYLE)


def figure(width: float = 7.2, height: float = 4.2, rows: int = 1, columns: int = 1, **how):
    """New figure and axes.

    Parameters
    ----------
    width, height : float
        Inches.
    rows, columns : int
        Of axes.
    **how
        For `matplotlib.pyplot.subplots`.

    Returns
    -------
    Figure
    Axes, or an array of them where there are several
    """
    return plt.subplots(rows, columns, figsize=(width, height), layout="constrained", **how)


_LONGEST = 30  # characters of a name in a plot
_GLYPHS = frozenset(font_manager.get_font(font_manager.findfont(_STYLE["font.family"])).get_charmap())


def label(name: str) -> str:
    """A name from outside as it may stand in a plot: short, no mathematics, code points where the font has no glyph."""
    short = name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"
    shown = "".join(c if c.isprintable() and ord(c) in _GLYPHS else f"U+{ord(c):04X}" for c in short)
    return shown.replace("$", r"\$")


def percent_axis(axis) -> None:
    """Show fractions as percentages on an axis (`axes.xaxis` or `axes.yaxis`)."""
    axis.set_major_formatter(matplotlib.ticker.FuncFormatter(lambda value, _: f"{100 * value:g}"))


def save(drawing, path: str | Path) -> None:
    """Write a figure as PNG without metadata, the same bytes each time, and close it."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    drawing.savefig(path, format="png", metadata={"Software": None})
    plt.close(drawing)
