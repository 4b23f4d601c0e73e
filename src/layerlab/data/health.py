"""A first look at the data: one line that says what it is, and whether it can be learnt from."""

from __future__ import annotations

from layerlab._typing import IndexArray
from layerlab.data.columns import option
from layerlab.data.dataset import Dataset
from layerlab.data.shapes import shape_text
from layerlab.errors import DataError, ParameterError

__all__ = ["health_line", "require_classes", "require_groups"]


def health_line(data: Dataset) -> str:
    """Return rows, features, values, classes with their balance, and groups in one line.

    Parameters
    ----------
    data : Dataset

    Returns
    -------
    line : str
    """
    low, high = data.value_range
    parts = [
        _count(data.n_rows, "row"),
        _count(data.n_features, "feature") + _images(data),
        f"values {low:g} to {high:g}",
        f"{_count(data.n_classes, 'class')} in {data.label_name!r}, {_balance(data)}",
    ]
    if data.groups is not None:
        parts.append(_count(len(set(data.groups.tolist())), "group"))
    return f"{data.name}: {'; '.join(parts)}"


def _count(n: int, noun: str) -> str:
    plural = noun + ("es" if noun.endswith("s") else "s")
    return f"{n} {noun if n == 1 else plural}"


def _images(data: Dataset) -> str:
    if data.image_shape is None:
        return ""
    return f" (images of {shape_text(data.image_shape)})"


def _balance(data: Dataset) -> str:
    few, many = int(data.class_counts.min()), int(data.class_counts.max())
    return f"{_count(few, 'row')} each" if few == many else f"{few} to {many} rows each"


def require_classes(data: Dataset) -> None:
    """Refuse data from which no classifier can be learnt, as it has rows of one class only.

    Parameters
    ----------
    data : Dataset

    Raises
    ------
    DataError
        If fewer than two classes have rows.
    """
    present = data.classes[data.class_counts > 0].tolist()
    if len(present) < 2:
        raise DataError(
            f"{data.source}: all {data.n_rows} rows are of the one class {present[0]!r}. "
            "Classification needs at least two; is the right column taken as the label "
            f"(now {data.label_name!r})?"
        )


def require_groups(data: Dataset) -> IndexArray:
    """Return the groups of data whose split is to keep them together.

    Parameters
    ----------
    data : Dataset

    Returns
    -------
    groups : ndarray of shape (m,)

    Raises
    ------
    ParameterError
        If it has no groups.
    """
    if data.groups is None:
        raise ParameterError(
            f"{data.source}: a group split needs the group of each row, and the data names none. "
            f"Say which column holds it with {option('groups')}."
        )
    return data.groups
