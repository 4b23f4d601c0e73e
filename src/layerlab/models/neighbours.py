"""The k-nearest-neighbour baseline: every k from one search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.errors import ParameterError
from layerlab.models.baselines import comparable, neighbour_scale, search_method

__all__ = ["DEFAULT_KS", "neighbour_curve", "neighbour_predictions"]

DEFAULT_KS = tuple(range(1, 16))

SPARE = 3  # neighbours searched beyond the largest k: by then most ties have ended
# Up to so many distances, rows whose ties matter are asked again: all of them, where distances
# round, and that at every k.
ASKED_AGAIN = 50_000_000


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
    depends on the k that was asked for. Where the majority hangs on that, the
    row is asked again at that k. In scikit-learn it also depends on the number
    of OpenMP threads, and so here. Above 50 million distances nobody is asked
    again: among level neighbours those count that were found first.
    """
    if not ks or min(ks) < 1 or max(ks) > len(X_train):
        raise ParameterError(
            f"The 'ks' parameter must hold numbers of neighbours from 1 to {len(X_train)}, the "
            f"number of training rows. Got {list(ks)} instead."
        )
    scale = neighbour_scale(X_train)
    X_train, X = comparable(X_train, scale), comparable(X, scale)
    search = _Search(X_train, y_train, X, max(ks))
    return np.array([search.predictions(k) for k in ks])


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


class _Search:
    """One search for the neighbours of all rows, and what they say at every k."""

    def __init__(self, X_train: Array, y_train: IndexArray, X: Array, largest_k: int) -> None:
        from sklearn.neighbors import NearestNeighbors  # 40 ms that few need

        self.X, self.y_train = X, y_train
        self.n_classes = int(y_train.max()) + 1
        method = search_method(X_train)
        self.search = NearestNeighbors(n_neighbors=largest_k, algorithm=method).fit(X_train)
        most = min(largest_k + SPARE, len(X_train))
        self.distances, neighbours = self.search.kneighbors(X, most)  # (n, most)
        self.votes = y_train[neighbours]
        self.asks_again = len(X_train) * len(X) <= ASKED_AGAIN
        # Distances between other rows round by where a row stands among those that are asked: a
        # row asked alone might not tie.
        self.alone = self.asks_again and _are_whole(X_train) and _are_whole(X)

    def predictions(self, k: int) -> IndexArray:
        predictions = _majority(self.votes[:, :k], self.n_classes)
        if not self.asks_again:
            return predictions
        undecided = self.undecided(k, predictions)
        if len(undecided):
            again: Any = undecided if self.alone else slice(None)
            nearest = self.search.kneighbors(self.X[again], k, return_distance=False)
            predictions[again] = _majority(self.y_train[nearest], self.n_classes)
        return predictions

    def undecided(self, k: int, majority: IndexArray) -> IndexArray:
        """Return the rows whose majority hangs on which of equally far neighbours count."""
        tied = _tied(self.distances, k)
        distances, votes, majority = self.distances[tied], self.votes[tied], majority[tied]
        last = distances[:, k - 1 : k]  # (n_tied, 1)
        sure = _tally(votes, distances < last, self.n_classes)  # (n_tied, n_classes)
        level = _tally(votes, distances == last, self.n_classes)
        goes_on = distances[:, -1] == last[:, 0]  # perhaps beyond what was searched
        return np.asarray(tied[goes_on | ~_wins(majority, sure, level, k)])


def _are_whole(values: Array) -> bool:
    """Return whether all are whole numbers."""
    return bool((values == np.rint(values)).all())


def _tied(distances: Array, k: int) -> IndexArray:
    """Return the rows whose k-th and (k+1)-th neighbours are equally far."""
    if k >= distances.shape[1]:
        return np.empty(0, np.intp)
    return np.flatnonzero(distances[:, k] == distances[:, k - 1])


def _wins(majority: IndexArray, sure: IndexArray, level: IndexArray, k: int) -> Array:
    """Return the rows whose majority has its fewest votes, and still beats the most of others.

    Of the level votes, only as many count as make k with the sure ones.
    """
    seats = k - sure.sum(axis=1, keepdims=True)
    others = level.sum(axis=1, keepdims=True) - level  # (n_tied, n_classes)
    votes = sure + np.minimum(level, seats)
    rows = np.arange(len(votes))
    votes[rows, majority] = (sure + np.maximum(seats - others, 0))[rows, majority]
    return np.asarray(votes.argmax(axis=1) == majority)


def _majority(votes: IndexArray, n_classes: int) -> IndexArray:
    """Return the most frequent class of each row, the smallest of several."""
    tally = _tally(votes, np.ones(votes.shape, np.bool_), n_classes)
    return np.asarray(tally.argmax(axis=1))


def _tally(votes: IndexArray, counted: Array, n_classes: int) -> IndexArray:
    """Return how many of the votes that count each class has, (n, k) -> (n, n_classes)."""
    cells = np.arange(len(votes))[:, None] * n_classes + votes
    counts = np.bincount(cells[counted], minlength=len(votes) * n_classes)
    return counts.reshape(len(votes), n_classes)
