"""How often a classifier is right, where it errs, and on how many rows that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab._validation import check_integer
from layerlab.errors import ParameterError
from layerlab.metrics.intervals import wilson_interval

__all__ = ["Score", "accuracy", "confusion", "log_loss", "standard_error"]


@dataclass(frozen=True)
class Score:
    """An accuracy that never goes without its interval and its number of rows.

    Parameters
    ----------
    correct : int
        Rows on which the classifier was right.
    rows : int
        Rows that it was asked, at least one.

    Raises
    ------
    ParameterError
        If there is no row, or ``correct`` is not between 0 and ``rows``.
    """

    correct: int
    rows: int

    def __post_init__(self) -> None:
        check_integer("rows", self.rows, 1)
        check_integer("correct", self.correct, 0, self.rows)

    @classmethod
    def of(cls, labels: ArrayLike, predictions: ArrayLike) -> Score:
        """Return the score of predictions, of shape (n_rows,) as the labels are."""
        hits = _hits(labels, predictions)
        return cls(int(np.count_nonzero(hits)), hits.size)

    @property
    def accuracy(self) -> float:
        """Share of rows on which the classifier was right."""
        return self.correct / self.rows

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval of the accuracy (Wilson 1927)."""
        return wilson_interval(self.correct, self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return ``accuracy``, ``interval`` (low, high) and ``rows``, for JSON."""
        return {"accuracy": self.accuracy, "interval": list(self.interval), "rows": int(self.rows)}


def accuracy(
    labels: ArrayLike, predictions: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the (weighted) share of rows predicted as labelled.

    Parameters
    ----------
    labels, predictions : array-like of shape (n_rows,)
        Class indices or names.
    sample_weight : array-like of shape (n_rows,), optional
        Not negative, and not all zero.

    Returns
    -------
    share : float
        Between 0 and 1.

    Raises
    ------
    ParameterError
        If lengths differ, there is no row, or the weights are not as said.
    """
    hits = _hits(labels, predictions)
    return float(np.average(hits, weights=_weights(sample_weight, hits.size)))


def log_loss(
    labels: ArrayLike, log_probabilities: ArrayLike, sample_weight: ArrayLike | None = None
) -> float:
    """Return the (weighted) mean of −log p(label), in nats.

    It takes logarithms, as ``predict_log_proba`` gives them, because a probability that
    underflows to zero has none.

    Parameters
    ----------
    labels : array-like of int of shape (n_rows,)
        Class indices, from 0.
    log_probabilities : array-like of shape (n_rows, n_classes)
        Natural logarithms, none above zero.
    sample_weight : array-like of shape (n_rows,), optional
        Not negative, and not all zero.

    Returns
    -------
    loss : float

    Raises
    ------
    ParameterError
        If shapes do not agree, a label is no class, or a logarithm lies above zero or is NaN.

    References
    ----------
    C. M. Bishop, "Pattern Recognition and Machine Learning" (2006), equation 4.108.
    """
    logs = _log_probabilities(log_probabilities)
    truth = _indices("labels", labels, logs.shape[1])
    if truth.size != logs.shape[0]:
        raise _unequal("labels", truth.size, "log_probabilities", logs.shape[0])
    picked = logs[np.arange(truth.size), truth]  # (n_rows,)
    return -float(np.average(picked, weights=_weights(sample_weight, truth.size)))


def confusion(labels: ArrayLike, predictions: ArrayLike, n_classes: int) -> IndexArray:
    """Count how often each class is taken for each.

    Parameters
    ----------
    labels, predictions : array-like of int of shape (n_rows,)
        Class indices, from 0.
    n_classes : int

    Returns
    -------
    counts : ndarray of int of shape (n_classes, n_classes)
        Row: the label; column: the prediction.

    Raises
    ------
    ParameterError
        If lengths differ or an index is no class.
    """
    n_classes = check_integer("n_classes", n_classes, 1)
    truth = _indices("labels", labels, n_classes)
    taken = _indices("predictions", predictions, n_classes)
    if truth.size != taken.size:
        raise _unequal("labels", truth.size, "predictions", taken.size)
    pairs = np.bincount(truth * n_classes + taken, minlength=n_classes**2)
    return pairs.reshape(n_classes, n_classes)


def standard_error(values: ArrayLike) -> float:
    """Return the standard error of a mean: the sample deviation over √n.

    Over the folds of one cross-validation it is a yardstick, not a proof: the folds share
    training rows.

    Parameters
    ----------
    values : array-like of shape (n_values,)
        At least two.

    Returns
    -------
    error : float
        In the unit of the values.

    Raises
    ------
    ParameterError
        If these are not at least two numbers in a row.
    """
    numbers: Vector = np.asarray(values, dtype=np.float64)
    if numbers.ndim != 1 or numbers.size < 2:
        raise ParameterError(
            "The 'values' parameter must be at least two numbers in a row. "
            f"Got shape {numbers.shape} instead."
        )
    return float(np.std(numbers, ddof=1)) / sqrt(numbers.size)


def _unequal(name: str, size: int, other: str, other_size: int) -> ParameterError:
    return ParameterError(
        f"{name!r} and {other!r} must have the same number of rows. Got {size} and {other_size}."
    )


def _rows(name: str, values: ArrayLike) -> Array:
    """Return a vector with at least one row."""
    rows = np.asarray(values)
    if rows.ndim != 1 or rows.size == 0:
        raise ParameterError(
            f"The {name!r} parameter must be a vector with at least one row. "
            f"Got shape {rows.shape} instead."
        )
    return rows


def _hits(labels: ArrayLike, predictions: ArrayLike) -> Array:
    """Return a boolean vector: which rows were predicted as labelled."""
    truth, taken = _rows("labels", labels), _rows("predictions", predictions)
    if truth.size != taken.size:
        raise _unequal("labels", truth.size, "predictions", taken.size)
    return np.asarray(truth == taken, dtype=np.bool_)


def _indices(name: str, values: ArrayLike, n_classes: int) -> IndexArray:
    """Return class indices, each below ``n_classes``."""
    indices = _rows(name, values)
    if indices.dtype.kind not in "iu" or indices.min() < 0 or indices.max() >= n_classes:
        raise ParameterError(
            f"The {name!r} parameter must hold class indices from 0 to {n_classes - 1}. "
            f"Got {indices.dtype} from {indices.min()} to {indices.max()} instead."
        )
    return indices.astype(np.intp)


def _log_probabilities(values: ArrayLike) -> FloatArray:
    logs = np.asarray(values, dtype=np.float64)
    if logs.ndim != 2 or not np.all(logs <= 0):
        raise ParameterError(
            "The 'log_probabilities' parameter must be a table, a column a class, of logarithms "
            "that are not above zero. Pass predict_log_proba's, not predict_proba's."
        )
    return logs


def _weights(sample_weight: ArrayLike | None, n_rows: int) -> Vector | None:
    if sample_weight is None:
        return None
    weights: Vector = np.asarray(sample_weight, dtype=np.float64)
    if weights.shape != (n_rows,):
        raise _unequal("sample_weight", weights.size, "labels", n_rows)
    if not np.all(np.isfinite(weights) & (weights >= 0)) or not weights.any():
        raise ParameterError(
            "The 'sample_weight' parameter must be finite, not negative and not all zero."
        )
    return weights
