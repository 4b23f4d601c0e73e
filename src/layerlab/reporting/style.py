"""The look that all figures share.

Colours are those of Okabe and Ito (2008), "Color universal design", which people with any
of the common colour vision deficiencies can tell apart; marks differ in shape as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import isotonic_regression

from layerlab.reporting.shares import percent

__all__ = [
    "BLUE",
    "COLOURS",
    "DIVERGING",
    "FIGURE_WIDTH",
    "INK",
    "LABEL_COLOURS",
    "MARKERS",
    "MUTED",
    "ORANGE",
    "SMALL",
    "accuracy_axis",
    "footnote",
    "label_ends",
    "spread",
    "styled",
]

FIGURE_WIDTH = 4.2
"""Inches: two figures stand side by side on a desktop, and one fills a telephone."""

SMALL = 8.0  # points: notes and labels inside figures
INK, MUTED, FAINT = "#1f2328", "#59636e", "#e4e7eb"
BLUE, ORANGE = "#0072b2", "#d55e00"
COLOURS = (BLUE, ORANGE, "#009e73", "#cc79a7", "#56b4e9", "#e69f00", INK)
# The same hues, dark enough for small text on white (contrast over 4.5, WCAG 2.2).
LABEL_COLOURS = (BLUE, "#b84f00", "#007a59", "#a3487c", "#1b6f9c", "#8a6000", INK)
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DIVERGING = LinearSegmentedColormap.from_list("layerlab", [BLUE, "#ffffff", ORANGE], N=255)

RULES: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 9.0,
    "axes.labelsize": 9.0,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "text.color": INK,
    # A class may be called "$5": nothing a user names is a formula.
    "text.parse_math": False,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "lines.linewidth": 1.8,
    "lines.markersize": 4.5,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
    # Text stays text: small, selectable, and names in any script are shown.
    "svg.fonttype": "none",
    "svg.hashsalt": "layerlab",
    # Each picture is embedded at its own few pixels rather than all in one large image.
    "image.composite_image": False,
}


@contextmanager
def styled() -> Iterator[None]:
    """Apply the style, whatever the user's own matplotlib settings, and put those back after.

    Also usable as a decorator. Matplotlib's settings are global to the process, so figures
    should be drawn by one thread at a time.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(RULES)
        yield


class PercentTicks(Formatter):
    """Per cent at the ticks of an axis up to 100, with as many decimals as one of them needs."""

    def __call__(self, x: float, pos: int | None = None) -> str:  # noqa: ARG002
        """Return the text of a tick that stands alone."""
        return self.format_ticks([x])[0]

    def format_ticks(self, values: Iterable[float]) -> list[str]:
        """Return the texts of all ticks."""
        ticks = list(values)
        decimals = next((d for d in range(3) if _shown_by(d, ticks)), 3)
        return [percent(tick, decimals) if tick <= 1 + 1e-9 else "" for tick in ticks]


def _shown_by(decimals: int, shares: list[float]) -> bool:
    return all(abs(100 * x - round(100 * x, decimals)) < 1e-6 for x in shares)


def accuracy_axis(ax: Axes, low: float, high: float) -> None:
    """Show ``low`` to ``high`` on the y axis, in per cent, with some room around.

    The axis need not begin at zero: lines, unlike bars, are read by position.
    """
    room = max(0.08 * (high - low), 0.004)
    ax.set_ylim(low - room, min(high + room, 1 + room / 2))
    ax.yaxis.set_major_formatter(PercentTicks())


def footnote(figure: Figure, text: str) -> None:
    """Write what the marks mean, and n, small below the figure."""
    characters = int(figure.get_figwidth() * 15)
    wrapped = "\n".join(textwrap.wrap(text, characters))
    figure.supxlabel(wrapped, x=0.015, ha="left", fontsize=SMALL, color=MUTED, linespacing=1.35)


def spread(
    wanted: ArrayLike, gap: float, low: float = -np.inf, high: float = np.inf
) -> NDArray[np.float64]:
    """Return the positions nearest to those wanted that keep ``gap`` between neighbours.

    They lie between ``low`` and ``high`` where there is room. The least squares solution: by
    isotonic regression of the positions less their offsets, cut to the bounds.
    """
    positions = np.asarray(wanted, dtype=np.float64)
    order = np.argsort(positions, kind="stable")
    offsets = gap * np.arange(len(positions))
    free = isotonic_regression(positions[order] - offsets).x
    placed = np.empty_like(positions)
    placed[order] = np.clip(free, low, max(low, high - offsets[-1])) + offsets
    return placed


def label_ends(
    ax: Axes, heights: ArrayLike, labels: list[str], height_in: float, *, first_colour: int = 0
) -> None:
    """Write a label in its line's colour to the right of each line, none over another.

    Parameters
    ----------
    ax : Axes
        Its y limits are set already.
    heights : array-like of shape (n_lines,)
        Where each line ends, in data units of the y axis.
    labels : list of str
        A label may have several lines of text.
    height_in : float
        The height of the axes in inches, roughly.
    first_colour : int
        The place in COLOURS of the first line's.
    """
    transform = ax.transData + ax.transAxes.inverted()
    ends = [float(transform.transform((0, y))[1]) for y in np.asarray(heights, dtype=np.float64)]
    line = 1.25 * SMALL / 72 / height_in
    n_lines = max((label.count("\n") + 1 for label in labels), default=1)
    half = line * n_lines / 2
    for i, y in enumerate(spread(ends, line * (n_lines + 0.4), half, 1 - half)):
        colour = LABEL_COLOURS[(i + first_colour) % len(COLOURS)]
        ax.text(
            1.02, y, labels[i], color=colour, fontsize=SMALL, va="center", transform=ax.transAxes
        )
