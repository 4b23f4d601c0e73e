"""The shape of an image: height, width and, in colour, channels; a row is the image laid out."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from layerlab._typing import Array, ImageShape
from layerlab.data.mapped import gathered, is_mapped
from layerlab.errors import DataError

__all__ = ["check_shape", "default_names", "flatten_images", "shape_size", "shape_text"]

_CHANNELS = range(1, 5)  # grey, grey with alpha, colour, colour with alpha


def check_shape(image_shape: Any) -> ImageShape | None:
    """Return the image shape as two or three ints, or None where none is given.

    Parameters
    ----------
    image_shape : (int, int), (int, int, int) or None
        Height and width, and channels of colour images.

    Returns
    -------
    image_shape : (int, int), (int, int, int) or None
        Of one channel, height and width only.

    Raises
    ------
    DataError
        If it is not two or three positive integers, or channels are not 1 to 4.
    """
    if image_shape is None:
        return None
    sides = tuple(image_shape) if isinstance(image_shape, tuple | list) else ()
    positive = all(
        isinstance(side, int | np.integer) and not isinstance(side, bool) and side > 0
        for side in sides
    )
    if len(sides) not in (2, 3) or not positive or (len(sides) == 3 and sides[2] not in _CHANNELS):
        raise DataError(
            "image_shape must be two positive integers, height and width, or three, the last "
            f"being 1 to 4 channels. Got {image_shape!r} instead."
        )
    return _shape(*map(int, sides))


def _shape(height: int, width: int, channels: int = 1) -> ImageShape:
    return (height, width) if channels == 1 else (height, width, channels)


def shape_size(shape: ImageShape) -> int:
    """Return how many values an image of this shape has.

    Parameters
    ----------
    shape : (int, int) or (int, int, int)

    Returns
    -------
    size : int
    """
    return prod(shape)


def shape_text(shape: ImageShape) -> str:
    """Return the shape as messages say it.

    Parameters
    ----------
    shape : (int, int) or (int, int, int)

    Returns
    -------
    text : str

    Examples
    --------
    >>> shape_text((8, 8, 3))
    '8×8×3'
    """
    return "×".join(map(str, shape))


def flatten_images(rows: Array, image_shape: Any, where: str) -> tuple[Array, ImageShape | None]:
    """Return rows of shape (m, d) and the image shape that the rows or the user name.

    Parameters
    ----------
    rows : ndarray of shape (m, d), (m, h, w) or (m, h, w, c)
    image_shape : (int, int), (int, int, int) or None
        Height, width and channels the user names.
    where : str
        What messages begin with.

    Returns
    -------
    rows : ndarray of shape (m, d)
        A view where the memory allows it; an image is laid out in C order.
    image_shape : (int, int), (int, int, int) or None

    Raises
    ------
    DataError
        If the two shapes disagree, or do not make d features.
    """
    named = check_shape(image_shape)
    own = None if rows.ndim == 2 else _shape(*rows.shape[1:])
    if named and own and named != own:
        raise DataError(
            f"{where}: the images are {shape_text(own)}, but image_shape says "
            f"{shape_text(named)}. Leave image_shape out."
        )
    shape = own or named
    flat = _laid_out(rows, where)  # (m, h * w * c)
    if shape and shape_size(shape) != flat.shape[1]:
        raise DataError(
            f"{where}: image_shape {shape_text(shape)} needs {shape_size(shape)} features a "
            f"row, and the rows have {flat.shape[1]}. Give the height and width that fit."
        )
    return flat, shape


def _laid_out(rows: Array, where: str) -> Array:
    if rows.ndim == 2 or rows.flags.c_contiguous or not is_mapped(rows):
        return rows.reshape(len(rows), -1)
    d = prod(rows.shape[1:])
    return gathered((len(rows), d), rows.dtype, lambda block: rows[block].reshape(-1, d), where)


def default_names(d: int, shape: ImageShape | None) -> tuple[str, ...]:
    """Return the names of features that the source does not name.

    Parameters
    ----------
    d : int
        Number of features.
    shape : (int, int), (int, int, int) or None
        Height, width and channels, where rows are images.

    Returns
    -------
    names : tuple of d str
        ``pixel_<row>_<column>`` for grey images, ``pixel_<row>_<column>_<channel>``
        for colour, else ``x0``, ``x1``, …
    """
    if shape is None:
        return tuple(f"x{j}" for j in range(d))
    return tuple(f"pixel_{'_'.join(map(str, at))}" for at in np.ndindex(shape))
