"""CSV text with labels: comma, semicolon or tab, with or without a header."""

from __future__ import annotations

import warnings

from layerlab.data.columns import assign_roles, option
from layerlab.data.csv_table import open_table, read_columns
from layerlab.data.header import has_header
from layerlab.data.names import names_from_text
from layerlab.data.source import RawData
from layerlab.data.text_file import find_separator, read_text, records
from layerlab.errors import DataWarning

__all__ = ["read_csv"]


def read_csv(
    content: bytes, where: str, *, label: str | int | None = None, groups: str | int | None = None
) -> RawData:
    """Return the rows and labels of CSV text.

    Parameters
    ----------
    content : bytes
        The file: UTF-8, cells separated by comma, semicolon or tab.
    where : str
        The file's path, with which messages begin.
    label, groups : str or int, optional
        Columns of the labels and groups: a name or a position from 0, see
        `assign_roles`. In a file without a header the last column holds the
        labels.

    Returns
    -------
    raw : RawData
        Rows are float64; labels stay text unless every one is written as an integer.

    Raises
    ------
    DataError
        In one line: file, row, column, what came and what to do.
    """
    text = read_text(content, where)
    separator = find_separator(text, where)
    rows = (cells for _, cells in records(text, separator, where))
    header = has_header(rows, label, groups, separator != ",", where)
    if not header and label is None:
        _say_headless(where)
    table = open_table(text, separator, header, where)
    roles = assign_roles(table.names, label, groups, where, default=None if header else -1)
    words = {"label": roles.label} | ({} if roles.group is None else {"group": roles.group})
    numbers, cells = read_columns(table, roles.features, words)
    return RawData(
        rows=numbers,
        y=names_from_text(cells["label"]),
        feature_names=tuple(table.names[j] for j in roles.features) if header else None,
        label_name=table.names[roles.label],
        groups=None if roles.group is None else names_from_text(cells["group"]),
    )


def _say_headless(where: str) -> None:
    warnings.warn(
        f"{where}: no header names the columns, so the last is taken for the labels. Add a header, "
        f"or say so with {option('label')} and -1.",
        DataWarning,
        stacklevel=2,
    )
