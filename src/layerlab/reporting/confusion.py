"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from layerlab.errors import ParameterError
from layerlab.reporting.style import BLUE, FIGURE_WIDTH, INK, MUTED, ORANGE, footnote, styled
from layerlab.reporting.text import columns, shorten_all

__all__ = ["confusion_matrix"]

WRITTEN = 20  # with more classes than this the cells are too small for numbers
NAME_COLUMNS = 14
LARGEST = 9.0  # inches


@styled()
def confusion_matrix(counts: ArrayLike, class_names: Sequence[Any]) -> Figure:
    """Draw how often rows of each class were taken for each class.

    Parameters
    ----------
    counts : array-like of int, of shape (n_classes, n_classes)
        Rows: the true class; columns: the predicted one.
    class_names : sequence of length n_classes
        Of any type; long ones are cut in their middle.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Right answers in blue, mistakes in orange, the darker the larger the share of the
        true class (mistakes on a scale of their own). With up to 20 classes the counts are
        written into the cells, and beside each row the share that was right.

    Raises
    ------
    ParameterError
        If ``counts`` is not square with a row for each class name.
    """
    matrix = np.asarray(counts)
    k = len(class_names)
    if matrix.shape != (k, k) or k == 0:
        raise ParameterError(
            f"The 'counts' parameter must have the shape ({k}, {k}), a row and a column for "
            f"each class name. Got {matrix.shape} instead."
        )
    names = shorten_all(class_names, NAME_COLUMNS)
    cell = _cell(names)
    turned = _longest(names) + 0.08 > cell
    figure = Figure(figsize=_size(names, cell, turned), layout="constrained")
    ax = figure.add_subplot(xlabel="predicted class", ylabel="true class")
    shares = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    ax.imshow(_colours(shares), interpolation="none")
    _name_axes(ax, names, cell, turned)
    if k <= WRITTEN:
        _write_cells(ax, matrix, shares)
        _write_rights(ax, matrix)
    footnote(figure, _note(matrix))
    return figure


def _longest(names: list[str]) -> float:
    """Return the width of the longest name in inches."""
    size = 8.0 if len(names) <= WRITTEN else 6.5
    return 0.0088 * size * max(map(columns, names))


def _cell(names: list[str]) -> float:
    """Return the side of a cell in inches: as large as the page, and then the digits, allow."""
    k = len(names)
    margins = _longest(names) + (1.15 if k <= WRITTEN else 0.6)
    least = 0.28 if k <= WRITTEN else 0.15
    side = np.clip((FIGURE_WIDTH - margins) / k, least, 0.75)
    return float(min(side, (LARGEST - margins) / k))


def _size(names: list[str], cell: float, turned: bool) -> tuple[float, float]:
    """Return width and height of the figure in inches."""
    k, longest = len(names), _longest(names)
    width = k * cell + longest + (1.15 if k <= WRITTEN else 0.6)
    return max(width, 3.4), k * cell + (longest if turned else 0.15) + 1.0


def _colours(shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mix each cell's colour with white, (k, k) -> (k, k, 3)."""
    right = np.eye(len(shares), dtype=bool)
    worst = max(float(shares[~right].max(initial=0.0)), 1e-12)
    # The root lifts small shares, so that a single mistake among many rows is seen.
    strength = np.where(right, 0.95 * shares, 0.85 * np.sqrt(shares / worst))
    strength = strength[:, :, np.newaxis]  # (k, k, 1)
    colour = np.where(right[:, :, np.newaxis], to_rgb(BLUE), to_rgb(ORANGE))  # (k, k, 3)
    mixed: NDArray[np.float64] = 1 - strength * (1 - colour)
    return mixed


def _name_axes(ax: Axes, names: list[str], cell: float, turned: bool) -> None:
    step = max(1, int(np.ceil(0.13 / cell)))  # of very many classes not every one is named
    ticks = np.arange(0, len(names), step)
    size = 8.0 if len(names) <= WRITTEN else 6.5
    ax.set_xticks(ticks, names[::step], rotation=90 if turned else 0, fontsize=size)
    ax.set_yticks(ticks, names[::step], fontsize=size)
    ax.tick_params(length=0)
    ax.grid(False)
    ax.spines[:].set_visible(False)


def _write_cells(ax: Axes, matrix: NDArray[Any], shares: NDArray[np.float64]) -> None:
    for i, j in np.argwhere(matrix):
        light = i == j and shares[i, j] > 0.85
        ax.text(
            j, i, str(matrix[i, j]), ha="center", va="center", color="white" if light else INK,
            fontsize=8, fontweight="normal" if i == j else "bold",
        )  # fmt: skip


def _write_rights(ax: Axes, matrix: NDArray[Any]) -> None:
    k, edge = len(matrix), len(matrix) - 0.4
    ax.text(edge, -0.62, "right", fontsize=8, color=MUTED, va="bottom")
    for i in range(k):
        total = matrix[i].sum()
        share = f"{100 * matrix[i, i] / total:.0f}\N{NO-BREAK SPACE}%" if total else "no rows"
        ax.text(edge, i, share, fontsize=8, color=MUTED, va="center")


def _note(matrix: NDArray[Any]) -> str:
    n, right = matrix.sum(), np.trace(matrix)
    return (
        f"n = {n} rows: {right} right (blue), {n - right} mistakes (orange). "
        "The darker, the larger the share of the true class."
    )
