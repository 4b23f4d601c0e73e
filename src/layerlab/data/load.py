"""`load_data`: anyone's labelled rows, from wherever they are, as a `Dataset`."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from layerlab.data.arguments import (
    check_groups,
    check_label,
    refuse_columns,
    refuse_dictionary,
    refuse_two_labels,
    refuse_y,
    require_y,
)
from layerlab.data.csv_reader import read_csv
from layerlab.data.data_file import BUILT_IN, is_npz, read_data_file
from layerlab.data.dataset import Dataset
from layerlab.data.digits import read_digits
from layerlab.data.frames import as_frame, read_frame
from layerlab.data.npz_reader import read_npz
from layerlab.data.source import RawData

__all__ = ["load_data"]


def load_data(
    source: Any,
    y: Any = None,
    *,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: tuple[int, int] | None = None,
) -> Dataset:
    """Return labelled rows from a name, a file, arrays or a data frame.

    Parameters
    ----------
    source : str, path, array-like of shape (m, d) or (m, h, w), or data frame
        ``"digits"``; the path of a CSV or NPZ file, told apart by content;
        real numbers; or a frame of pandas or polars.
    y : array-like of shape (m,), optional
        The labels, for arrays, and for frames that do not hold them: text,
        integers, booleans, or floats that are whole (they become integers).
    label : str or int, optional
        The column that holds the labels: a name, or a position from 0 (-1 is the
        last). By default the one named label, class, target or y in any case,
        else, in a file without a header, the last. For NPZ the array's name.
    groups : str, int or array-like of shape (m,), optional
        The group of each row (a writer, a patient), or the column that holds it.
    image_shape : (int, int), optional
        Height and width, where rows are images laid out row by row.

    Returns
    -------
    data : Dataset

    Raises
    ------
    DataError
        If the data cannot be used; the message says where and what to do.
    ParameterError
        If an argument is of a wrong type, or they do not go together.

    Examples
    --------
    >>> from layerlab.data import load_data
    >>> load_data("digits")
    Dataset('digits', 1797 rows, 64 features, 10 classes)
    """
    label, groups = check_label(label), check_groups(groups)
    data = _load(source, y, label, groups, image_shape)
    return replace(data, options=_options(data, y, label, groups, image_shape))


def _options(
    data: Dataset, y: Any, label: Any, groups: Any, image_shape: Any
) -> tuple[tuple[str, Any], ...]:
    options = {
        "y": _writable(y),
        "label": _writable(label),
        "groups": _writable(groups),
        "image_shape": None if image_shape is None else data.image_shape,
    }
    return tuple((key, value) for key, value in options.items() if value is not None)


def _writable(value: Any) -> Any:
    """Return the name or position of a column; of an array only that there was one."""
    return value if value is None or isinstance(value, str | int) else ...


def _load(
    source: Any,
    y: Any,
    label: str | int | None,
    groups: Any,
    image_shape: tuple[int, int] | None,
) -> Dataset:
    if isinstance(source, str | os.PathLike):
        return _from_name(os.fspath(source), y, label, groups, image_shape)
    frame = as_frame(source)
    if frame is None:
        return _from_arrays(source, y, label, groups, image_shape)
    refuse_two_labels(y, label)
    column = groups if isinstance(groups, str | int) else None
    raw = read_frame(frame, "data frame", y=y, label=label, groups=column)
    return _dataset(raw, "data", "data frame", groups, image_shape)


def _from_name(
    name: str | bytes,
    y: Any,
    label: str | int | None,
    groups: Any,
    image_shape: tuple[int, int] | None,
) -> Dataset:
    text = os.fsdecode(name)
    refuse_y(y, text)
    if text == BUILT_IN:
        return _from_digits(label, groups, image_shape)
    content = read_data_file(text)
    read = read_npz if is_npz(content) else read_csv
    column = groups if isinstance(groups, str | int) else None
    raw = read(content, text, label=label, groups=column)
    return _dataset(raw, Path(text).stem, text, groups, image_shape)


def _from_digits(
    label: str | int | None, groups: Any, image_shape: tuple[int, int] | None
) -> Dataset:
    refuse_columns(label, groups, "the built-in digits")
    return read_digits(groups=groups, image_shape=image_shape)


def _from_arrays(
    source: Any,
    y: Any,
    label: str | int | None,
    groups: Any,
    image_shape: tuple[int, int] | None,
) -> Dataset:
    refuse_dictionary(source, "load_data")
    refuse_columns(label, groups, "arrays")
    require_y(y, "load_data")
    return Dataset.from_arrays(source, y, source="arrays", image_shape=image_shape, groups=groups)


def _dataset(
    raw: RawData, name: str, source: str, groups: Any, image_shape: tuple[int, int] | None
) -> Dataset:
    from_column = groups is None or isinstance(groups, str | int)
    return Dataset.from_arrays(
        raw.rows,
        raw.y,
        name=name,
        source=source,
        image_shape=image_shape,
        feature_names=raw.feature_names,
        groups=raw.groups if from_column else groups,
        label_name=raw.label_name,
    )
