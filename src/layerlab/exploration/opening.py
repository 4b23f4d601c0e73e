"""The one opening of the sealed test rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.data import Dataset
from layerlab.metrics import PairedDifference, Score, confusion, paired_difference
from layerlab.models import FeedforwardClassifier, IndexPredictor, microseconds_per_row

__all__ = ["NetworkPredictor", "Opening", "TestScore", "open_test_rows"]

TIMED_ROWS = 1000


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
    right : ndarray of bool, of shape (n_test,)
    n_bytes : int
        What it keeps to predict with.
    microseconds : float
        Time to predict a row, many at once, on one thread.
    """

    name: str
    score: Score
    right: Array
    n_bytes: int
    microseconds: float

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
        return paired_difference(self.scores["network"].right, self.scores[baseline].right)


def open_test_rows(
    test: Dataset, network: NetworkPredictor, baselines: Mapping[str, IndexPredictor]
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

    Returns
    -------
    opening : Opening
    """
    scores = {name: _score(name, b, b.predict(test.rows), test) for name, b in baselines.items()}
    predictions, probabilities = network.predict_with_probability(test.rows)
    return Opening(
        {**scores, "network": _score("network", network, predictions, test)},
        test.labels,
        predictions,
        probabilities,
        confusion(test.labels, predictions, test.n_classes),
    )


def _score(
    name: str, predictor: IndexPredictor, predictions: IndexArray, test: Dataset
) -> TestScore:
    right = np.asarray(predictions == test.labels)
    return TestScore(
        name,
        Score(int(right.sum()), len(right)),
        right,
        predictor.n_bytes,
        microseconds_per_row(predictor, test.rows[:TIMED_ROWS]),
    )
