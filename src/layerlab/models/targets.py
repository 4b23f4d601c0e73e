"""Rows, labels and weights as training takes them: checked, indexed, zero weights dropped."""

from __future__ import annotations

from dataclasses import dataclass
from reprlib import repr as shorten
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import (
    _check_sample_weight,
    check_consistent_length,
    column_or_1d,
    validate_data,
)

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.errors import DataError, did_you_mean

__all__ = [
    "TrainingRows",
    "checked",
    "has_several",
    "known_labels",
    "known_rows",
    "labels_as_known",
    "several_labels",
    "training_rows",
]

# Kinds of label that name classes, unless they are many; scikit-learn looks at the others, and says
# a word on many, in half a millisecond.
PLAIN_LABELS = "biuUS"


@dataclass(frozen=True)
class TrainingRows:
    """Rows with class indices and weights.

    Attributes
    ----------
    X : ndarray of shape (m, n_features)
    labels : ndarray of shape (m,)
        Indices into ``classes``; or of shape (m, K), 0 or 1 for each class by itself.
    classes : ndarray of shape (K,)
        Sorted labels.
    weights : ndarray of shape (m,) or None
        Positive; None where all are one.
    """

    X: Array
    labels: IndexArray
    classes: Array
    weights: FloatArray | None

    @property
    def several(self) -> bool:
        """Whether a row may have several labels."""
        return self.labels.ndim == 2

    def right(self, Z: Array) -> Array:
        """Return which rows these logits (m, K) get right; of several labels, all of them."""
        if self.several:
            return np.asarray(((Z > 0) == (self.labels > 0)).all(axis=1))
        return np.asarray(Z.argmax(axis=1) == self.labels)

    def subset(self, rows: IndexArray) -> TrainingRows:
        """Return some of the rows."""
        weights = None if self.weights is None else self.weights[rows]
        return TrainingRows(self.X[rows], self.labels[rows], self.classes, weights)

    @classmethod
    def weighted(cls, X: Array, labels: IndexArray, classes: Array, weight: Any) -> TrainingRows:
        """Return the rows whose weight is positive.

        Raises
        ------
        DataError
            If a weight is negative, or none is positive.
        """
        if weight is None:
            return cls(X, labels, classes, None)
        weights = np.asarray(_check_sample_weight(weight, X, dtype=np.float64))
        if (weights < 0).any():
            row = int(np.argmax(weights < 0))
            raise DataError(f"sample_weight must not be negative. Got {weights[row]} in row {row}.")
        keep = weights > 0
        if not keep.any():
            raise DataError("sample_weight must be positive for at least one row. Got only zeros.")
        if keep.all():
            return cls(X, labels, classes, weights)
        return cls(X[keep], labels[keep], classes, weights[keep])

    def balanced(self, class_weight: Any) -> TrainingRows:
        """Return the rows with each weight multiplied by that of its class.

        Raises
        ------
        DataError
            If a class weight is negative, or every row's is zero.
        """
        if class_weight is None:
            return self
        if self.several:
            raise DataError(
                "class_weight is for rows with one label each. Here a row may have several; leave "
                "class_weight out, or give sample_weight."
            )
        by_class = np.asarray(compute_sample_weight(class_weight, self.classes[self.labels]))
        weights = by_class if self.weights is None else self.weights * by_class
        return TrainingRows.weighted(self.X, self.labels, self.classes, weights)


def checked(estimator: Any, X: Any, y: Any, *, reset: bool = True) -> tuple[Array, Any]:
    """Return rows and their labels as scikit-learn checks them.

    Parameters
    ----------
    estimator : estimator
        ``reset`` lets it know the columns; else they must be those it knows.
    X, y : array-like
    reset : bool

    Raises
    ------
    ValueError
        If they cannot be used.
    """
    rules = {"reset": reset, "dtype": "numeric", "order": "C"}
    if not _whole_numbers(y):
        X, y = validate_data(estimator, X, y, multi_output=True, **rules)
        return X, y
    X = validate_data(estimator, X, **rules)
    check_consistent_length(X, y)
    return X, y


def _whole_numbers(y: Any) -> bool:
    """Say whether y is an array of one whole number a row.

    Of that there is nothing to check, which would take as long as an evaluation of a small network.
    """
    return type(y) is np.ndarray and y.ndim == 1 and y.dtype.kind in "iu"


