"""`load_labelled_rows`: rows for a model that is already there, with the labels to score it by."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from layerlab.data.arguments import (
    check_label,
    refuse_columns,
    refuse_dictionary,
    refuse_two_labels,
    refuse_y,
    require_y,
)
from layerlab.data.csv_table import read_columns
from layerlab.data.data_file import BUILT_IN, is_npz, read_data_file
from layerlab.data.dataset import Dataset
from layerlab.data.digits import read_digits
from layerlab.data.frames import as_frame, frame_column, frame_matrix
from layerlab.data.model_columns import choose_features, choose_label, choose_named
from layerlab.data.model_csv import open_for_model
from layerlab.data.names import names_from_text
from layerlab.data.npz_reader import read_npz
from layerlab.data.source import RawData
from layerlab.data.take_features import take_features
from layerlab.data.text_file import read_text
from layerlab.data.wanted import Wanted, check_wanted, fitting_rows

__all__ = ["load_labelled_rows"]


def load_labelled_rows(
    source: Any,
    y: Any = None,
    *,
    n_features: int,
    feature_names: Sequence[str] | None = None,
    image_shape: tuple[int, int] | None = None,
    label: str | int | None = None,
) -> Dataset:
    """Return the rows of a source as a model takes them, with their labels.

    Features are taken as `load_rows` takes them: by name, in the model's order,
    where the source has all of ``feature_names``, other columns being left out;
    else by their number. The labels are looked for among the columns that are
    no features.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d) or (m, h, w), or data frame
        As for `load_data`.
    y : array-like of shape (m,), optional
        The labels, for arrays, and for frames that do not hold them.
    n_features : int
        Number of features the model takes, d.
    feature_names : sequence of d str, optional
        Their names, where the model knows them.
    image_shape : (int, int), optional
        Height and width, where the model takes images.
    label : str or int, optional
        The column of the labels: a name, or a position from 0 (-1 is the last). By
        default the one named label, class, target or y in any case, beside the
        features; in a file without a header the last. For NPZ the array's name.

    Returns
    -------
    data : Dataset
        Of the model's features. Where the source does not name them, they are called
        as the model calls them.

    Raises
    ------
    DataError
        If a feature or the labels are missing, the size is not the model's, or a
        value cannot be used; the message says where and what to do.
    ParameterError
        If an argument is of a wrong type, or they do not go together.

    Examples
    --------
    >>> load_labelled_rows("digits", n_features=64, image_shape=(8, 8))
    Dataset('digits', 1797 rows, 64 features, 10 classes)
    """
    wanted = check_wanted(n_features, feature_names, image_shape)
    label = check_label(label)
    if isinstance(source, str | os.PathLike):
        name = os.fsdecode(source)
        refuse_y(y, name)
        return _from_name(name, wanted, label)
    frame = as_frame(source)
    if frame is not None:
        refuse_two_labels(y, label)
        return _dataset(_from_frame(frame, y, wanted, label), wanted, "data", "data frame")
    refuse_dictionary(source, "load_labelled_rows")
    refuse_columns(label, None, "arrays")
    require_y(y, "load_labelled_rows")
    return _dataset(RawData(source, y), wanted, "data", "arrays")


def _from_name(name: str, wanted: Wanted, label: str | int | None) -> Dataset:
    if name == BUILT_IN:
        return _from_digits(wanted, label)
    content = read_data_file(name)
    if is_npz(content):
        raw = read_npz(content, name, label=label)
    else:
        raw = _from_csv(read_text(content, name), wanted, label, name)
    return _dataset(raw, wanted, Path(name).stem, name)


def _from_digits(wanted: Wanted, label: str | int | None) -> Dataset:
    refuse_columns(label, None, "the built-in digits")
    return take_features(
        read_digits(),
        n_features=wanted.n_features,
        feature_names=wanted.names or None,
        image_shape=wanted.image_shape,
    )


def _from_csv(text: str, wanted: Wanted, label: str | int | None, where: str) -> RawData:
    table, columns = open_for_model(text, wanted, label, where)
    last = None if table.has_header else len(table.names) - 1
    label_at = choose_label(table.names, columns, label, where, default=last)
    rows, cells = read_columns(table, columns, {"label": label_at})
    return RawData(
        rows=rows,
        y=names_from_text(cells["label"]),
        feature_names=tuple(table.names[j] for j in columns) if table.has_header else None,
        label_name=table.names[label_at],
    )


def _from_frame(
    frame: nw.DataFrame[Any], y: Any, wanted: Wanted, label: str | int | None
) -> RawData:
    where = "data frame"
    names = [str(name) for name in frame.columns]
    if y is not None:
        columns = choose_features(names, wanted, where)
        values, label_name = y, str(getattr(y, "name", None) or "label")
    else:
        columns = choose_named(names, wanted, label, where)
        label_at = choose_label(names, columns, label, where)
        values, label_name = frame_column(frame, label_at), names[label_at]
    matrix = frame_matrix(frame, columns, where)
    return RawData(matrix, values, tuple(names[j] for j in columns), label_name)


def _dataset(raw: RawData, wanted: Wanted, name: str, where: str) -> Dataset:
    rows, shape = fitting_rows(raw.rows, wanted, where)
    return Dataset.from_arrays(
        rows,
        raw.y,
        name=name,
        source=where,
        image_shape=shape,
        feature_names=raw.feature_names or wanted.names or None,
        groups=raw.groups,
        label_name=raw.label_name,
    )
