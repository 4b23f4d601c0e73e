"""The k-nearest-neighbour baseline: every k from one search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sklearn.neighbors import NearestNeighbors

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.errors import ParameterError
from layerlab.models.baselines import neighbour_scale

__all__ = ["DEFAULT_KS", "neighbour_curve", "neighbour_predictions"]

DEFAULT_KS = tuple(range(1, 16))


def neighbour_predictions(
    X_train: Array, y_train: IndexArray, X: Array, ks: Sequence[int] = DEFAULT_KS
) -> IndexArray:
    """Return what `NearestNeighbours` predicts at every k, from one search.

    Parameters
    ----------
    X_train : ndarray of shape (m, n_features)
    y_train : ndarray of shape (m,)
        Class indices.
    X : ndarray of shape (n, n_features)
        Rows to predict.
    ks : sequence of int
        Numbers of neighbours; those above m are not allowed.

    Returns
    -------
    predictions : ndarray of shape (len(ks), n)
        Class indices, equal for each k to those of scikit-learn's `KNeighborsClassifier`
        on columns that the training rows, and they alone, made comparable.

    Raises
    ------
    ParameterError
        If a k is below 1 or above the number of training rows.

    Notes
    -----
    The first k of the K nearest are the k nearest, but for ties: where the
    k-th and the (k+1)-th neighbour are equally far, which of them counts
    depends on the k that was asked for. Those rows are asked again at that k.
    In scikit-learn it also depends on the number of OpenMP threads, and so here.
    """
    if not ks or min(ks) < 1 or max(ks) > len(X_train):
        raise ParameterError(
            f"The 'ks' parameter must hold numbers of neighbours from 1 to {len(X_train)}, the "
            f"number of training rows. Got {list(ks)} instead."
        )
    scale = neighbour_scale(X_train)
    if scale is not None:
        X_train, X = X_train * scale, X * scale
    search = NearestNeighbors(n_neighbors=min(max(ks) + 1, len(X_train))).fit(X_train)
    distances, neighbours = search.kneighbors(X)
    predictions = np.empty((len(ks), len(X)), np.intp)
    for i, k in enumerate(ks):
        nearest = neighbours[:, :k].copy()
        tied = _tied(distances, k)
        if len(tied):
            nearest[tied] = search.kneighbors(X[tied], n_neighbors=k, return_distance=False)
        predictions[i] = _majority(y_train[nearest])
    return predictions


def neighbour_curve(
    X: Array,
    y: IndexArray,
    folds: Sequence[tuple[IndexArray, IndexArray]],
    ks: Sequence[int] = DEFAULT_KS,
) -> FloatArray:
    """Return the accuracy of k-nearest neighbours in each fold at each k.

    Parameters
    ----------
    X : ndarray of shape (m, n_features)
    y : ndarray of shape (m,)
        Class indices.
    folds : sequence of (train, test)
        Row numbers.
    ks : sequence of int

    Returns
    -------
    accuracies : ndarray of shape (n_folds, len(ks))
    """
    return np.array(
        [
            (neighbour_predictions(X[train], y[train], X[test], ks) == y[test]).mean(axis=1)
            for train, test in folds
        ]
    )


def _tied(distances: Array, k: int) -> IndexArray:
    """Return the rows whose k-th and (k+1)-th neighbours are equally far, but for rounding."""
    if k >= distances.shape[1]:
        return np.empty(0, np.intp)
    last, first_out = distances[:, k - 1], distances[:, k]
    return np.flatnonzero(first_out - last <= 1e-9 * first_out)


def _majority(votes: IndexArray) -> IndexArray:
    """Return the most frequent class of each row, the smallest of several."""
    counts = np.zeros((len(votes), int(votes.max()) + 1), np.intp)
    np.add.at(counts, (np.arange(len(votes))[:, None], votes), 1)
    return np.asarray(counts.argmax(axis=1))
