"""What may be a matrix of rows: real, finite numbers, one row a sample, sealed against writing."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from scipy import sparse

from layerlab._typing import Array
from layerlab.data.mapped import gathered, is_mapped
from layerlab.errors import DataError, DataWarning

__all__ = [
    "check_rows",
    "seal",
    "sealed",
    "value_range",
    "warn_if_rounded",
]

_LARGEST = float(np.finfo(np.float32).max)  # the command line computes in float32
_EXACT = 2**53  # beyond it, float64 skips integers
_CHANNELS = 4  # colour with alpha
_BLOCK = 4096  # rows looked at in one go when a bad value is searched for


def check_rows(rows: Any, where: str) -> Array:
    """Return ``rows`` as a plain array of numbers, in native byte order.

    Parameters
    ----------
    rows : array-like of shape (m, d), (m, h, w) or (m, h, w, c)
        NumPy array, SciPy sparse matrix, or nested sequence of numbers.
    where : str
        What messages begin with: the file, or what the rows came as.

    Returns
    -------
    rows : ndarray
        Not copied unless the form asks for it.

    Raises
    ------
    DataError
        If the rows are ragged, masked, of another number of dimensions, empty
        or of a type that is neither boolean, integer nor float of up to 8 bytes.
    """
    array = _plain_array(rows, where)
    _check_dimensions(array, where)
    if array.dtype.kind not in "biuf" or array.dtype.itemsize > 8:
        raise DataError(
            f"{where}: the features are of type {array.dtype}, and only booleans, integers and "
            "floats of up to 64 bits are read. Convert them to numbers first."
        )
    return _native(array, where)


def _native(array: Array, where: str) -> Array:
    dtype = array.dtype.newbyteorder("=")
    if array.dtype.isnative or not is_mapped(array):
        return array.astype(dtype, copy=False)
    return gathered(array.shape, dtype, lambda block: array[block], where)


def _plain_array(rows: Any, where: str) -> Array:
    if np.ma.isMaskedArray(rows) and np.ma.is_masked(rows):
        raise DataError(
            f"{where}: the array has masked entries, and missing values are not filled in. "
            "Fill them or leave those rows out."
        )
    dense: Any = rows
    try:
        if sparse.issparse(rows):
            dense = _dense(rows, where)
        return np.asarray(np.ma.getdata(dense) if np.ma.isMaskedArray(dense) else dense)
    except DataError:
        raise
    except (RuntimeError, TypeError, ValueError) as error:
        raise DataError(
            f"{where}: {type(rows).__name__} cannot be read as rows of numbers ({error}). "
            "Give a rectangular array, one row a sample."
        ) from error


def _dense(rows: Any, where: str) -> Array:
    try:
        dense: Array = rows.toarray()
    except (MemoryError, ValueError) as error:  # ValueError: larger than any array
        raise DataError(
            f"{where}: the sparse rows of shape {rows.shape} do not fit into memory as a dense "
            "array, which is what is worked with. Give fewer rows or features."
        ) from error
    return dense


def _check_dimensions(array: Array, where: str) -> None:
    if array.ndim not in (2, 3, 4):
        raise DataError(
            f"{where}: rows must have the shape (rows, features), (rows, height, width) or "
            f"(rows, height, width, channels). Got the shape {array.shape}."
        )
    if array.ndim == 4 and not 0 <= array.shape[3] <= _CHANNELS:
        raise DataError(
            f"{where}: the last side of colour images is 1 to {_CHANNELS} channels. Got the shape "
            f"{array.shape}. Where channels come first, numpy.moveaxis(rows, 1, -1) moves them."
        )
    if not array.shape[0]:
        raise DataError(f"{where}: there are no rows. Give at least one.")
    if not array.size:
        raise DataError(
            f"{where}: the rows have no features: shape {array.shape}. Give at least one a row."
        )


def value_range(rows: Array, names: tuple[str, ...], where: str) -> tuple[float, float]:
    """Return the smallest and the largest value, and refuse what is no finite number.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    names : tuple of d str
        Feature names, for the message.
    where : str
        What messages begin with.

    Returns
    -------
    low, high : float

    Raises
    ------
    DataError
        If a value is NaN, infinite or too large for float32; the message names the first.
    """
    # NaN and infinity show in the extremes, so good data costs no temporary of its size.
    low, high = float(rows.min()), float(rows.max())
    if low >= -_LARGEST and high <= _LARGEST:
        return low, high
    row, column = _first_bad(rows)
    value = float(rows[row, column])
    reason = "too large for float32" if np.isfinite(value) else "no finite number"
    raise DataError(
        f"{where}: row {row}, column {column} ({names[column]!r}), both counted from 0, is "
        f"{value}: {reason}. Replace the value or leave the row out."
    )


def _first_bad(rows: Array) -> tuple[int, int]:
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK].astype(np.float64)  # float16 makes the limit inf
        bad = np.argwhere(~(np.abs(block) <= _LARGEST))  # also true for NaN
        if len(bad):
            return start + int(bad[0, 0]), int(bad[0, 1])
    raise AssertionError("the extremes are bad, so some value is")


def warn_if_rounded(low: float, high: float, where: str) -> None:
    """Warn where integers are so large that float64 cannot tell neighbours apart.

    Parameters
    ----------
    low, high : float
        Smallest and largest value of the rows.
    where : str
        What the message begins with.
    """
    if max(-low, high) >= _EXACT:  # 2^53 may stand for 2^53 + 1
        warnings.warn(
            f"{where}: some values reach 2^53 (from {low:.17g} to {high:.17g}) and are "
            "rounded in calculations. Is an identifier among the features?",
            DataWarning,
            stacklevel=2,
        )


def sealed(array: Array) -> Array:
    """Return the array read-only, copied only where someone could still write to it.

    Parameters
    ----------
    array : ndarray

    Returns
    -------
    array : ndarray
        Not writeable; the argument itself is never changed.
    """
    if _is_read_only(array):
        return array
    return seal(np.array(array, order="C", copy=True, subok=False))


def seal(array: Array) -> Array:
    """Make an array of our own read-only, in place, and return it.

    Parameters
    ----------
    array : ndarray
        One that no one else holds: newly made, never an argument.

    Returns
    -------
    array : ndarray
    """
    array.flags.writeable = False
    return array


def _is_read_only(array: Array) -> bool:
    """Whether neither the array nor an array it looks into can be written to."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return True
