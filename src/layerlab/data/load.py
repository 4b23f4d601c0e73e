"""`load_data`: anyone's labelled rows, from wherever they are, as a `Dataset`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from layerlab._callbacks import ProgressSink
from layerlab._typing import ImageShape
from layerlab.data.arguments import (
    check_groups,
    check_label,
    refuse_columns,
    refuse_dictionary,
    refuse_image_options,
    require_y,
)
from layerlab.data.csv_reader import read_csv
from layerlab.data.dataset import Dataset
from layerlab.data.frames import read_frame
from layerlab.data.image_options import ImageOptions
from layerlab.data.recognise import Found, Request, recognise
from layerlab.data.source import RawData

__all__ = ["load_data", "load_with_test"]


def load_data(
    source: Any,
    y: Any = None,
    *,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> Dataset:
    """Return labelled rows from a name, files, arrays or a data frame.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d), (m, h, w) or (m, h, w, c), or data frame
        ``"digits"``; the path of a CSV, Parquet, Arrow, NPY, NPZ or IDX file, of a folder
        or archive of images with a sub-folder for each class, told apart by content;
        several image files; real numbers; a bunch of scikit-learn; or a frame of pandas
        or polars.
    y : array-like of shape (m,), optional
        The labels, for arrays, and for files and frames that do not hold them: text,
        integers, booleans, or floats that are whole (they become integers).
    label : str or int, optional
        The column that holds the labels: a name, or a position from 0 (-1 is the
        last). By default the one named label, class, target or y in any case,
        else, in a file without a header, the last. For NPZ the array's name, for NPY
        the file beside it.
    groups : str, int or array-like of shape (m,), optional
        The group of each row (a writer, a patient), or the column that holds it.
    image_shape : (int, int) or (int, int, int), optional
        Height and width, and channels of colour, where rows are images laid out already.
    resize, fit, grey, background : optional
        How image files are brought to rows of one length, see `ImageOptions`.
    progress : ProgressSink, optional
        Told how far the reading of many images is.

    Returns
    -------
    data : Dataset
        Of the training part, where a test part lies in the same place; `load_parts`
        returns both.

    Raises
    ------
    DataError
        If the data cannot be used; the message says where and what to do.
    ParameterError
        If an argument is of a wrong type, or they do not go together.
    MissingExtraError
        If what reads such a file is not installed.

    Examples
    --------
    >>> from layerlab.data import load_data
    >>> load_data("digits")
    Dataset('digits', 1797 rows, 64 features, 10 classes)
    """
    images = ImageOptions(resize, fit, grey, background)
    request = Request(y, check_label(label), check_groups(groups), images, progress)
    data, test = load_with_test(source, request, image_shape)
    return data if test is None else _without_test(data, len(test.rows))


def load_with_test(
    source: Any, request: Request, image_shape: ImageShape | None
) -> tuple[Dataset, RawData | None]:
    """Return labelled rows, and the test part that lies in the same place.

    Parameters
    ----------
    source : object
        As for `load_data`.
    request : Request
        Its groups are a column or the groups of all rows.
    image_shape : (int, int), (int, int, int) or None

    Returns
    -------
    data : Dataset
    test : RawData or None

    Raises
    ------
    InputError
        As `load_data` does.
    """
    given = request.groups
    column = given if isinstance(given, str | int) else None
    found = recognise(source, replace(request, groups=column))
    refuse_image_options(found.are_images, request.images, found.where)
    raw = _raw(found, source, replace(request, groups=column))
    data = Dataset.from_arrays(
        raw.rows,
        raw.y,
        name=found.name,
        source=found.where,
        image_shape=image_shape or raw.image_shape,
        value_range=raw.value_range,
        feature_names=raw.feature_names,
        groups=raw.groups if given is None or column is not None else given,
        label_name=raw.label_name,
        notes=raw.notes,
    )
    return replace(data, options=_options(data, request, image_shape)), raw.test


def _raw(found: Found, source: Any, request: Request) -> RawData:
    if found.columnless is not None:
        refuse_columns(request.label, request.groups, found.columnless)
    if isinstance(found.content, RawData):
        refuse_dictionary(source, found.content.y, "load_data")
        require_y(found.content.y, found.where, "load_data")
        return found.content
    options = {"label": request.label, "groups": request.groups}
    if isinstance(found.content, bytes):
        return read_csv(found.content, found.where, **options)
    return read_frame(found.content, found.where, y=found.y, **options)


def _options(
    data: Dataset, request: Request, image_shape: ImageShape | None
) -> tuple[tuple[str, Any], ...]:
    usual = ImageOptions()
    options = {
        "y": _writable(request.y),
        "label": _writable(request.label),
        "groups": _writable(request.groups),
        "image_shape": None if image_shape is None else data.image_shape,
        **{
            name: None if getattr(request.images, name) == getattr(usual, name) else value
            for name, value in vars(request.images).items()
        },
    }
    return tuple((key, value) for key, value in options.items() if value is not None)


def _writable(value: Any) -> Any:
    """Return the name or position of a column; of an array only that there was one."""
    return value if value is None or isinstance(value, str | int) else ...


def _without_test(data: Dataset, n_test: int) -> Dataset:
    note = f"The test part in the same place ({n_test} rows) is left out."
    return replace(data, notes=(*data.notes, note))
