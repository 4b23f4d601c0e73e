"""Labels and groups as they come: made into one array of str, int or bool, or refused."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Iterable, Mapping, Sequence, Set
from numbers import Integral, Real
from reprlib import repr as shorten
from typing import Any

import narwhals as nw
import numpy as np

from layerlab._typing import Array
from layerlab.errors import DataError, DataWarning

__all__ = ["check_names", "names_from_text"]

_CANONICAL_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_INT64 = range(-(2**63), 2**63)
_EXACT = 2**53  # up to it, a whole float is one integer and no other
_LONGEST = 255  # characters of a name; an array of text has room for the longest in every row
_WIDE = (nw.Int128, nw.UInt128)  # NumPy has no such integers
_MISSING = ("NAType", "NaTType")  # what pandas has for nothing


def check_names(values: Any, where: str, what: str = "label") -> Array:
    """Return labels or groups as an array of text, integers or booleans.

    Parameters
    ----------
    values : array-like of shape (m,)
        Array, sequence, or series of pandas or polars. Whole floats become
        integers; a column of shape (m, 1) is taken with a warning.
    where : str
        What messages begin with.
    what : str, default="label"
        What one value is called in messages.

    Returns
    -------
    names : ndarray of shape (m,)

    Raises
    ------
    DataError
        If a value is missing, not whole, of another type, or types are mixed.
    """
    array = _one_a_row(_as_array(values, where, what), where, what)
    kind = array.dtype.kind
    if kind in "biu":
        _refuse_beyond_64_bits(array, where, what)
        return array.astype(array.dtype.newbyteorder("="), copy=False)
    if kind == "f":
        return _whole(array, where, what)
    if kind == "U":
        _refuse_no_text(array, where, what)
    if kind in "OTU":
        return _from_objects(array.tolist(), where, what)
    raise DataError(
        f"{where}: each {what} must be text, an integer or a boolean. Got type {array.dtype}. "
        "Convert them first."
    )


def names_from_text(cells: Sequence[str]) -> Array:
    """Return labels read from a text file: integers if every one is written as one, else text.

    Parameters
    ----------
    cells : sequence of m str
        ``"7"`` and ``"-3"`` are written as integers; ``"007"``, ``"7.0"`` and ``"NA"`` are not.

    Returns
    -------
    names : ndarray of shape (m,)
        Of objects where one is too long for an array of text.
    """
    if all(_CANONICAL_INTEGER.fullmatch(cell) and int(cell) in _INT64 for cell in set(cells)):
        return np.array([int(cell) for cell in cells], dtype=np.int64)
    too_long = max(map(len, cells), default=0) > _LONGEST
    return np.array(cells, dtype=object if too_long else np.str_)


def _as_array(values: Any, where: str, what: str) -> Array:
    if isinstance(values, str | bytes | Set | Mapping) or not isinstance(values, Iterable):
        raise DataError(f"{where}: a {what} for each row is needed. Got {shorten(values)} instead.")
    if np.ma.isMaskedArray(values) and np.ma.is_masked(values):
        raise DataError(f"{where}: some {what}s are masked. Give every row a {what}.")
    if isinstance(values, np.ndarray):
        return np.asarray(values)
    series = nw.from_native(values, series_only=True, pass_through=True)
    if isinstance(series, nw.Series):
        return _from_series(series, where, what)
    if hasattr(values, "__array__"):
        return np.asarray(values)
    try:
        # By way of objects: NumPy would turn ["a", 1] into text without a word.
        return np.array(list(values), dtype=object)
    except ValueError as error:
        raise DataError(f"{where}: one {what} a row is needed, not lists of them.") from error


def _from_series(series: nw.Series[Any], where: str, what: str) -> Array:
    if series.null_count():
        missing = np.flatnonzero(np.asarray(series.is_null().to_numpy(), dtype=bool))
        raise _missing(int(missing[0]), where, what)
    dtype = series.dtype
    if dtype.is_float() or (dtype.is_integer() and dtype not in _WIDE):
        return np.asarray(series.to_numpy())
    return np.array([*series.to_list(), None], dtype=object)[:-1]  # None keeps it one-dimensional


def _one_a_row(array: Array, where: str, what: str) -> Array:
    if array.ndim == 2 and array.shape[1] == 1:
        warnings.warn(
            f"{where}: the {what}s came with the shape {array.shape} and are taken as one column. "
            "Pass y.ravel() to say so.",
            DataWarning,
            stacklevel=2,
        )
        return array.ravel()
    if array.ndim != 1:
        raise DataError(
            f"{where}: one {what} a row is needed, of shape (rows,). Got the shape {array.shape}. "
            "From one column a class, argmax(axis=1) makes them."
        )
    return array


def _whole(values: Array, where: str, what: str) -> Array:
    missing = np.flatnonzero(np.isnan(values))
    if len(missing):
        raise _missing(int(missing[0]), where, what)
    values = values.astype(np.result_type(values, np.float64))  # float16 has no room for 2^53
    # Comparisons are false for infinity as well.
    bad = np.flatnonzero(~((np.abs(values) <= _EXACT) & (np.trunc(values) == values)))
    if len(bad):
        raise DataError(
            f"{where}: the {what} of row {bad[0]} (counted from 0) is {float(values[bad[0]])}, "
            "which is no whole number. Classes are named by text or integers; a measurement "
            "must be cut into classes first."
        )
    return values.astype(np.int64)


def _from_objects(values: list[Any], where: str, what: str) -> Array:
    first: dict[str, int] = {}  # kind -> first row that has it
    for row, value in enumerate(values):
        first.setdefault(_kind(value, row, where, what), row)
    kinds = set(first)
    if kinds <= {"int", "float"}:
        return _from_numbers(values, kinds, where, what)
    if len(kinds) > 1:
        seen = " and ".join(f"{kind} (row {row})" for kind, row in first.items())
        raise DataError(
            f"{where}: the {what}s mix types: {seen}, counted from 0. "
            "Make them all text or all integers."
        )
    return np.array(values, dtype=np.bool_ if kinds == {"bool"} else np.str_)


def _from_numbers(values: list[Any], kinds: set[str], where: str, what: str) -> Array:
    if "float" in kinds:
        return _whole(np.array(values, dtype=np.float64), where, what)
    for row, value in enumerate(values):
        if int(value) not in _INT64:  # a range is gone through one by one for NumPy's integers
            raise _beyond_64_bits(value, row, where, what)
    return np.array(values, dtype=np.int64)


def _refuse_beyond_64_bits(array: Array, where: str, what: str) -> None:
    if array.dtype.kind == "u" and array.max(initial=0) > _INT64[-1]:
        row = int(np.argmax(array > _INT64[-1]))
        raise _beyond_64_bits(array[row], row, where, what)


def _beyond_64_bits(value: Any, row: int, where: str, what: str) -> DataError:
    return DataError(
        f"{where}: the {what} of row {row} (counted from 0), {value}, does not fit signed 64-bit "
        "integers (-2^63 to 2^63 - 1). Give such names as text."
    )


def _kind(value: Any, row: int, where: str, what: str) -> str:
    if isinstance(value, str):
        return _text_kind(value, row, where, what)
    if value is None or type(value).__name__ in _MISSING:
        raise _missing(row, where, what)
    if isinstance(value, float) and np.isnan(value):
        raise _missing(row, where, what)
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, Integral):
        return "int"
    if isinstance(value, Real):
        return "float"
    raise DataError(
        f"{where}: the {what} of row {row} (counted from 0) is of type {type(value).__name__}. "
        "Text, integers and booleans are read."
    )


def _text_kind(value: str, row: int, where: str, what: str) -> str:
    if not value:
        raise _missing(row, where, what)
    if len(value) > _LONGEST:
        raise DataError(
            f"{where}: the {what} of row {row} (counted from 0) has {len(value)} characters "
            f"({shorten(value)}), and {_LONGEST} are the most. Give the {what}s short names."
        )
    if not value.isascii() and not _is_unicode(value):
        raise DataError(
            f"{where}: the {what} of row {row} (counted from 0), {value!r}, holds half a character "
            "(a surrogate). Correct it."
        )
    # NumPy drops trailing NUL characters, which would make two names one.
    if "\0" in value:
        raise DataError(
            f"{where}: the {what} of row {row} (counted from 0), {value!r}, holds a NUL "
            "character. Remove it."
        )
    return "text"


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _refuse_no_text(array: Array, where: str, what: str) -> None:
    """Refuse numbers beyond Unicode's, which a damaged file holds and Python has no text for."""
    units = np.ascontiguousarray(array.astype(array.dtype.newbyteorder("="))).view(np.uint32)
    if (units > sys.maxunicode).any():
        row = int(np.argmax(units > sys.maxunicode)) // (array.dtype.itemsize // 4)
        raise DataError(
            f"{where}: the {what} of row {row} (counted from 0) is no text. Write the file again."
        )


def _missing(row: int, where: str, what: str) -> DataError:
    return DataError(
        f"{where}: the {what} of row {row} (counted from 0) is missing. "
        f"Give every row a {what} or leave the row out."
    )
