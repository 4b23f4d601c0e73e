"""A CSV file whose columns are known: its rows, and its columns as numbers or text."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np

from layerlab._typing import Array
from layerlab.data.cells import Reader, is_not_finite, is_usable, number_reader
from layerlab.data.columns import shown
from layerlab.data.header import check_header
from layerlab.data.rows import seal, warn_if_rounded
from layerlab.data.text_file import records
from layerlab.errors import DataError

__all__ = ["Table", "open_table", "read_columns"]


@dataclass(frozen=True)
class Table:
    """A text file whose columns are known; its rows are read as they are asked for."""

    text: str
    separator: str
    names: tuple[str, ...]
    has_header: bool
    where: str

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each data row with its number, all of one length."""
        numbered = records(self.text, self.separator, self.where)
        for number, cells in islice(numbered, int(self.has_header), None):
            if len(cells) != len(self.names):
                raise DataError(
                    f"{self.where}, row {number}: {len(cells)} cells, where row 1 has "
                    f"{len(self.names)}. Give every row as many."
                )
            yield number, cells


def open_table(text: str, separator: str, has_header: bool, where: str) -> Table:
    """Return the table of a text file whose separator and header are known.

    Parameters
    ----------
    text : str
    separator : str
    has_header : bool
        Whether the first row names the columns.
    where : str
        The file's path, with which messages begin.

    Returns
    -------
    table : Table
        Columns without names are called ``column 1``, ``column 2``, …

    Raises
    ------
    DataError
        If a name in the header is blank or comes twice.
    """
    _, first = next(records(text, separator, where))
    if has_header:
        check_header(first, where)
    names = first if has_header else [f"column {j + 1}" for j in range(len(first))]
    return Table(text, separator, tuple(names), has_header, where)


def read_columns(
    table: Table, features: Sequence[int], words: Mapping[str, int] | None = None
) -> tuple[Array, dict[str, list[str]]]:
    """Return some columns as numbers and others as text.

    Parameters
    ----------
    table : Table
    features : sequence of d int
        Columns of numbers from 0, in the order wanted.
    words : mapping of str to int, optional
        Columns of text, by what one of their cells is called in messages.

    Returns
    -------
    rows : ndarray of shape (m, d)
        Float64, read-only.
    cells : dict of str to list of m str
        With the keys of ``words``.

    Raises
    ------
    DataError
        If there is no row, a feature is no usable number or a word is blank.
    """
    wanted = (cells[j] for _, cells in table.rows() for j in features)
    number = number_reader(table.text, table.separator, wanted, table.where)
    values, texts = array("d"), {what: list[str]() for what in words or {}}
    for row, cells in table.rows():
        values.extend(_floats(table, features, row, cells, number))
        for what, j in (words or {}).items():
            texts[what].append(_word(table, row, cells, j, what))
    if not values:
        raise DataError(f"{table.where}: there is a header and no row. Add at least one.")
    return _matrix(values, len(features), table.where), texts


def _floats(
    table: Table, features: Sequence[int], row: int, cells: list[str], number: Reader
) -> list[float]:
    try:
        values = [number(cells[j]) for j in features]
    except ValueError:
        raise _bad_cell(table, features, row, cells, number) from None
    if not all(is_usable(value) for value in values):
        raise _bad_cell(table, features, row, cells, number)
    return values


def _word(table: Table, row: int, cells: list[str], j: int, what: str) -> str:
    if not cells[j]:
        raise DataError(
            f"{_place(table, row, j)}: the {what} is blank. Give the row a {what} or leave it out."
        )
    return cells[j]


def _matrix(values: array[float], d: int, where: str) -> Array:
    rows = seal(np.frombuffer(values, dtype=np.float64).reshape(-1, d))
    warn_if_rounded(float(rows.min()), float(rows.max()), where)
    return rows


def _bad_cell(
    table: Table, features: Sequence[int], row: int, cells: list[str], number: Reader
) -> DataError:
    if tuple(cells) == table.names:
        return DataError(f"{table.where}, row {row}: the header is repeated. Remove the row.")
    values = {j: _value(cells[j], number) for j in features}
    j = next(j for j, value in values.items() if value is None or not is_usable(value))
    return DataError(f"{_place(table, row, j)}: {_trouble(cells[j], values[j])}")


def _value(cell: str, number: Reader) -> float | None:
    try:
        return number(cell)
    except ValueError:
        return None


def _trouble(cell: str, value: float | None) -> str:
    remedy = "Missing values are not filled in: replace the cell or leave the row out."
    if not cell:
        return f"the cell is blank. {remedy}"
    if value is not None or is_not_finite(cell):
        return f"{shown(cell)} is no finite number that float32 holds. {remedy}"
    return (
        f"{shown(cell)} is no number. Features are numbers in plain digits, with one decimal sign "
        "throughout and no thousands separator."
    )


def _place(table: Table, row: int, j: int) -> str:
    name = f" ({shown(table.names[j])})" if table.has_header else ""
    return f"{table.where}, row {row}, column {j + 1}{name}"
