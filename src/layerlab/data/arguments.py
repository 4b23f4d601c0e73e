"""Which arguments go together where rows come with their labels."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from numbers import Integral
from typing import Any

import numpy as np

from layerlab._validation import refuse
from layerlab.data.image_options import ImageOptions
from layerlab.data.source import RawData
from layerlab.errors import DataError, DataWarning, ParameterError

__all__ = [
    "check_groups",
    "check_label",
    "refuse_columns",
    "refuse_dictionary",
    "refuse_image_options",
    "refuse_two_labels",
    "refuse_y",
    "require_y",
    "warn_of_test_part",
]


def check_label(label: Any) -> str | int | None:
    """Return the column of the labels as plain text or a plain integer.

    Parameters
    ----------
    label : str, int or None
        NumPy's text and integers too; a boolean is no position.

    Returns
    -------
    label : str, int or None

    Raises
    ------
    ParameterError
        If it is of another type.
    """
    return _column("label", label, "the name of a column or its position, an integer")


def check_groups(groups: Any) -> Any:
    """Return the column of the groups likewise, or the groups of all rows as they came.

    Parameters
    ----------
    groups : str, int, array-like of shape (m,) or None

    Returns
    -------
    groups : str, int, array-like of shape (m,) or None

    Raises
    ------
    ParameterError
        If it is neither a column nor anything that holds groups.
    """
    if isinstance(groups, Iterable) and not isinstance(groups, str):
        return groups
    return _column(
        "groups",
        groups,
        "the name of a column, its position, an integer, or a group for each row",
    )


def _column(name: str, value: Any, allowed: str) -> str | int | None:
    if value is None:
        return None
    if isinstance(value, str):
        return str(value)  # NumPy's text writes itself as np.str_('kind')
    if isinstance(value, bool | np.bool_) or not isinstance(value, Integral):
        raise refuse(name, allowed, value)
    return int(value)


def refuse_y(y: Any, name: str) -> None:
    """Refuse labels beside a source that brings its own.

    Parameters
    ----------
    y : object
    name : str
        The source: a file, or the built-in data.

    Raises
    ------
    ParameterError
        If ``y`` is not None.
    """
    if y is not None:
        raise ParameterError(
            f"'y' goes with arrays and frames; {name!r} brings its own labels. Leave 'y' out, or "
            "name the column with 'label'."
        )


def refuse_two_labels(y: Any, label: str | int | None) -> None:
    """Refuse labels beside a data frame's column of labels.

    Parameters
    ----------
    y : object
    label : str, int or None

    Raises
    ------
    ParameterError
        If neither is None.
    """
    if y is not None and label is not None:
        raise ParameterError(
            "Give either 'y' or 'label' with a data frame, not both: both say what the labels are."
        )


def refuse_columns(label: Any, groups: Any, what: str) -> None:
    """Refuse the name of a column where there are no columns.

    Parameters
    ----------
    label, groups : object
        Text and integers name columns.
    what : str
        The source, as messages call it.

    Raises
    ------
    ParameterError
        If one of them names a column.
    """
    for name, value in (("label", label), ("groups", groups)):
        if isinstance(value, str | int):
            raise ParameterError(
                f"'{name}' names a column, and {what} have none. Got {value!r} instead of "
                f"{'nothing; labels go in y' if name == 'label' else 'a group for each row'}."
            )


def refuse_dictionary(source: Any, y: Any, function: str) -> None:
    """Refuse a dictionary of arrays that does not say which are the rows and which the labels.

    Parameters
    ----------
    source : object
    y : object
        The labels found.
    function : str
        What was called, for messages.

    Raises
    ------
    ParameterError
        If it is one and no labels were found.
    """
    if isinstance(source, dict) and y is None:
        raise ParameterError(
            f"'source' is a {type(source).__name__} without 'data' and 'target'; its parts are "
            f"needed: {function}(bunch.data, bunch.target)."
        )


def require_y(y: Any, where: str, function: str) -> None:
    """Refuse rows that come without labels.

    Parameters
    ----------
    y : object
    where : str
        The source, as messages call it.
    function : str
        What was called, for messages.

    Raises
    ------
    InputError
        If ``y`` is None.
    """
    if y is not None:
        return
    if where == "arrays":
        raise ParameterError(f"Rows given as an array need their labels: {function}(rows, y).")
    raise DataError(
        f"{where}: no labels come with the rows. Give them with y=, or beside the rows: y.npy for "
        "X.npy, train-labels-idx1-ubyte for train-images-idx3-ubyte, a folder for the images of "
        "each class."
    )


def refuse_image_options(found_images: bool, images: ImageOptions, where: str) -> None:
    """Refuse options of images where there are no image files.

    Parameters
    ----------
    found_images : bool
        Whether there are.
    images : ImageOptions
    where : str
        The source, as messages call it.

    Raises
    ------
    ParameterError
        If an option is not its default.
    """
    usual = ImageOptions().to_dict()
    changed = [name for name, value in images.to_dict().items() if value != usual[name]]
    if changed and not found_images:
        raise ParameterError(
            f"{where}: {' and '.join(map(repr, changed))} is for image files, and these are rows "
            "of numbers. Leave it out."
        )


def warn_of_test_part(raw: RawData, where: str) -> None:
    """Warn that of a training and a test part in one place the former is taken.

    Parameters
    ----------
    raw : RawData
    where : str
        The source, as messages call it.
    """
    if raw.test is not None:
        warnings.warn(
            f"{where}: a training part and a test part lie here, and the {len(raw.rows)} rows of "
            "the training part are taken. Name the file or folder of a part to say which.",
            DataWarning,
            stacklevel=2,
        )
