"""The first rows of a data set as text."""

from __future__ import annotations

from layerlab._typing import Array

__all__ = ["preview"]

_SHOWN = 8  # features; of more, the first and the last half as many


def preview(rows: Array, y: Array, feature_names: tuple[str, ...], label_name: str) -> str:
    """Return rows with their labels as a table of text, a line a row.

    Parameters
    ----------
    rows : ndarray of shape (n, d)
    y : ndarray of shape (n,)
        Class names.
    feature_names : tuple of d str
    label_name : str
        Heading of the labels' column.

    Returns
    -------
    table : str
    """
    d = len(feature_names)
    shown = range(d) if d <= _SHOWN else [*range(_SHOWN // 2), *range(d - _SHOWN // 2, d)]
    columns = [[feature_names[j], *(f"{value:g}" for value in rows[:, j].tolist())] for j in shown]
    if d > _SHOWN:
        columns.insert(_SHOWN // 2, ["…"] * (len(rows) + 1))
    index = ["", *(str(i) for i in range(len(rows)))]
    labels = [label_name, *(str(name) for name in y.tolist())]
    return _aligned([index, labels, *columns])


def _aligned(columns: list[list[str]]) -> str:
    padded = [[cell.rjust(max(map(len, column))) for cell in column] for column in columns]
    return "\n".join("  ".join(line) for line in zip(*padded, strict=True))
