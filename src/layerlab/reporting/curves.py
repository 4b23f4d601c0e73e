"""Lines: accuracy of k-NN against k, and how a network learned."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike, NDArray

from layerlab.errors import ParameterError
from layerlab.metrics import standard_error
from layerlab.reporting.shares import percent
from layerlab.reporting.style import (
    COLOURS,
    FIGURE_WIDTH,
    MARKERS,
    accuracy_axis,
    footnote,
    label_ends,
    styled,
)
from layerlab.reporting.text import shorten

__all__ = ["learning_curve", "neighbour_lines"]

FloatVector = NDArray[np.float64]
HEIGHT = 3.0  # inches
NAME_COLUMNS = 18


@styled()
def neighbour_lines(
    curves: Mapping[str, ArrayLike], ks: ArrayLike, *, n_rows: int | None = None
) -> Figure:
    """Draw the mean accuracy of k nearest neighbours against k, a line a kind of fold.

    Parameters
    ----------
    curves : mapping of str to array-like of shape (n_folds, n_ks)
        For each kind of fold, the accuracy on each held-out fold at each k, in 0–1.
    ks : array-like of shape (n_ks,)
        The numbers of neighbours, ascending.
    n_rows : int or None
        How many rows the folds share out; stated below the figure.

    Returns
    -------
    figure : matplotlib.figure.Figure
        The band is ± one standard error of the mean over folds (none for a single fold),
        the large mark the best k, the smallest of equals.

    Raises
    ------
    ParameterError
        If there is no curve, or one has not a column for each k.
    """
    k = np.asarray(ks, dtype=np.float64)
    folds = {name: _folds(name, values, k) for name, values in curves.items()}
    if not folds:
        raise ParameterError("The 'curves' parameter must hold at least one curve. It is empty.")
    figure = Figure(figsize=(FIGURE_WIDTH, HEIGHT), layout="constrained")
    ax = figure.add_subplot(xlabel="k, neighbours asked", ylabel="Accuracy, mean over folds")
    means = [values.mean(axis=0) for values in folds.values()]
    errors = [_errors(values) for values in folds.values()]
    for i, (mean, error) in enumerate(zip(means, errors, strict=True)):
        _band(ax, i, k, mean, error)
    accuracy_axis(
        ax, float(np.min(np.subtract(means, errors))), float(np.max(np.add(means, errors)))
    )
    _whole_ticks(ax, k)
    labels = [_best_label(name, mean, k) for name, mean in zip(folds, means, strict=True)]
    label_ends(ax, [mean[-1] for mean in means], labels, 0.8 * HEIGHT)
    footnote(figure, _folds_note(folds, n_rows))
    return figure


@styled()
def learning_curve(
    cost_train: ArrayLike,
    cost_validation: ArrayLike | None = None,
    accuracy_validation: ArrayLike | None = None,
    *,
    n_train: int | None = None,
    n_validation: int | None = None,
    first_iteration: int = 1,
    unit: str = "iteration",
) -> Figure:
    """Draw cost, and below it accuracy, against the minimiser's iterations.

    Parameters
    ----------
    cost_train : array-like of shape (n_iterations,)
        The cost on the training rows after each iteration.
    cost_validation, accuracy_validation : array-like of shape (n_iterations,) or None
        The same on validation rows, NaN where it was not measured; accuracy in 0–1. A
        cost that is finite nowhere is left out.
    n_train, n_validation : int or None
        Numbers of rows; stated below the figure.
    first_iteration : int
        What the first value belongs to; 0 if it is the cost of the starting weights.
    unit : str
        What the values belong to: iterations, or epochs.

    Returns
    -------
    figure : matplotlib.figure.Figure
        Without ``accuracy_validation`` it has one panel, of cost. Cost is drawn on a
        logarithmic axis where it is positive throughout.

    Raises
    ------
    ParameterError
        If the curves are not of one length, or are empty.
    """
    costs = {"training": _curve("cost_train", cost_train)}
    if cost_validation is not None and np.isfinite(cost_validation).any():
        costs["validation"] = _curve("cost_validation", cost_validation)
    accuracy = None
    if accuracy_validation is not None:
        accuracy = _curve("accuracy_validation", accuracy_validation)
    _check_one_length([*costs.values(), *([] if accuracy is None else [accuracy])])
    figure, axes = _panels(1 if accuracy is None else 2)
    _cost_panel(axes[0], costs, first_iteration)
    if accuracy is not None:
        _accuracy_panel(axes[1], accuracy, first_iteration)
    axes[-1].set_xlabel(unit)
    _whole_ticks(axes[-1], first_iteration + np.arange(float(len(costs["training"]))))
    footnote(figure, _rows_note(n_train, n_validation))
    return figure


def _errors(folds: FloatVector) -> FloatVector:
    """Return the standard errors over folds, (n_folds, n_ks) -> (n_ks,); zero for one fold."""
    if len(folds) < 2:
        return np.zeros(folds.shape[1])
    return np.array([standard_error(accuracies) for accuracies in folds.T])


def _folds(name: str, values: ArrayLike, k: FloatVector) -> FloatVector:
    folds = np.atleast_2d(np.asarray(values, dtype=np.float64))
    if folds.ndim != 2 or folds.shape[1] != len(k) or not folds.size:
        raise ParameterError(
            f"The curve {name!r} must have the shape (n_folds, {len(k)}), a column for each k. "
            f"Got {np.shape(values)} instead."
        )
    return folds


def _whole_ticks(ax: Axes, x: FloatVector) -> None:
    few = len(x) <= 8
    ax.xaxis.set_major_locator(
        FixedLocator(x.tolist()) if few else MaxNLocator(integer=True, steps=[1, 2, 5, 10])
    )
    ax.xaxis.set_major_formatter("{x:g}")


def _band(ax: Axes, i: int, x: FloatVector, mean: FloatVector, error: FloatVector) -> None:
    colour, marker = COLOURS[i % len(COLOURS)], MARKERS[i % len(MARKERS)]
    if error.any():
        ax.fill_between(x, mean - error, mean + error, color=colour, alpha=0.14, linewidth=0)
    best = int(np.argmax(mean))
    ax.plot(x, mean, color=colour, marker=marker, markersize=3)
    ax.plot(
        x[best], mean[best], marker, color=colour, markersize=8, markeredgecolor="white", zorder=3
    )


def _best_label(name: str, mean: FloatVector, k: FloatVector) -> str:
    best = int(np.argmax(mean))
    return f"{shorten(name, NAME_COLUMNS)}\n{percent(mean[best])} at k = {k[best]:g}"


def _folds_note(folds: Mapping[str, FloatVector], n_rows: int | None) -> str:
    counts = ", ".join(f"{len(v)} {shorten(name, NAME_COLUMNS)}" for name, v in folds.items())
    rows = "" if n_rows is None else f"n = {n_rows} rows. "
    several = any(len(values) > 1 for values in folds.values())
    band = "Band: ± 1 standard error of the mean. " if several else ""
    return f"{rows}Folds: {counts}. {band}Large mark: best k."


def _curve(name: str, values: ArrayLike) -> FloatVector:
    curve = np.asarray(values, dtype=np.float64)
    if curve.ndim != 1 or not np.isfinite(curve).any():
        raise ParameterError(
            f"The {name!r} parameter must hold a number for each iteration, and at least one. "
            f"Got an array of shape {curve.shape} with {np.isfinite(curve).sum()} finite values."
        )
    return curve


def _check_one_length(curves: list[FloatVector]) -> None:
    lengths = {len(curve) for curve in curves}
    if len(lengths) > 1:
        raise ParameterError(
            f"The curves must be of one length. Got lengths {sorted(lengths)}; "
            "put NaN where nothing was measured."
        )


def _panels(n: int) -> tuple[Figure, list[Axes]]:
    figure = Figure(figsize=(FIGURE_WIDTH, HEIGHT if n == 1 else 4.0), layout="constrained")
    axes = figure.subplots(n, 1, sharex=True, squeeze=False, height_ratios=[3, 2][:n])
    return figure, list(axes[:, 0])


def _cost_panel(ax: Axes, costs: Mapping[str, FloatVector], first: int) -> None:
    ends = [_line(ax, i, curve, first) for i, curve in enumerate(costs.values())]
    ax.set_ylabel("Cost")
    if all(np.nanmin(curve) > 0 for curve in costs.values()):
        _log_axis(ax)
    labels = [f"{name}\n{end:.3g}" for name, end in zip(costs, ends, strict=True)]
    label_ends(ax, ends, labels, 2.0)


def _log_axis(ax: Axes) -> None:
    ax.set_yscale("log")
    low, high = ax.get_ylim()
    # Ticks at 1, 2, 5 while few decades are shown, then at powers of ten alone.
    subs = (1.0, 2.0, 5.0) if high / low < 300 else (1.0,)
    ax.yaxis.set_major_locator(LogLocator(subs=subs, numticks=9))
    ax.yaxis.set_minor_locator(NullLocator())
    ax.yaxis.set_major_formatter("{x:g}")


def _accuracy_panel(ax: Axes, accuracy: FloatVector, first: int) -> None:
    end = _line(ax, 1, accuracy, first)
    ax.set_ylabel("Accuracy")
    accuracy_axis(ax, float(np.nanmin(accuracy)), float(np.nanmax(accuracy)))
    label_ends(ax, [end], [f"validation\n{percent(end)}"], 1.2, first_colour=1)


def _line(ax: Axes, i: int, curve: FloatVector, first: int) -> float:
    """Draw the measured points of a curve and return the last of them."""
    measured = np.flatnonzero(np.isfinite(curve))
    few = len(measured) < 40
    ax.plot(
        measured + first,
        curve[measured],
        color=COLOURS[i],
        marker=MARKERS[i] if few else None,
        markersize=3,
    )
    return float(curve[measured[-1]])


def _rows_note(n_train: int | None, n_validation: int | None) -> str:
    counts = {"training": n_train, "validation": n_validation}
    said = [f"{n} {name} rows" for name, n in counts.items() if n is not None]
    rows = f"n = {' and '.join(said)}. " if said else ""
    return f"{rows}Cost in nats a row. Beside each line: its last value."
