"""The cost against the learning rate, with the rate to take."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from layerlab.errors import ParameterError
from layerlab.reporting.style import (
    BLUE,
    COLOURS,
    FIGURE_WIDTH,
    LABEL_COLOURS,
    MUTED,
    ORANGE,
    SMALL,
    footnote,
    styled,
)

__all__ = ["rate_curve"]

FloatVector = NDArray[np.float64]

HEIGHT = 3.0  # inches
NOTE = (
    "Dots: the cost of each mini-batch, at rates that grow from step to step. Line: their running "
    "mean. Large mark: the rate suggested, where it falls most steeply."
)


@styled()
def rate_curve(
    rates: ArrayLike, costs: ArrayLike, smoothed: ArrayLike, suggestion: float
) -> Figure:
    """Draw the costs of a sweep over learning rates, and mark the rate it suggests.

    Parameters
    ----------
    rates : array-like of shape (n,)
        Positive, ascending.
    costs, smoothed : array-like of shape (n,)
        Of each rate's mini-batch, and their running mean.
    suggestion : float
        One of ``rates``, or a rate between them.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Rates on a logarithmic axis. The axis of cost ends some way above the start: how
        high it rose in the end does not matter.

    Raises
    ------
    ParameterError
        If the arrays are not of one length, or hold fewer than two values.
    """
    x, dots, line = (np.asarray(values, dtype=np.float64) for values in (rates, costs, smoothed))
    if x.ndim != 1 or len(x) < 2 or not x.shape == dots.shape == line.shape:
        raise ParameterError(
            "rates, costs and smoothed must be of one length, at least 2. "
            f"Got shapes {x.shape}, {dots.shape} and {line.shape}."
        )
    figure = Figure(figsize=(FIGURE_WIDTH, HEIGHT), layout="constrained")
    ax = figure.add_subplot(xlabel="Learning rate", ylabel="Cost", xscale="log")
    ax.plot(x, dots, "o", color=MUTED, markersize=2, alpha=0.5)
    ax.plot(x, line, color=BLUE)
    _limits(ax, x, float(min(dots.min(), line.min())), float(max(line[0], np.median(line))))
    _mark(ax, suggestion, float(np.interp(np.log(suggestion), np.log(x), line)))
    footnote(figure, NOTE)
    return figure


def _limits(ax: Axes, x: FloatVector, low: float, start: float) -> None:
    height = (start - low) or 1.0
    ax.set_ylim(low - height / 10, start + height / 2)
    ax.set_xlim(x[0], x[-1])
    ax.xaxis.set_major_locator(LogLocator(numticks=8))
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")


def _mark(ax: Axes, suggestion: float, cost: float) -> None:
    ax.axvline(suggestion, color=ORANGE, linewidth=0.8)
    ax.plot(suggestion, cost, "o", color=ORANGE, markersize=8, markeredgecolor="white", zorder=3)
    ax.annotate(
        f"{suggestion:.2g}",
        (suggestion, cost),
        xytext=(8, 6),
        textcoords="offset points",
        color=LABEL_COLOURS[COLOURS.index(ORANGE)],
        fontsize=SMALL,
    )