def training_rows(
    estimator: Any, X: Array, y: Any, sample_weight: Any, class_weight: Any
) -> TrainingRows:
    """Return rows ready for training.

    Classes, and the weights that balance them, are those of the rows with
    positive weight, so that a row of weight zero is as good as absent.

    Raises
    ------
    DataError
        If fewer than two classes are left, or a weight is not allowed.
    """
    if has_several(y):
        return _rows_of_several(X, y, sample_weight, class_weight)
    y = y if isinstance(y, np.ndarray) and y.ndim == 1 else column_or_1d(y, warn=True)
    classes, labels = np.unique(y, return_inverse=True)
    if y.dtype.kind not in PLAIN_LABELS or 2 * len(classes) > len(y):
        check_classification_targets(y)
    rows = TrainingRows.weighted(X, labels, classes, sample_weight)
    present = np.flatnonzero(np.bincount(rows.labels, minlength=len(classes)))
    if len(present) < 2:
        raise DataError(
            f"{type(estimator).__name__} needs rows of at least 2 classes. "
            f"Got 1 class, {classes[present[0]].item()!r}; add rows of another class."
        )
    if len(present) < len(classes):
        labels = np.searchsorted(present, rows.labels)
        rows = TrainingRows(rows.X, labels, classes[present], rows.weights)
    return rows.balanced(class_weight)


def _rows_of_several(X: Array, y: Any, sample_weight: Any, class_weight: Any) -> TrainingRows:
    """Return rows of which each may have several labels: y is 0 or 1 for each."""
    labels, n_classes = several_labels(y), np.shape(y)[1]
    rows = TrainingRows.weighted(X, labels, np.arange(n_classes), sample_weight)
    return rows.balanced(class_weight)


def has_several(y: Any) -> bool:
    """Say whether y has a column a label: a row may have several of them then."""
    return np.ndim(y) == 2 and np.shape(y)[1] > 1


def several_labels(y: Any, name: str = "y") -> IndexArray:
    """Return 0 or 1 for each row and label.

    Raises
    ------
    DataError
        If something else stands there.
    """
    matrix: Any = y
    dense = matrix.toarray() if issparse(y) else matrix
    given = np.asarray(dense)
    wrong = np.argwhere(~np.isin(given, (0, 1)))
    if len(wrong):
        row, column = (int(i) for i in wrong[0])
        raise DataError(
            f"{name} with several columns must hold 0 or 1 for each label. Got "
            f"{given[row, column].item()!r} in row {row}, column {column}."
        )
    return given.astype(np.intp)


def known_rows(
    X: Array, y: Any, classes: Array, several: bool, sample_weight: Any, class_weight: Any
) -> TrainingRows:
    """Return rows for a network that is already trained, labelled as its classes are.

    Raises
    ------
    DataError
        If a label is not among ``classes``, or a weight is not allowed.
    """
    labels = labels_as_known(y, classes, several, "y")
    return TrainingRows.weighted(X, labels, classes, sample_weight).balanced(class_weight)


def labels_as_known(y: Any, classes: Array, several: bool, name: str) -> IndexArray:
    """Return labels as a network has them that is already trained.

    Parameters
    ----------
    y : array-like of shape (m,) or (m, K)
    classes : ndarray of shape (K,)
    several : bool
        Whether it was trained with several labels a row.
    name : str
        What the error calls y.

    Raises
    ------
    DataError
        If y has not the columns it had in training, or a label is not among ``classes``.
    """
    if has_several(y) != several or (several and np.shape(y)[1] != len(classes)):
        columns = f"{len(classes)} columns, one a label" if several else "one label a row"
        raise DataError(
            f"{name} must have {columns}, as in training. Got the shape {np.shape(y)} instead."
        )
    return several_labels(y, name) if several else known_labels(y, classes, name)


def known_labels(y: Any, classes: Array, name: str) -> IndexArray:
    """Return the index of each label in ``classes``.

    Raises
    ------
    DataError
        If a label is not among them.
    """
    seen = {label: index for index, label in enumerate(classes.tolist())}
    labels = column_or_1d(y, warn=True).tolist()
    for row, label in enumerate(labels):
        if label not in seen:
            hint = did_you_mean(str(label), [name for name in seen if isinstance(name, str)])
            raise DataError(
                f"{name} must hold labels seen in training, {shorten(list(seen))}. "
                f"Got {label!r} in row {row}.{hint}"
            )
    return np.array([seen[label] for label in labels], np.intp)
