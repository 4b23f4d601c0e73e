"""`load_parts`: development rows, and the test part that lies beside them or is given."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from layerlab._callbacks import ProgressSink
from layerlab._typing import Array, ImageShape, IndexArray
from layerlab.data.arguments import check_groups, check_label
from layerlab.data.dataset import Dataset
from layerlab.data.image_options import ImageOptions
from layerlab.data.load import load_with_test
from layerlab.data.mapped import gathered
from layerlab.data.model_features import take_features
from layerlab.data.model_labelled_rows import labelled_raw, labelled_rows
from layerlab.data.recognise import Request, recognise
from layerlab.data.rows import seal
from layerlab.data.source import RawData
from layerlab.data.wanted import Wanted
from layerlab.errors import DataError, DataWarning, ParameterError, did_you_mean

__all__ = ["Parts", "join", "load_parts"]

_NO_TEST = "none"
_RANGES = 10  # values so many times as large elsewhere are of another scale
_LISTED = 12  # classes shown in a message
_BLOCK = 4096  # rows whose values are compared in one go


@dataclass(frozen=True, eq=False)
class Parts:
    """Rows to develop with, and rows to test on once.

    Attributes
    ----------
    development : Dataset
    test : Dataset or None
        Of the same features, shape and classes.
    """

    development: Dataset
    test: Dataset | None = None


def load_parts(
    source: Any,
    y: Any = None,
    *,
    test: Any = None,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> Parts:
    """Return labelled rows for development and, if there are any, for the test.

    Parameters
    ----------
    source, y
        As for `load_data`; or a `Dataset`.
    test : object, optional
        By default the test part that lies in the same place, if any; ``"none"`` leaves
        that out. Otherwise what holds it: anything `load_data` takes, a `Dataset`, or a
        pair of rows and labels.
    label, groups, image_shape, resize, fit, grey, background, progress : optional
        As for `load_data`. The test part is read with them too, its groups excepted.

    Returns
    -------
    parts : Parts
        The test part has development's features, by name where it names them, and its
        classes: labels are compared as text.

    Raises
    ------
    InputError
        As `load_data` does, and if a label of the test part is not seen in development
        or its rows are not of the same features.
    """
    images = ImageOptions(resize, fit, grey, background)
    request = Request(y, check_label(label), check_groups(groups), images, progress)
    development, beside = _development(source, request, image_shape)
    wanted = Wanted(development.n_features, development.feature_names, development.image_shape)
    if test is None and beside is not None:
        where = f"{development.source} (test part)"
        rows = labelled_raw(beside, wanted, development.name, where)
    elif test is None or (isinstance(test, str) and test == _NO_TEST):
        return Parts(development)
    else:
        rows = _read(test, wanted, replace(request, y=None, groups=None))
    return Parts(development, _alike(rows, development))


def _development(
    source: Any, request: Request, image_shape: ImageShape | None
) -> tuple[Dataset, RawData | None]:
    if isinstance(source, Dataset):
        return source, None
    return load_with_test(source, request, image_shape)


def _read(test: Any, wanted: Wanted, request: Request) -> Dataset:
    if isinstance(test, Dataset):
        return take_features(
            test,
            n_features=wanted.n_features,
            feature_names=wanted.names,
            image_shape=wanted.image_shape,
        )
    if isinstance(test, tuple) and len(test) == 2 and not isinstance(test[0], str):
        test, request = test[0], replace(request, y=test[1], label=None)
    found = recognise(test, request)
    if found.columnless == "arrays" and request.y is None:
        raise ParameterError("Test rows given as an array need their labels: test=(rows, y).")
    # A column of the development rows need not be one of the test rows.
    label = None if found.columnless is not None else request.label
    return labelled_rows(found, test, wanted, label)


def _alike(test: Dataset, development: Dataset) -> Dataset:
    """Return the test part with development's classes and names, and no groups."""
    _warn_of_ranges(test, development)
    return replace(
        test,
        labels=seal(_labels(test, development)),
        classes=development.classes,
        feature_names=development.feature_names,
        image_shape=development.image_shape,
        groups=None,
        group_names=(),
    )


