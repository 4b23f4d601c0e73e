"""What every reader hands over: the parts of a data set, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import Array

__all__ = ["RawData"]


@dataclass(frozen=True)
class RawData:
    """Rows and labels as a reader found them.

    Attributes
    ----------
    rows : ndarray of shape (m, d) or (m, h, w)
    y : array-like of shape (m,)
    feature_names : tuple of d str, or None
        None where the source names none.
    label_name : str
        What the labels are called in the source.
    groups : array-like of shape (m,), or None
    """

    rows: Array
    y: Any
    feature_names: tuple[str, ...] | None = None
    label_name: str = "label"
    groups: Any = None
