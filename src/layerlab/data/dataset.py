"""`Dataset`: labelled rows that never change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from layerlab._typing import Array, ImageShape, IndexArray
from layerlab.data.fingerprint import fingerprint
from layerlab.data.mapped import chosen_rows
from layerlab.data.names import check_names
from layerlab.data.preview import preview
from layerlab.data.rows import (
    check_rows,
    seal,
    sealed,
    value_range,
    warn_if_rounded,
)
from layerlab.data.shapes import default_names, flatten_images
from layerlab.errors import DataError, MissingExtraError, ParameterError

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Dataset"]


@dataclass(frozen=True, eq=False, repr=False)
class Dataset:
    """Labelled rows with what is known about them; nothing in it can be written to.

    Make one with `load_data` or `Dataset.from_arrays`, which check what they are
    given; the constructor itself does not.

    Attributes
    ----------
    rows : ndarray of shape (m, d)
        Booleans, integers or floats, in the type they came in.
    labels : ndarray of shape (m,) of intp
        For each row the index of its class in ``classes``.
    classes : ndarray of shape (K,)
        The classes' names in their own type (text, integers or booleans), sorted.
    name : str
        Short name: ``"digits"``, a file's stem.
    source : str
        Where the rows came from: a path, or what was given.
    image_shape : (int, int), (int, int, int) or None
        Height and width in pixels, and channels of colour, where the rows are images.
    stated_range : (float, float) or None
        Smallest and largest value that the source says there may be, if it does.
    feature_names : tuple of d str
    groups : ndarray of shape (m,) of intp, or None
        For each row the index of its group (a writer, a patient) in ``group_names``.
    group_names : tuple of str
    label_name : str
        What the labels are called: the column they were read from.
    options : tuple of (str, object)
        What `load_data` was given beside the source, by name; ``...`` stands for an array.
    notes : tuple of str
        What a reader states about how it read: polarity, background, what was left out.
    """

    rows: Array
    labels: IndexArray
    classes: Array
    name: str
    source: str
    image_shape: ImageShape | None
    stated_range: tuple[float, float] | None
    feature_names: tuple[str, ...]
    groups: IndexArray | None = None
    group_names: tuple[str, ...] = ()
    label_name: str = "label"
    options: tuple[tuple[str, Any], ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def from_arrays(
        cls,
        rows: Any,
        y: Any,
        *,
        name: str = "data",
        source: str = "arrays",
        image_shape: ImageShape | None = None,
        value_range: tuple[float, float] | None = None,
        feature_names: tuple[str, ...] | None = None,
        groups: Any = None,
        label_name: str = "label",
        notes: tuple[str, ...] = (),
    ) -> Dataset:
        """Return a data set of arrays, checked.

        Parameters
        ----------
        rows : array-like of shape (m, d), (m, h, w) or (m, h, w, c)
            Real numbers; an image is laid out in C order, its channels side by side.
        y : array-like of shape (m,)
            Text, integers, booleans, or floats that are whole (they become integers).
        name, source, label_name : str
            See the attributes; messages begin with ``source``.
        image_shape : (int, int) or (int, int, int), optional
            Height and width, and channels, of an image laid out already.
        value_range : (float, float), optional
            Range that the source states; by default the range of the rows.
        feature_names : tuple of d str, optional
            By default ``pixel_<row>_<column>`` for images, else ``x0``, ``x1``, …
        groups : array-like of shape (m,), optional
            The group of each row: text, integers or booleans.
        notes : tuple of str, optional
            See the attributes.

        Returns
        -------
        data : Dataset

        Raises
        ------
        DataError
            If rows or labels cannot be used; the message says where and what to do.
        """
        flat, shape = flatten_images(check_rows(rows, source), image_shape, source)
        names = _feature_names(feature_names, flat.shape[1], shape, source)
        classes, labels = _indexed(y, len(flat), source, "label")
        group_names, group_of = _groups(groups, len(flat), source)
        return cls(
            rows=sealed(flat),
            labels=seal(labels),
            classes=seal(classes),
            name=name,
            source=source,
            image_shape=shape,
            stated_range=_stated_range(flat, names, value_range, source),
            feature_names=names,
            groups=group_of,
            group_names=group_names,
            label_name=label_name,
            notes=notes,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return (
            f"Dataset({self.name!r}, {self.n_rows} rows, {self.n_features} features, "
            f"{self.n_classes} classes)"
        )

    def __setstate__(self, state: dict[str, Any]) -> None:
        # Pickling forgets that an array is read-only, and joblib pickles.
        self.__dict__.update(
            {key: sealed(v) if isinstance(v, np.ndarray) else v for key, v in state.items()}
        )

    @property
    def n_rows(self) -> int:
        """Number of rows, m."""
        return len(self.rows)

    @property
    def n_features(self) -> int:
        """Number of features of a row, d."""
        return int(self.rows.shape[1])

    @property
    def n_classes(self) -> int:
        """Number of classes, K, those without a row here included."""
        return len(self.classes)

    @property
    def y(self) -> Array:
        """The class name of each row, an ndarray of shape (m,)."""
        return self.classes[self.labels]

    @property
    def class_counts(self) -> IndexArray:
        """The number of rows of each class, an ndarray of shape (K,)."""
        return np.bincount(self.labels, minlength=self.n_classes)

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest value, as the source states it or as these rows show it."""
        return self.stated_range or (float(self.rows.min()), float(self.rows.max()))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the content, in hex: the same from any source and in any memory order."""
        return fingerprint(
            self.rows,
            self.labels,
            self.groups,
            {
                "classes": self.classes.tolist(),
                "feature_names": list(self.feature_names),
                "group_names": list(self.group_names),
                "image_shape": self.image_shape,
            },
        )

    def subset(self, indices: Any) -> Dataset:
        """Return the data set of some rows; classes, groups' names and a stated range stay.

        Parameters
        ----------
        indices : array-like of int or of bool, or slice
            Which rows, in which order; or a boolean for each row.

        Returns
        -------
        data : Dataset
            Of rows in a mapped file, large ones go to a file of their own and are mapped.

        Raises
        ------
        ParameterError
            If there is no such row, or none is asked for.
        """
        chosen = _chosen(indices, self.n_rows)
        groups = None if self.groups is None else seal(self.groups[chosen])
        rows = seal(chosen_rows(self.rows, chosen, self.source))
        return replace(self, rows=rows, labels=seal(self.labels[chosen]), groups=groups)

    def to_frame(self) -> tuple[pd.DataFrame, pd.Series]:
        """Return the features as a pandas frame and the labels as a series.

        Returns
        -------
        features : pandas.DataFrame of shape (m, d)
            A copy.
        labels : pandas.Series of length m
            The classes' names.

        Raises
        ------
        MissingExtraError
            If pandas is not installed.
        """
        try:
            import pandas as pd
        except ImportError as error:
            raise MissingExtraError("pandas", "data") from error
        features = pd.DataFrame(self.rows.copy(), columns=list(self.feature_names))
        return features, pd.Series(self.y, name=self.label_name)

    def head(self, n: int = 5) -> str:
        """Return the first rows as a small table of text, without pandas.

        Parameters
        ----------
        n : int, default=5
            Number of rows.

        Returns
        -------
        table : str
            Labels first; of many features, the first and the last few.
        """
        return preview(self.rows[:n], self.y[:n], self.feature_names, self.label_name)


def _feature_names(
    names: tuple[str, ...] | None, d: int, shape: ImageShape | None, where: str
) -> tuple[str, ...]:
    if names is None:
        return default_names(d, shape)
    if len(names) != d or len(set(names)) != d:
        raise DataError(
            f"{where}: {d} different feature names are needed, one a column. "
            f"Got {len(names)}, {len(set(names))} of them different."
        )
    return tuple(names)


def _indexed(values: Any, m: int, where: str, what: str) -> tuple[Array, IndexArray]:
    """Return the sorted names and, for each row, which of them it has."""
    names = check_names(values, where, what)
    if len(names) != m:
        raise DataError(
            f"{where}: there are {m} rows and {len(names)} {what}s. Give one {what} for each row."
        )
    unique, index = np.unique(names, return_inverse=True)
    return unique, index.astype(np.intp, copy=False)


def _groups(values: Any, m: int, where: str) -> tuple[tuple[str, ...], IndexArray | None]:
    if values is None:
        return (), None
    unique, index = _indexed(values, m, where, "group")
    return tuple(str(name) for name in unique.tolist()), seal(index)


def _stated_range(
    rows: Array, names: tuple[str, ...], stated: tuple[float, float] | None, where: str
) -> tuple[float, float] | None:
    """Return the stated range, if any; refuse values outside it, and those that are not finite."""
    low, high = value_range(rows, names, where)
    if rows.dtype.kind in "iu":
        warn_if_rounded(low, high, where)
    if stated is None:
        return None
    if not (stated[0] <= low and high <= stated[1]):
        raise DataError(
            f"{where}: the values go from {low:g} to {high:g}, outside the stated range "
            f"{stated[0]:g} to {stated[1]:g}. State a range that holds them all."
        )
    return float(stated[0]), float(stated[1])


def _chosen(indices: Any, m: int) -> IndexArray:
    every = np.arange(m)
    try:
        wanted = indices if isinstance(indices, slice) else np.asarray(indices)
        chosen = np.atleast_1d(every[wanted])
    except IndexError as error:
        raise ParameterError(
            f"The 'indices' parameter must name rows from 0 to {m - 1}, or hold a boolean for "
            f"each of {m} rows: {error}."
        ) from error
    if chosen.ndim != 1 or not len(chosen):
        raise ParameterError("The 'indices' parameter must be one list of at least one row.")
    return chosen
