"""CSV text for a model that is already there: its table, and the columns the model takes."""

from __future__ import annotations

from layerlab.data.csv_table import Table, open_table
from layerlab.data.header import has_header, has_header_without_labels
from layerlab.data.model_columns import choose_named, choose_unnamed
from layerlab.data.text_file import find_separator, guess_separator, records
from layerlab.data.wanted import Wanted

__all__ = ["open_for_model"]


def open_for_model(
    text: str, wanted: Wanted, label: str | int | None, where: str
) -> tuple[Table, tuple[int, ...]]:
    """Return the table of CSV text and which of its columns a model takes.

    Parameters
    ----------
    text : str
        Labels may be missing.
    wanted : Wanted
    label : str, int or None
        The column of the labels: a name, or a position from 0.
    where : str
        The file's path, with which messages begin.

    Returns
    -------
    table : Table
    columns : tuple of n_features int
        From 0, in the model's order.

    Raises
    ------
    DataError
        If the text is no table, or does not have the columns that the model takes.
    """
    separator = _separator(text, wanted, where)
    table = open_table(text, separator, _has_header(text, separator, wanted, label, where), where)
    choose = choose_named if table.has_header else choose_unnamed
    return table, choose(table.names, wanted, label, where)


def _separator(text: str, wanted: Wanted, where: str) -> str:
    # One feature and no labels: there is no separator, and any will do if there are rows.
    if wanted.n_features == 1 and guess_separator(text) is None and any(records(text, ",", where)):
        return ","
    return find_separator(text, where)


def _has_header(
    text: str, separator: str, wanted: Wanted, label: str | int | None, where: str
) -> bool:
    rows = (cells for _, cells in records(text, separator, where))
    _, first = next(records(text, separator, where))
    if wanted.names and set(wanted.names) <= set(first):
        return True
    if label is None and len(first) == wanted.n_features:
        return has_header_without_labels(rows, separator != ",", where)
    return has_header(rows, label, None, separator != ",", where)
