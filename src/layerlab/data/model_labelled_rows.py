"""`load_labelled_rows`: rows for a model that is already there, with the labels to score it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import narwhals as nw

from layerlab._callbacks import ProgressSink
from layerlab._typing import Array, ImageShape
from layerlab.data.arguments import (
    check_label,
    refuse_columns,
    refuse_dictionary,
    require_y,
    warn_of_test_part,
)
from layerlab.data.csv_table import read_columns
from layerlab.data.dataset import Dataset
from layerlab.data.frames import frame_column, frame_matrix
from layerlab.data.image_options import ImageOptions
from layerlab.data.model_columns import choose_features, choose_label, choose_named
from layerlab.data.model_csv import open_for_model
from layerlab.data.model_features import take_features
from layerlab.data.names import names_from_text
from layerlab.data.recognise import Found, Request, in_colour, recognise
from layerlab.data.source import RawData
from layerlab.data.text_file import read_text
from layerlab.data.wanted import Wanted, check_wanted, fitting_rows

__all__ = ["labelled_raw", "labelled_rows", "load_labelled_rows"]


def load_labelled_rows(
    source: Any,
    y: Any = None,
    *,
    n_features: int,
    feature_names: Sequence[str] | None = None,
    image_shape: ImageShape | None = None,
    label: str | int | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> Dataset:
    """Return the rows of a source as a model takes them, with their labels.

    Features are taken as `load_rows` takes them: by name, in the model's order,
    where the source has all of ``feature_names``, other columns being left out;
    else by their number. The labels are looked for among the columns that are
    no features.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d), (m, h, w) or (m, h, w, c), or data frame
        As for `load_data`.
    y : array-like of shape (m,), optional
        The labels, for arrays, and for frames that do not hold them.
    n_features : int
        Number of features the model takes, d.
    feature_names : sequence of d str, optional
        Their names, where the model knows them.
    image_shape : (int, int) or (int, int, int), optional
        Height and width, and channels of colour, where the model takes images.
    label : str or int, optional
        The column of the labels: a name, or a position from 0 (-1 is the last). By
        default the one named label, class, target or y in any case, beside the
        features; in a file without a header the last. For NPZ the array's name, for NPY
        the file beside it.
    resize, fit, grey, background : optional
        How image files are brought to rows of one length, see `ImageOptions`.
    progress : ProgressSink, optional
        Told how far the reading of many images is.

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
    images = ImageOptions(resize, fit, grey, background)
    request = Request(y, check_label(label), None, images, progress)
    return labelled_rows(recognise(source, request), source, wanted, request.label)


def labelled_rows(found: Found, source: Any, wanted: Wanted, label: str | int | None) -> Dataset:
    """Return what was found, as a model takes it.

    Parameters
    ----------
    found : Found
    source : object
        What it was found in.
    wanted : Wanted
    label : str, int or None
        The column of the labels.

    Returns
    -------
    data : Dataset

    Raises
    ------
    InputError
        As `load_labelled_rows` does.
    """
    found = in_colour(found, wanted.image_shape)
    if found.columnless is not None:
        refuse_columns(label, None, found.columnless)
    if isinstance(found.content, RawData):
        refuse_dictionary(source, found.content.y, "load_labelled_rows")
        require_y(found.content.y, found.where, "load_labelled_rows")
        warn_of_test_part(found.content, found.where)
        return labelled_raw(found.content, wanted, found.name, found.where)
    if isinstance(found.content, bytes):
        raw = _from_csv(read_text(found.content, found.where), wanted, label, found.where)
    else:
        raw = _from_frame(found.content, found.y, wanted, label, found.where)
    return _dataset(raw, wanted, found.name, found.where)


def labelled_raw(raw: RawData, wanted: Wanted, name: str, where: str) -> Dataset:
    """Return rows like an array, as a model takes them.

    Parameters
    ----------
    raw : RawData
        With labels.
    wanted : Wanted
    name, where : str
        Of the data set; messages begin with the latter.

    Returns
    -------
    data : Dataset

    Raises
    ------
    DataError
        If they are not what the model takes.
    """
    if raw.feature_names is None:
        return _dataset(raw, wanted, name, where)
    return take_features(
        _checked(raw, raw.rows, raw.image_shape, raw.feature_names, name, where),
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
    frame: nw.DataFrame[Any], y: Any, wanted: Wanted, label: str | int | None, where: str
) -> RawData:
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
    rows, shape = fitting_rows(raw.rows, wanted, where, raw.image_shape)
    names = raw.feature_names or wanted.names or None
    return _checked(raw, rows, shape, names, name, where)


def _checked(
    raw: RawData,
    rows: Array,
    shape: ImageShape | None,
    names: tuple[str, ...] | None,
    name: str,
    where: str,
) -> Dataset:
    return Dataset.from_arrays(
        rows,
        raw.y,
        name=name,
        source=where,
        image_shape=shape,
        value_range=raw.value_range,
        feature_names=names,
        groups=raw.groups,
        label_name=raw.label_name,
        notes=raw.notes,
    )
