"""Accuracy against the depth and width of the networks that were tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from numpy.typing import NDArray

from layerlab.errors import ParameterError
from layerlab.exploration import Configuration
from layerlab.reporting.style import (
    COLOURS,
    FIGURE_WIDTH,
    INK,
    MARKERS,
    accuracy_axis,
    footnote,
    label_ends,
    styled,
)

__all__ = ["DepthPoint", "depth_width"]

FloatVector = NDArray[np.float64]

HEIGHT = 3.0  # inches
DODGE, WHOLE_DODGE = 1.1, 1.35  # candidates of one width and unequal depths stand side by side


@dataclass(frozen=True)
class DepthPoint:
    """A network that was tried.

    Attributes
    ----------
    configuration : Configuration
    accuracy : float
        Mean over folds, in 0–1.
    error : float
        Its standard error.
    chosen : bool
        Whether this is the network that the run chose.
    """

    configuration: Configuration
    accuracy: float
    error: float = 0.0
    chosen: bool = False

    @property
    def depth(self) -> int:
        """Number of hidden layers."""
        return self.configuration.depth

    @property
    def width(self) -> int:
        """Units of the widest hidden layer; 0 without one."""
        return max(self.configuration.hidden_layer_sizes, default=0)


@styled()
def depth_width(
    candidates: Sequence[DepthPoint], *, n_rows: int | None = None, n_folds: int | None = None
) -> Figure:
    """Draw accuracy against the width of the widest hidden layer, a line a number of layers.

    Parameters
    ----------
    candidates : sequence of DepthPoint
        Several of one depth and width (of unequal penalties, say) are all drawn; the line
        goes through the best of them.
    n_rows, n_folds : int or None
        Stated below the figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Bars are ± one standard error; the network without a hidden layer, which has no
        width, is the dashed line; the chosen one is ringed.

    Raises
    ------
    ParameterError
        If there is no candidate.
    """
    if not candidates:
        raise ParameterError("The 'candidates' parameter must hold at least one. It is empty.")
    figure = Figure(figsize=(FIGURE_WIDTH, HEIGHT), layout="constrained")
    ax = figure.add_subplot(xlabel="units in the widest hidden layer", ylabel="Accuracy")
    depths = sorted({candidate.depth for candidate in candidates})
    groups = [[c for c in candidates if c.depth == depth] for depth in depths]
    dodges = _dodges(len(groups))
    _width_axis(ax, candidates, dodges[-1])
    for i, group in enumerate(groups):
        _draw_depth(ax, i, group, dodges[i])
    low = min(c.accuracy - c.error for c in candidates)
    accuracy_axis(ax, low, max(c.accuracy + c.error for c in candidates))
    ends = [_best_by_width(group)[-1].accuracy for group in groups]
    label_ends(ax, ends, [_depth_label(depth) for depth in depths], 0.8 * HEIGHT)
    footnote(figure, _note(candidates, n_rows, n_folds))
    return figure


def _dodges(n: int) -> FloatVector:
    """Return the factors, around one, by which each of n lines is moved along the widths."""
    step = min(DODGE, WHOLE_DODGE ** (1 / max(n - 1, 1)))
    factors: FloatVector = step ** (np.arange(n) - (n - 1) / 2)
    return factors


def _width_axis(ax: Axes, candidates: Sequence[DepthPoint], dodge: float) -> None:
    widths = sorted({c.width for c in candidates if c.width})
    ax.set_xscale("log", base=2)
    room = 1.15 * dodge
    ax.set_xlim(min(widths, default=1) / room, max(widths, default=1) * room)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_locator(FixedLocator(_apart(widths)))
    ax.xaxis.set_major_formatter("{x:g}")


def _apart(widths: list[int]) -> list[float]:
    """Leave out the ticks whose numbers would run into the one before."""
    kept: list[float] = []
    for width in widths:
        if not kept or width >= 1.35 * kept[-1]:
            kept.append(float(width))
    return kept


def _draw_depth(ax: Axes, i: int, group: list[DepthPoint], dodge: float) -> None:
    colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
    if group[0].depth == 0:
        _draw_level(ax, colour, group)
        return
    x = np.array([c.width for c in group]) * dodge
    best = [group.index(c) for c in _best_by_width(group)]
    y = np.array([c.accuracy for c in group])
    error = np.array([c.error for c in group])
    ax.errorbar(x, y, error, fmt=marker, color=colour, elinewidth=1, capsize=2)
    ax.plot(x[best], y[best], color=colour)
    _ring(ax, x, y, group)


def _draw_level(ax: Axes, colour: str, group: list[DepthPoint]) -> None:
    best = max(group, key=lambda c: c.accuracy)
    ax.axhspan(
        best.accuracy - best.error, best.accuracy + best.error, color=colour, alpha=0.12, lw=0
    )
    ax.axhline(best.accuracy, color=colour, linestyle=(0, (5, 3)), linewidth=1.4)
    if any(c.chosen for c in group):
        middle = float(np.sqrt(np.prod(ax.get_xlim())))
        _ring(ax, np.full(len(group), middle), np.array([c.accuracy for c in group]), group)


def _ring(ax: Axes, x: FloatVector, y: FloatVector, group: list[DepthPoint]) -> None:
    for x_i, y_i, candidate in zip(x, y, group, strict=True):
        if candidate.chosen:
            ax.plot(x_i, y_i, "o", markersize=13, fillstyle="none", color=INK, markeredgewidth=1.3)


def _best_by_width(group: list[DepthPoint]) -> list[DepthPoint]:
    """Return the best candidate of each width, narrowest first."""
    best: dict[int, DepthPoint] = {}
    for candidate in sorted(group, key=lambda c: (c.width, c.accuracy)):
        best[candidate.width] = candidate
    return list(best.values())


def _depth_label(depth: int) -> str:
    if depth == 0:
        return "no hidden layer"
    return f"{depth} hidden layer" + ("s" if depth > 1 else "")


def _note(candidates: Sequence[DepthPoint], n_rows: int | None, n_folds: int | None) -> str:
    said = [f"{n} {word}" for n, word in ((n_rows, "rows"), (n_folds, "folds")) if n is not None]
    counts = f"n = {', '.join(said)}. " if said else ""
    shapes = (c.configuration.shape for c in candidates if c.chosen)
    chosen = next((f" Ring: the chosen network, {shape}." for shape in shapes), "")
    return f"{counts}Bars: ± 1 standard error.{chosen}"
