"""The one opening of the sealed test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from time import perf_counter
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_openmp
from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.data import Dataset
from layerlab.exploration.crew import Crew
from layerlab.metrics import PairedDifference, Score, confusion, paired_difference
from layerlab.models import (
    FeedforwardClassifier,
    IndexPredictor,
    NearestNeighbours,
    microseconds_per_row,
)

__all__ = ["NetworkPredictor", "Opening", "TestScore", "open_test_rows"]

TIMED_ROWS = 1000
# Rows that a thread predicts at a time. What neighbours round to may depend on it, so it is fixed.
BLOCK = 1024
SLOW = 0.5  # seconds: a prediction of so long is not repeated to be timed


@dataclass(frozen=True)
class NetworkPredictor:
    """A classifier fitted on class names, answering in class indices.

    Attributes
    ----------
    model : FeedforwardClassifier
    classes : ndarray of shape (K,)
        The names whose indices are wanted, sorted.
    """

    model: FeedforwardClassifier
    classes: Array

    @property
    def n_bytes(self) -> int:
        """Bytes of weights and input map."""
        kept = self.model.input_map_
        return int(self.model.theta_.nbytes + kept.shift.nbytes + kept.scale.nbytes)

    def predict(self, X: Array) -> IndexArray:
        """Return the class index of each row."""
        return np.searchsorted(self.classes, self.model.predict(X)).astype(np.intp)

    def predict_with_probability(self, X: Array) -> tuple[IndexArray, FloatArray]:
        """Return the class index of each row and its probability, from one pass."""
        probabilities = self.model.predict_proba(X)  # (n, classes that the model has seen)
        names = self.model.classes_[probabilities.argmax(axis=1)]
        return np.searchsorted(self.classes, names).astype(np.intp), probabilities.max(axis=1)


@dataclass(frozen=True, eq=False)
class TestScore:
    """What one predictor reached on the test rows.

    Attributes
    ----------
    name : str
    score : Score
    right : ndarray of bool, of shape (n_asked,)
    n_bytes : int
        What it keeps to predict with.
    microseconds : float
        Time to predict a row, many at once, on one thread.
    asked : ndarray of shape (n_asked,) or None
        Which of the test rows it was asked for; None: all.
    """

    name: str
    score: Score
    right: Array
    n_bytes: int
    microseconds: float
    asked: IndexArray | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds; times stand elsewhere."""
        return {**self.score.to_dict(), "bytes": self.n_bytes}


@dataclass(frozen=True, eq=False)
class Opening:
    """Everything that was learnt from the test rows, in one go.

    Attributes
    ----------
    scores : mapping of str to TestScore
        The shipped network is ``"network"``, the others are baselines.
    labels, predictions : ndarray of shape (n_test,)
        Class indices; the network's predictions.
    probabilities : ndarray of shape (n_test,)
        The network's probability of its prediction.
    confusion : ndarray of shape (K, K)
        Counts; rows are true classes.
    """

    scores: Mapping[str, TestScore]
    labels: IndexArray
    predictions: IndexArray
    probabilities: FloatArray
    confusion: Array

    def against(self, baseline: str) -> PairedDifference:
        """Return the network's accuracy less the baseline's, paired by row."""
        other = self.scores[baseline]
        right = self.scores["network"].right
        return paired_difference(right if other.asked is None else right[other.asked], other.right)


def open_test_rows(
    test: Dataset,
    network: NetworkPredictor,
    baselines: Mapping[str, IndexPredictor],
    asked: Mapping[str, IndexArray] | None = None,
    crew: Crew | None = None,
) -> Opening:
    """Score the shipped network and the baselines together on the sealed rows.

    A run calls this once, at its end. Before, labels of test rows have been read
    to cut a stratified split and to count the rows of each class (the line that
    describes the data, ``class_counts``), but nothing is fitted or chosen by them.

    Parameters
    ----------
    test : Dataset
    network : NetworkPredictor
    baselines : mapping of str to IndexPredictor
    asked : mapping of str to ndarray of intp, optional
        The test rows of those baselines that are too slow for all of them.
    crew : Crew, optional
        Threads to share the baselines' work; by default one.

    Returns
    -------
    opening : Opening
    """
    crew, asked = crew or Crew(1), asked or {}
    scores = {
        name: _baseline(name, b, test, asked.get(name), crew) for name, b in baselines.items()
    }
    predictions, probabilities = network.predict_with_probability(test.rows)
    right = np.asarray(predictions == test.labels)
    return Opening(
        {**scores, "network": _score("network", network, right, _microseconds(network, test.rows))},
        test.labels,
        predictions,
        probabilities,
        confusion(test.labels, predictions, test.n_classes),
    )


def _baseline(
    name: str, predictor: IndexPredictor, test: Dataset, asked: IndexArray | None, crew: Crew
) -> TestScore:
    part = test if asked is None else test.subset(asked)
    predictions, seconds = _predicted(predictor, part.rows, crew)
    slow = seconds > SLOW
    each = 1e6 * seconds / part.n_rows if slow else _microseconds(predictor, part.rows)
    return _score(name, predictor, np.asarray(predictions == part.labels), each, asked)


def _predicted(predictor: IndexPredictor, X: Array, crew: Crew) -> tuple[IndexArray, float]:
    """Return predictions, and the seconds of all threads together."""
    if not isinstance(predictor, NearestNeighbours):
        return _timed(predictor, X)
    tasks = [partial(_timed, predictor, X[i : i + BLOCK]) for i in range(0, len(X), BLOCK)]
    found = [block for block in crew.run("neighbours of test rows", tasks) if block is not None]
    return np.concatenate([block[0] for block in found]), sum(block[1] for block in found)


def _timed(predictor: IndexPredictor, X: Array) -> tuple[IndexArray, float]:
    with single_threaded_openmp():
        began = perf_counter()
        predictions = predictor.predict(X)
        return predictions, perf_counter() - began


def _microseconds(predictor: IndexPredictor, X: Array) -> float:
    return microseconds_per_row(predictor, X[:TIMED_ROWS])


def _score(
    name: str,
    predictor: IndexPredictor,
    right: Array,
    microseconds: float,
    asked: IndexArray | None = None,
) -> TestScore:
    score = Score(int(right.sum()), len(right))
    return TestScore(name, score, right, predictor.n_bytes, microseconds, asked)
