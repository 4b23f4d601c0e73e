"""A text file as it lies on disk: its encoding, its separator, its records."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from itertools import islice

from layerlab.data.cells import is_number
from layerlab.errors import DataError

__all__ = ["find_separator", "guess_separator", "read_text", "records"]

_SEPARATORS = ("\t", ";", ",")
_SAMPLE = 20  # records looked at to find the separator
_NO_FIT = (False, -1.0)  # below every fit
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_text(content: bytes, where: str) -> str:
    """Return the text of a file's bytes.

    Parameters
    ----------
    content : bytes
        UTF-8, with or without a byte order mark.
    where : str
        What messages begin with.

    Returns
    -------
    text : str

    Raises
    ------
    DataError
        If it is empty, another encoding, or no text at all.
    """
    if content.startswith(_UTF16):
        raise DataError(f"{where}: the text is UTF-16. Save it as UTF-8.")
    if b"\0" in content:
        row = content.count(b"\n", 0, content.index(b"\0")) + 1
        raise DataError(
            f"{where}, row {row}: there is a NUL byte, so this is no text. "
            "A data file is CSV text in UTF-8 or an NPZ file."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"{where}, row {row}: byte 0x{content[error.start]:02x} is not UTF-8. "
            "Save the file as UTF-8."
        ) from error
    if not text.strip():
        raise DataError(f"{where}: the file is empty. Give it at least one row.")
    return text


def find_separator(text: str, where: str) -> str:
    """Return the character between two cells: comma, semicolon or tab.

    The one that gives every one of the first rows the same number of cells, and
    among those the one that leaves the most numbers.

    Parameters
    ----------
    text : str
    where : str
        What messages begin with.

    Returns
    -------
    separator : str

    Raises
    ------
    DataError
        If none of them occurs.
    """
    separator = guess_separator(text)
    if separator is None:
        _refuse_bad_quotes(text, where)
        raise DataError(
            f"{where}: the rows have one cell only. Put a comma, a semicolon or a tab between "
            "two cells."
        )
    return separator


def guess_separator(text: str) -> str | None:
    """Return the character between two cells, as `find_separator` does, or None.

    Parameters
    ----------
    text : str

    Returns
    -------
    separator : str or None
        None where none occurs: the rows may have one cell each.
    """
    fits = {separator: _fit(text, separator) for separator in _SEPARATORS}
    best = max(fits, key=lambda separator: fits[separator])
    return None if fits[best] == _NO_FIT else best


def _refuse_bad_quotes(text: str, where: str) -> None:
    """Go through the rows, so that a quote that is not closed is what is complained about."""
    for _ in records(text, ",", where):
        pass


def _fit(text: str, separator: str) -> tuple[bool, float]:
    """Return whether all first rows have as many cells, and the share of numbers among these."""
    try:
        sample = [cells for _, cells in islice(records(text, separator, ""), _SAMPLE)]
    except DataError:  # quotes that make no sense with this separator
        return _NO_FIT
    counts = {len(cells) for cells in sample}
    if max(counts, default=0) < 2:
        return _NO_FIT
    cells = [cell for record in sample for cell in record]
    comma = separator != ","
    return len(counts) == 1, sum(is_number(cell, comma=comma) for cell in cells) / len(cells)


def records(text: str, separator: str, where: str) -> Iterator[tuple[int, list[str]]]:
    """Yield each row that is not blank, with its number.

    Parameters
    ----------
    text : str
    separator : str
    where : str
        What messages begin with.

    Yields
    ------
    number : int
        Counted from 1 with the header and blank rows, as spreadsheets do.
    cells : list of str
        Without blanks around them.

    Raises
    ------
    DataError
        If a quoted cell is not closed, or goes on behind its closing quote.
    """
    # newline="" leaves line ends inside quoted cells to the csv module.
    lines = io.StringIO(text, newline="")
    reader = csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)
    number = 0
    try:
        for number, record in enumerate(reader, start=1):
            cells = [cell.strip() for cell in record]
            if cells and cells != [""]:
                yield number, cells
    except csv.Error as error:
        raise DataError(
            f"{where}, row {number + 1}: {error}. Close every quoted cell and double the quotes "
            "inside it."
        ) from error