def _labels(test: Dataset, development: Dataset) -> IndexArray:
    known = {str(name): k for k, name in enumerate(development.classes.tolist())}
    names = [str(name) for name in test.classes.tolist()]
    for k, name in enumerate(names):
        if name not in known and (test.labels == k).any():
            raise _unseen(name, int(np.argmax(test.labels == k)), test, development)
    return np.array([known.get(name, 0) for name in names], dtype=np.intp)[test.labels]


def _unseen(name: str, row: int, test: Dataset, development: Dataset) -> DataError:
    names = [str(known) for known in development.classes.tolist()]
    more = "" if len(names) <= _LISTED else f", … ({len(names)} in all)"
    return DataError(
        f"{test.source}: row {row} (counted from 0) has the label {name!r}, which no row of "
        f"{development.source} has.{did_you_mean(name, names)} Its classes are "
        f"{', '.join(map(repr, names[:_LISTED]))}{more}. Correct the label, or leave such rows out."
    )


def _warn_of_ranges(test: Dataset, development: Dataset) -> None:
    # What the rows hold, whatever a source states: images in an array state nothing.
    ranges = [(float(x.min()), float(x.max())) for x in (test.rows, development.rows)]
    sizes = [max(map(abs, values)) for values in ranges]
    if max(sizes) <= _RANGES * min(sizes):
        return
    ours, theirs = (f"{low:g} to {high:g}" for low, high in ranges)
    warnings.warn(
        f"{test.source}: values go from {ours}, and those of {development.source} from {theirs}. "
        "Bring both to one scale, or the test says nothing.",
        DataWarning,
        stacklevel=2,
    )


def join(parts: Parts) -> tuple[Dataset, IndexArray]:
    """Return development and test rows as one data set, and which of its rows are the test's.

    Parameters
    ----------
    parts : Parts

    Returns
    -------
    data : Dataset
        Development rows first. Where they have groups, the test rows are one of their own.
    test : ndarray of shape (n_test,)
        Row numbers; none where there is no test part.
    """
    development, test = parts.development, parts.test
    if test is None:
        return development, np.arange(0)
    m = development.n_rows
    data = replace(
        development,
        rows=_joined(development.rows, test.rows, development.source),
        labels=seal(np.concatenate([development.labels, test.labels])),
        stated_range=_common_range(development, test),
        notes=(*development.notes, _note(test), *test.notes),
        **_groups(development, test.n_rows),
    )
    return data, np.arange(m, m + test.n_rows)


def _note(test: Dataset) -> str:
    """Say what was joined, without its folder: notes stand where runs are compared."""
    return f"Test part: {test.n_rows} rows of {Path(test.source).name}."


def _joined(first: Array, second: Array, where: str) -> Array:
    dtype, m = _common_type(first, second), len(first)

    def take(block: slice) -> Array:
        behind = slice(max(0, block.start - m), max(0, block.stop - m))
        return np.concatenate([first[block], second[behind]], dtype=dtype, casting="unsafe")

    return gathered((m + len(second), first.shape[1]), dtype, take, where)


def _common_type(first: Array, second: Array) -> Any:
    """Return development's type where it holds the test rows exactly: uint8, say, whole floats."""
    if first.dtype == second.dtype:
        return first.dtype
    blocks = (second[start : start + _BLOCK] for start in range(0, len(second), _BLOCK))
    same = all(_is_held(block, first.dtype) for block in blocks)
    return first.dtype if same else np.result_type(first, second)


def _is_held(values: Array, dtype: Any) -> bool:
    """Whether a type holds values exactly: they come back, and of the same sign."""
    with np.errstate(invalid="ignore", over="ignore"):
        there = values.astype(dtype)
        back = there.astype(values.dtype)
    # 200 as int8 is -56, which comes back as 200.
    return np.array_equal(back, values) and np.array_equal(there < 0, values < 0)


def _common_range(development: Dataset, test: Dataset) -> tuple[float, float] | None:
    stated = development.stated_range
    low, high = test.value_range
    return stated if stated and stated[0] <= low and high <= stated[1] else None


def _groups(development: Dataset, n_test: int) -> dict[str, Any]:
    if development.groups is None:
        return {}
    own = np.full(n_test, len(development.group_names), dtype=np.intp)
    name = "test part"
    while name in development.group_names:
        name += "'"
    return {
        "groups": seal(np.concatenate([development.groups, own])),
        "group_names": (*development.group_names, name),
    }
