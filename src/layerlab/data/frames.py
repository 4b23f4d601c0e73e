"""Data frames of pandas, polars and others that narwhals reads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw
import numpy as np

from layerlab._typing import Array
from layerlab.data.columns import assign_roles, find_column
from layerlab.data.rows import seal, warn_if_rounded
from layerlab.data.source import RawData
from layerlab.errors import DataError

__all__ = ["as_frame", "frame_column", "frame_matrix", "read_frame"]


_WIDE = (nw.Int128, nw.UInt128)  # NumPy has no such integers


def as_frame(source: Any) -> nw.DataFrame[Any] | None:
    """Return the source as a narwhals frame, or None if it is no frame.

    Parameters
    ----------
    source : object

    Returns
    -------
    frame : narwhals.DataFrame or None

    Raises
    ------
    DataError
        If it is a lazy frame, or names two columns alike.
    """
    _refuse_repeated_names(source)
    frame = _narwhal(source)
    if isinstance(frame, nw.LazyFrame):
        raise DataError("data frame: it is lazy and holds no rows yet. Pass frame.collect().")
    return frame if isinstance(frame, nw.DataFrame) else None


def _narwhal(source: Any) -> Any:
    try:
        return nw.from_native(source, pass_through=True)
    except nw.exceptions.DuplicateError as error:  # a table of pyarrow
        raise DataError(
            "data frame: several columns have one name. Give every column its own name."
        ) from error


def _refuse_repeated_names(source: Any) -> None:
    # narwhals' own message is about itself.
    if not nw.dependencies.is_pandas_dataframe(source) or source.columns.is_unique:
        return
    repeated = source.columns[source.columns.duplicated()][0]
    raise DataError(
        f"data frame: several columns are named {str(repeated)!r}. Give every column its own name."
    )


def read_frame(
    frame: nw.DataFrame[Any],
    where: str,
    *,
    y: Any = None,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> RawData:
    """Return the rows and labels of a frame.

    Parameters
    ----------
    frame : narwhals.DataFrame
    where : str
        What messages begin with.
    y : array-like of shape (m,), optional
        The labels; all columns are then features.
    label, groups : str or int, optional
        Columns of the labels and groups, see `assign_roles`.

    Returns
    -------
    raw : RawData
        Rows have the type that holds all columns' types.

    Raises
    ------
    DataError
        If a column is missing, a feature is not numeric, or a value is missing.
    """
    names = [str(name) for name in frame.columns]
    if not len(frame):
        raise DataError(f"{where}: the frame has no rows. Give at least one.")
    if y is not None:
        return _with_labels(frame, names, y, groups, where)
    roles = assign_roles(names, label, groups, where)
    return RawData(
        rows=frame_matrix(frame, roles.features, where),
        y=frame_column(frame, roles.label),
        feature_names=tuple(names[j] for j in roles.features),
        label_name=names[roles.label],
        groups=None if roles.group is None else frame_column(frame, roles.group),
    )


def _with_labels(
    frame: nw.DataFrame[Any], names: list[str], y: Any, groups: str | int | None, where: str
) -> RawData:
    group = None if groups is None else find_column(names, groups, "groups", where)
    features = [j for j in range(len(names)) if j != group]
    if not features:
        raise DataError(f"{where}: no column is left for the features. Give at least one.")
    return RawData(
        rows=frame_matrix(frame, features, where),
        y=y,
        feature_names=tuple(names[j] for j in features),
        label_name=str(getattr(y, "name", None) or "label"),
        groups=None if group is None else frame_column(frame, group),
    )


def frame_column(frame: nw.DataFrame[Any], j: int) -> nw.Series[Any]:
    """Return one column.

    Parameters
    ----------
    frame : narwhals.DataFrame
    j : int
        From 0.

    Returns
    -------
    column : narwhals.Series
    """
    return frame[:, j]


def frame_matrix(frame: nw.DataFrame[Any], features: Sequence[int], where: str) -> Array:
    """Return some columns as a matrix, in the type that holds all of them.

    Parameters
    ----------
    frame : narwhals.DataFrame
    features : sequence of d int
        The columns from 0, in the order wanted.
    where : str
        What messages begin with.

    Returns
    -------
    rows : ndarray of shape (m, d)

    Raises
    ------
    DataError
        If a column is not numeric, or a value is missing.
    """
    columns = [_numbers(frame_column(frame, j), str(frame.columns[j]), where) for j in features]
    dtype = np.result_type(*{column.dtype for column in columns})
    if dtype.kind == "f":
        _warn_of_integers(columns, where)
    rows = np.empty((len(frame), len(columns)), dtype=dtype)
    for j, column in enumerate(columns):
        rows[:, j] = column
    return seal(rows)


def _warn_of_integers(columns: Sequence[Array], where: str) -> None:
    """Warn of large integers among floats: what is left of them shows no more."""
    integers = [column for column in columns if column.dtype.kind in "iu" and column.size]
    if integers:
        low, high = min(map(np.min, integers)), max(map(np.max, integers))
        warn_if_rounded(float(low), float(high), where)


def _numbers(column: nw.Series[Any], name: str, where: str) -> Array:
    dtype = column.dtype
    number = dtype.is_float() or (dtype.is_integer() and dtype not in _WIDE)
    if not (number or dtype == nw.Boolean):
        raise DataError(
            f"{where}: column {name!r} holds {dtype}, and features are numbers or booleans. "
            "Convert it, leave it out, or name it with label= if it holds the labels."
        )
    if column.null_count():
        row = int(np.flatnonzero(np.asarray(column.is_null().to_numpy(), dtype=bool))[0])
        raise DataError(
            f"{where}: row {row} (counted from 0), column {name!r} is missing. "
            "Missing values are not filled in: replace it or leave the row out."
        )
    return np.asarray(column.to_numpy())
