"""Whether the first row of a text file names the columns or is data."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence

from layerlab.data.cells import is_not_finite, is_number
from layerlab.data.columns import LABEL_NAMES, find_column
from layerlab.errors import DataError, DataWarning

__all__ = ["check_header", "has_header", "has_header_without_labels"]

_COUNTED = 4  # so many features counting up from 0 or 1 are no coincidence


def has_header(
    records: Iterable[Sequence[str]],
    label: str | int | None,
    group: str | int | None,
    comma: bool,
    where: str,
) -> bool:
    """Return whether the first row names the columns.

    It does if no feature's cell there is a number, or if it holds a name the
    user gave or a label's usual name and that cell does not come again below.

    Parameters
    ----------
    records : iterable of sequences of str
        The rows of the file; gone through only as far as needed.
    label, group : str, int or None
        Columns as the user names them.
    comma : bool
        Whether a decimal comma is possible.
    where : str
        What messages begin with.

    Returns
    -------
    header : bool

    Raises
    ------
    DataError
        If some features' cells are numbers and others not, so that it may be
        either, or a column that the user names is not there.
    """
    rows = iter(records)
    first = next(rows)
    named = _named_columns(first, label, group)
    features = _features(first, label, group, named, where)
    return _names_columns(first, rows, features, named, comma, where)


def has_header_without_labels(records: Iterable[Sequence[str]], comma: bool, where: str) -> bool:
    """Return whether the first row names the columns, where all of them are features.

    Parameters
    ----------
    records : iterable of sequences of str
        The rows of the file; gone through only as far as needed.
    comma : bool
        Whether a decimal comma is possible.
    where : str
        What messages begin with.

    Returns
    -------
    header : bool

    Raises
    ------
    DataError
        If some cells are numbers and others not, so that it may be either.
    """
    rows = iter(records)
    first = next(rows)
    named = _named_columns(first)  # a coordinate may be called y
    features = [j for j in range(len(first)) if j not in named]
    return _names_columns(first, rows, features, named, comma, where)


def _names_columns(
    first: Sequence[str],
    rows: Iterator[Sequence[str]],
    features: list[int],
    named: list[int],
    comma: bool,
    where: str,
) -> bool:
    """Return whether the first row names the columns; ``rows`` are those below it."""
    numbers = [is_number(first[j], comma=comma) for j in features]
    if numbers and not any(numbers):
        _refuse_not_finite(first, features, where)
        return True
    if named and _first_of_its_kind(first, named, rows):
        return True
    if not all(numbers):
        raise _ambiguous(first, features[numbers.index(False)], where)
    return not named and _counts_up([first[j] for j in features]) and _say_counted(where)


def _named_columns(first: Sequence[str], *wanted: str | int | None) -> list[int]:
    """Return the columns whose cell is a name the user gave or a label's usual name."""
    # A cell "7" is no name where label="7" may be a position.
    names = {name for name in wanted if isinstance(name, str) and not is_number(name)}
    return [j for j, cell in enumerate(first) if cell in names or cell.lower() in LABEL_NAMES]


def _features(
    first: Sequence[str],
    label: str | int | None,
    group: str | int | None,
    named: list[int],
    where: str,
) -> list[int]:
    """Return the columns that hold features, whether there is a header or not."""
    taken = set(named)
    for wanted, option in ((label, "label"), (group, "groups")):
        if wanted is not None:
            taken.add(find_column(_names(first, wanted), wanted, option, where))
    if label is None and not any(first[j].lower() in LABEL_NAMES for j in named):
        taken.add(len(first) - 1)
    return [j for j in range(len(first)) if j not in taken]


def _names(first: Sequence[str], wanted: str | int) -> Sequence[str]:
    """Return what a column may be called by: its cell, or its number where there is no header."""
    # A name the user gave can only be in a header; the message then lists what is there.
    return first if _is_name(wanted) else [f"column {j + 1}" for j in range(len(first))]


def _is_name(wanted: str | int) -> bool:
    return isinstance(wanted, str) and not wanted.removeprefix("-").isdecimal()


def _first_of_its_kind(
    first: Sequence[str], named: list[int], rows: Iterable[Sequence[str]]
) -> bool:
    """Whether the named cells stand nowhere below: a class called "y" would come again."""
    return not any(j < len(row) and row[j] == first[j] for row in rows for j in named)


def _counts_up(features: Sequence[str]) -> bool:
    """Whether the cells are 0, 1, 2, … or 1, 2, 3, …: column numbers written as a header."""
    counts = [[str(j + start) for j in range(len(features))] for start in (0, 1)]
    return len(features) >= _COUNTED and list(features) in counts


def _say_counted(where: str) -> bool:
    warnings.warn(
        f"{where}, row 1 counts the columns and is taken as the header. Name the columns to say "
        "so.",
        DataWarning,
        stacklevel=2,
    )
    return True


def _refuse_not_finite(first: Sequence[str], features: list[int], where: str) -> None:
    """Refuse a first row of NaN, which would be taken for names and dropped."""
    for j in features:
        if is_not_finite(first[j]):
            raise DataError(
                f"{where}, row 1, column {j + 1}: {first[j]!r} is no finite number and no name of "
                "a column. Replace the value, leave the row out, or name the column otherwise."
            )


def _ambiguous(first: Sequence[str], j: int, where: str) -> DataError:
    return DataError(
        f"{where}, row 1, column {j + 1}: {first[j]!r} is no number but other cells of the row "
        "are, so it may be a header or faulty data. Correct the cell, or name the label's column "
        "'label' in a header."
    )


def check_header(names: Sequence[str], where: str) -> None:
    """Refuse a header with a blank or repeated name.

    Parameters
    ----------
    names : sequence of str
    where : str
        What messages begin with.

    Raises
    ------
    DataError
        If two columns share a name or one has none.
    """
    seen: dict[str, int] = {}
    for j, name in enumerate(names):
        if not name:
            raise DataError(
                f"{where}, row 1: column {j + 1} has no name. Name it, or remove it if it only "
                "numbers the rows."
            )
        if name in seen:
            raise DataError(
                f"{where}, row 1: columns {seen[name] + 1} and {j + 1} are both named {name!r}. "
                "Give every column its own name."
            )
        seen[name] = j
