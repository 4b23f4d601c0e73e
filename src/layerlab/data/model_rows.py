"""`load_rows`: rows for a model that is already there, with or without labels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from layerlab._callbacks import ProgressSink
from layerlab._typing import Array, ImageShape
from layerlab.data.arguments import check_label, warn_of_test_part
from layerlab.data.csv_table import read_columns
from layerlab.data.frames import frame_matrix
from layerlab.data.image_options import ImageOptions
from layerlab.data.mapped import chosen_columns
from layerlab.data.model_columns import choose_named
from layerlab.data.model_csv import open_for_model
from layerlab.data.recognise import Request, in_colour, recognise
from layerlab.data.rows import check_rows, sealed, value_range, warn_if_rounded
from layerlab.data.shapes import default_names
from layerlab.data.source import RawData
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
    image_shape: ImageShape | None = None,
    label: str | int | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> Rows:
    """Return the rows of a source as a model takes them.

    Where the source names its columns and has all of ``feature_names``, they are
    taken by name, in the model's order, and others are left out. Where the model
    knows no names, or only made-up ones (``x0``, ``pixel_0_0``, …) that the
    source has none of, columns are taken in their order: there must be
    ``n_features`` of them beside a column of labels, which is left out.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d), (m, h, w) or (m, h, w, c), or data frame
        As for `load_data`; labels may be missing and are not read.
    n_features : int
        Number of features the model takes, d.
    feature_names : sequence of d str, optional
        Their names, where the model knows them.
    image_shape : (int, int) or (int, int, int), optional
        Height and width, and channels of colour, where the model takes images.
    label : str or int, optional
        The column of the labels, to be left out: a name, or a position from 0 (-1 is
        the last). By default, where columns are not taken by name, the one named
        label, class, target or y in any case (as long as a column called y is not
        needed to make ``n_features``); in a file without a header the last, if there
        is one column more than features. For NPZ the array's name.
    resize, fit, grey, background : optional
        How image files are brought to rows of one length, see `ImageOptions`.
    progress : ProgressSink, optional
        Told how far the reading of many images is.

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
    wanted, label = check_wanted(n_features, feature_names, image_shape), check_label(label)
    images = ImageOptions(resize, fit, grey, background)
    request = Request(label=label, images=images, progress=progress, labelled=False)
    found = in_colour(recognise(source, request), wanted.image_shape)
    if found.columnless is not None:
        _refuse_label(label, found.columnless)
    if isinstance(found.content, RawData):
        return _from_raw(found.content, wanted, found.where)
    if isinstance(found.content, bytes):
        return _from_csv(read_text(found.content, found.where), wanted, label, found.where)
    return _from_frame(found.content, wanted, label, found.where)


def _from_raw(raw: RawData, wanted: Wanted, where: str) -> Rows:
    warn_of_test_part(raw, where)
    ignored = raw.ignored if raw.y is None else (*raw.ignored, raw.label_name)
    if raw.feature_names is not None:
        return _by_name(raw, raw.feature_names, ignored, wanted, where)
    rows, _ = fitting_rows(raw.rows, wanted, where, raw.image_shape)
    return _checked(rows, ignored, wanted, where)


def _by_name(
    raw: RawData, names: Sequence[str], ignored: tuple[str, ...], wanted: Wanted, where: str
) -> Rows:
    refuse_other_shape(raw.image_shape, wanted, where)
    columns = choose_named(names, wanted, None, where)
    rows = chosen_columns(check_rows(raw.rows, where), columns, where)
    return _checked(rows, (*_others(names, columns), *ignored), wanted, where)


def _from_frame(
    frame: nw.DataFrame[Any], wanted: Wanted, label: str | int | None, where: str
) -> Rows:
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
