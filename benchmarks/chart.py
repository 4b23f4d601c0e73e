"""The chart of all cases: how many times as long as ours each peer takes, on a logarithmic axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from layerlab.reporting.style import COLOURS, MARKERS, MUTED, SMALL, footnote, styled

__all__ = ["CHARTED", "draw_speed"]

Line = dict[str, Any]

CHARTED = {
    "evaluate": "cost and gradient",
    "fit": "fit to a cost",
    "epochs": "epoch",
    "search": "search",
    "neighbours": "neighbours",
    "predict": "predict",
}
"""Cases in the chart, from top to bottom, with what their rows begin with."""

PEERS = ("PyTorch", "JAX", "scikit-learn", "SciPy", "ONNX Runtime")
WIDTH, ROW, REST = 7.2, 0.2, 1.3  # inches
NOTE = (
    "Time over that of layerlab in the same round, median; right of 1, layerlab is faster. "
    "Filled: at its best, on one core (the search: on two). Hollow: as it comes. No mark: not "
    "measured, or the cost was not met."
)


@styled()
def draw_speed(contents: Mapping[str, Mapping[str, Any]]) -> Figure:
    """Draw what was measured.

    Parameters
    ----------
    contents : mapping of str to mapping
        The stored file of each case; those not in the chart are left out.

    Returns
    -------
    figure : matplotlib.figure.Figure
    """
    rows = [
        (f"{title}: {problem}", lines)
        for name, title in CHARTED.items()
        if name in contents
        for problem, lines in _problems(contents[name]["summary"]).items()
    ]
    figure = Figure(figsize=(WIDTH, ROW * len(rows) + REST), layout="constrained")
    ax = figure.add_subplot(xscale="log", xlabel="times as long as layerlab")
    for y, (_, lines) in enumerate(rows):
        _marks(ax, y, lines)
    _axes(ax, [label for label, _ in rows])
    figure.legend(handles=_handles(), loc="outside upper right", ncols=len(PEERS), frameon=False)
    footnote(figure, NOTE)
    return figure


def _problems(lines: Sequence[Line]) -> dict[str, list[Line]]:
    """Return the lines of peers that have a ratio, by problem."""
    found: dict[str, list[Line]] = {line["problem"]: [] for line in lines}
    for line in lines:
        if line["by"] in PEERS and line["ratio"] is not None:
            found[line["problem"]].append(line)
    return found


def _marks(ax: Axes, y: int, lines: Sequence[Line]) -> None:
    for line in lines:
        peer, hollow = PEERS.index(line["by"]), line["threads"] is None
        if line["cores"] in (1, None):
            face = "none" if hollow else COLOURS[peer]
            ax.plot(line["ratio"], y, MARKERS[peer], color=COLOURS[peer], markerfacecolor=face)


def _axes(ax: Axes, labels: Sequence[str]) -> None:
    ax.axvline(1, color=MUTED, linewidth=1)
    ax.set_yticks(range(len(labels)), labels)
    ax.set_ylim(len(labels) - 0.5, -0.5)
    ax.xaxis.set_minor_locator(NullLocator())
    ax.xaxis.set_major_formatter("{x:g}")


def _handles() -> list[Any]:
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], linestyle="", color=colour, marker=marker, label=peer, markersize=SMALL / 2)
        for peer, colour, marker in zip(PEERS, COLOURS, MARKERS, strict=False)
    ]
