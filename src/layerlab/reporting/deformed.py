"""What a deformation does to some rows, to be looked at."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from layerlab._typing import ImageShape
from layerlab._validation import check_integer
from layerlab.data.deformation import enlarge
from layerlab.reporting.pictures import picture_grid

__all__ = ["deformed_pictures"]


def deformed_pictures(
    X: ArrayLike,
    deformation: Any,
    image_shape: ImageShape,
    *,
    copies: int = 7,
    seed: int = 0,
    value_range: tuple[float, float] | None = None,
    background: float | None = None,
) -> Figure:
    """Draw each row as a picture, and deformed copies of it to its right.

    Parameters
    ----------
    X : array-like of shape (n, d)
        A dozen rows fill a page.
    deformation : str or Deformation
        A name of `layerlab.data.DEFORMATIONS`, or one's own.
    image_shape : (int, int) or (int, int, int)
    copies : int
        How many stand to the right of each, from 1 upwards: what the first epochs would see.
    seed : int
    value_range : (float, float), optional
        By default the smallest and largest of ``X``.
    background : float, optional
        By default the range's lower end.

    Returns
    -------
    figure : matplotlib.figure.Figure

    Raises
    ------
    DataError
        If rows and shape do not agree.
    ParameterError
        If there is no such deformation, or ``copies`` is no positive integer.
    """
    rows = np.asarray(X)
    check_integer("copies", copies, 1)
    limits = value_range or (float(rows.min()), float(rows.max()))
    pictures, _ = enlarge(
        rows, np.zeros(len(rows)), deformation, copies, image_shape, seed,
        value_range=limits, background=background,
    )  # fmt: skip
    beside = pictures.reshape(1 + copies, len(rows), -1).swapaxes(0, 1)
    shown = beside.reshape(-1, rows.shape[1])
    return picture_grid(shown, image_shape, columns=1 + copies, value_range=limits)
