"""Cells of a text file: which are numbers, and how they are read."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np

from layerlab.errors import DataError

__all__ = ["Reader", "is_not_finite", "is_number", "is_usable", "number_reader"]

Reader: TypeAlias = Callable[[str], float]
"""Turns a cell into a float, or raises ValueError."""

_LARGEST = float(np.finfo(np.float32).max)  # the command line computes in float32

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")
_COMMA_NUMBER = re.compile(r"[+-]?([0-9]+,[0-9]*|,[0-9]+)([eE][+-]?[0-9]+)?")
_NOT_FINITE = ("nan", "inf", "infinity")
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")


def is_number(cell: str, *, comma: bool = False) -> bool:
    """Return whether a cell is a finite decimal number.

    Parameters
    ----------
    cell : str
    comma : bool, default=False
        Whether the decimal sign may be a comma.

    Returns
    -------
    number : bool
    """
    return bool(_NUMBER.fullmatch(cell) or (comma and _COMMA_NUMBER.fullmatch(cell)))


def is_not_finite(cell: str) -> bool:
    """Return whether a cell is a word for NaN or infinity.

    Parameters
    ----------
    cell : str

    Returns
    -------
    not_finite : bool
    """
    return cell.lower().lstrip("+-") in _NOT_FINITE


def is_usable(value: float) -> bool:
    """Return whether a value is finite and not too large for float32.

    Parameters
    ----------
    value : float

    Returns
    -------
    usable : bool
    """
    return -_LARGEST <= value <= _LARGEST  # false for NaN


def number_reader(text: str, separator: str, cells: Iterable[str], where: str) -> Reader:
    """Return the function that turns a cell of this file into a float.

    Parameters
    ----------
    text : str
        The whole file.
    separator : str
        What stands between cells.
    cells : iterable of str
        Every cell that should hold a number; gone through only where a decimal
        comma is possible.
    where : str
        What messages begin with.

    Returns
    -------
    reader : callable
        Raises ValueError for a cell that is no number.

    Raises
    ------
    DataError
        If commas may be decimal signs as well as thousands separators.
    """
    if separator != "," and "," in text and _has_decimal_comma(cells, where):
        return _read_comma
    # float() also takes "1_000" and digits of other scripts; only then is the slow check needed.
    return float if text.isascii() and "_" not in text else _read_strictly


def _has_decimal_comma(cells: Iterable[str], where: str) -> bool:
    with_comma = {cell for cell in cells if _COMMA_NUMBER.fullmatch(cell)}
    if with_comma and all(_THOUSANDS.fullmatch(cell) for cell in with_comma):
        raise DataError(
            f"{where}: {min(with_comma)!r} may mean a thousand or a decimal comma. "
            "Write numbers with a decimal point and without thousands separators."
        )
    return bool(with_comma)


def _read_comma(cell: str) -> float:
    # A point beside commas elsewhere would be a second decimal sign in one file.
    if "." in cell:
        raise ValueError(cell)
    return _read_strictly(cell.replace(",", ".", 1))


def _read_strictly(cell: str) -> float:
    if not _NUMBER.fullmatch(cell):
        raise ValueError(cell)
    return float(cell)
