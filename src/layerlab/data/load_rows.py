"""`load_rows`: rows for a model that is already there, with or without labels."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from layerlab._typing import Array
from layerlab.data.arguments import check_label
from layerlab.data.csv_table import read_columns
from layerlab.data.data_file import BUILT_IN, is_npz, read_data_file
from layerlab.data.dataset import default_names
from layerlab.data.digits import read_digits
from layerlab.data.frames import as_frame, frame_matrix
from layerlab.data.model_columns import choose_named
from layerlab.data.model_csv import open_for_model
from layerlab.data.npz_reader import read_npz_rows
from layerlab.data.rows import check_rows, sealed, value_range, warn_if_rounded
from layerlab.data.text_file import read_text
from layerlab.data.wanted import Wanted, check_wanted, fitting_rows, refuse_other_shape
from layerlab.errors import ParameterError

__all__ = ["Rows", "load_rows"]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows that a model can take.

    Attributes
    ----------
    rows : ndarray of shape (m, d)
        Read-only; booleans, integers or floats, all finite, in the model's order of features.
    source : str
        Where the rows came from: a path, or what was given.
    ignored : tuple of str
        Columns or arrays of the source that were left out, such as the labels.
    """

    rows: Array
    source: str
    ignored: tuple[str, ...] = ()


def load_rows(
    source: Any,
    *,
    n_features: int,
    feature_names: Sequence[str] | None = None,
    image_shape: tuple[int, int] | None = None,
    label: str | int | None = None,
) -> Rows:
    """Return the rows of a source as a model takes them.

    Where the source names its columns and has all of ``feature_names``, they are
    taken by name, in the model's order, and others are left out. Where the model
    knows no names, or only made-up ones (``x0``, ``pixel_0_0``, …) that the
    source has none of, columns are taken in their order: there must be
    ``n_features`` of them beside a column of labels, which is left out.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d) or (m, h, w), or data frame
        As for `load_data`; labels may be missing and are not read.
    n_features : int
        Number of features the model takes, d.
    feature_names : sequence of d str, optional
        Their names, where the model knows them.
    image_shape : (int, int), optional
        Height and width, where the model takes images.
    label : str or int, optional
        The column of the labels, to be left out: a name, or a position from 0 (-1 is
        the last). By default, where columns are not taken by name, the one named
        label, class, target or y in any case (as long as a column called y is not
        needed to make ``n_features``); in a file without a header the last, if there
        is one column more than features. For NPZ the array's name.

    Returns
    -------
    rows : Rows

    Raises
    ------
    DataError
        If a name is missing, the number of columns or the size of the images is
        not the model's, or a value cannot be used; the message says where and what to do.
    ParameterError
        If an argument is of a wrong type, or they do not go together.

    Examples
    --------
    >>> load_rows("digits", n_features=64, image_shape=(8, 8)).rows.shape
    (1797, 64)
    """
    wanted = check_wanted(n_features, feature_names, image_shape)
    label = check_label(label)
    if isinstance(source, str | os.PathLike):
        return _from_name(os.fsdecode(source), wanted, label)
    frame = as_frame(source)
    if frame is not None:
        return _from_frame(frame, wanted, label)
    _refuse_label(label, "arrays")
    return _from_array(source, (), wanted, "arrays")


def _from_name(name: str, wanted: Wanted, label: str | int | None) -> Rows:
    if name == BUILT_IN:
        return _from_digits(wanted, label)
    content = read_data_file(name)
    if not is_npz(content):
        return _from_csv(read_text(content, name), wanted, label, name)
    rows, ignored = read_npz_rows(content, name, label=label)
    return _from_array(rows, ignored, wanted, name)


def _from_digits(wanted: Wanted, label: str | int | None) -> Rows:
    _refuse_label(label, "the built-in digits")
    data = read_digits()
    refuse_other_shape(data.image_shape, wanted, data.source)
    columns = choose_named(data.feature_names, wanted, None, data.source)
    ignored = (*_others(data.feature_names, columns), data.label_name)
    return Rows(sealed(data.rows[:, columns]), data.source, ignored)


def _from_array(source: Any, ignored: tuple[str, ...], wanted: Wanted, where: str) -> Rows:
    """Return rows of an array, which names no columns and holds features only."""
    rows, _ = fitting_rows(source, wanted, where)
    return _checked(rows, ignored, wanted, where)


def _from_frame(frame: nw.DataFrame[Any], wanted: Wanted, label: str | int | None) -> Rows:
    where = "data frame"
    names = [str(name) for name in frame.columns]
    columns = choose_named(names, wanted, label, where)
    matrix = check_rows(frame_matrix(frame, columns, where), where)
    return _checked(matrix, _others(names, columns), wanted, where)


def _from_csv(text: str, wanted: Wanted, label: str | int | None, where: str) -> Rows:
    table, columns = open_for_model(text, wanted, label, where)
    rows, _ = read_columns(table, columns)
    return Rows(rows, where, _others(table.names, columns))


def _checked(rows: Array, ignored: tuple[str, ...], wanted: Wanted, where: str) -> Rows:
    names = wanted.names or default_names(wanted.n_features, wanted.image_shape)
    low, high = value_range(rows, names, where)
    if rows.dtype.kind in "iu":
        warn_if_rounded(low, high, where)
    return Rows(sealed(rows), where, ignored)


def _others(names: Sequence[str], columns: Sequence[int]) -> tuple[str, ...]:
    taken = set(columns)
    return tuple(name for j, name in enumerate(names) if j not in taken)


def _refuse_label(label: str | int | None, what: str) -> None:
    if label is not None:
        raise ParameterError(
            f"'label' names a column to leave out, and {what} have none. Leave it out. "
            f"Got {label!r}."
        )
