"""What every reader hands over: the parts of a data set, not yet checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import Array, ImageShape

__all__ = ["RawData"]


@dataclass(frozen=True)
class RawData:
    """Rows and labels as a reader found them.

    Attributes
    ----------
    rows : ndarray of shape (m, d), (m, h, w) or (m, h, w, c)
    y : array-like of shape (m,), or None
        None where the source has no labels.
    feature_names : tuple of d str, or None
        None where the source names none.
    label_name : str
        What the labels are called in the source.
    groups : array-like of shape (m,), or None
    image_shape : (int, int), (int, int, int) or None
        Where the source says that rows laid out already are images.
    value_range : (float, float) or None
        As the type of the source states it: (0, 255) for images of 8 bits.
    notes : tuple of str
        What is to be stated about how it was read: polarity, background, what was left out.
    test : RawData or None
        A test part that lies in the same place.
    ignored : tuple of str
        What the source holds beside and was left unread, where only rows were wanted.
    """

    rows: Array
    y: Any
    feature_names: tuple[str, ...] | None = None
    label_name: str = "label"
    groups: Any = None
    image_shape: ImageShape | None = None
    value_range: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()
    test: RawData | None = None
    ignored: tuple[str, ...] = ()
