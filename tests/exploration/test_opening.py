"""The opening of the test rows: one pass, and honest sizes."""

import warnings

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import ConvergenceWarning

from layerlab.data import Dataset
from layerlab.exploration import opening as module
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Crew
from layerlab.exploration.opening import NetworkPredictor, open_test_rows
from layerlab.models import MajorityClass, NearestNeighbours

X, Y = load_iris(return_X_y=True)
DATA = Dataset.from_arrays(X, np.array(["a", "b", "c"])[Y], name="iris")


@pytest.fixture(scope="module")
def model():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return Configuration((4,), 0.1).classifier(0, n_threads=1).fit(X[::2], DATA.y[::2])


def test_bytes_of_a_network_are_weights_in_single_and_input_map_in_double_precision(model):
    n_weights = 4 * 4 + 4 + 4 * 3 + 3
    assert NetworkPredictor(model, DATA.classes).n_bytes == 4 * n_weights + 8 * 2 * 4


def test_predictions_and_their_probabilities(model):
    test = DATA.subset(np.arange(1, 150, 2))
    opening = open_test_rows(test, NetworkPredictor(model, DATA.classes), {"majority": _majority()})
    assert [DATA.classes[i] for i in opening.predictions] == model.predict(test.rows).tolist()
    np.testing.assert_array_equal(opening.probabilities, model.predict_proba(test.rows).max(axis=1))
    assert list(opening.scores) == ["majority", "network"]
    assert opening.scores["network"].score.correct == np.trace(opening.confusion)
    assert opening.scores["majority"].score.correct == (test.labels == 0).sum()


def test_a_class_that_the_network_never_saw_keeps_its_place():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        seen = np.flatnonzero(Y != 1)
        model = Configuration((), 0.1).classifier(0).fit(X[seen], DATA.y[seen])
    predictions, _ = NetworkPredictor(model, DATA.classes).predict_with_probability(X)
    assert set(predictions.tolist()) == {0, 2}
    np.testing.assert_array_equal(predictions, NetworkPredictor(model, DATA.classes).predict(X))


def _majority():
    return MajorityClass.fit(np.zeros(3, int))


def test_neighbours_are_asked_in_blocks_on_any_threads_for_the_same_answers(model, monkeypatch):
    monkeypatch.setattr(module, "BLOCK", 7)
    test = DATA.subset(np.arange(1, 150, 2))
    knn = NearestNeighbours.fit(X[::2], Y[::2], 3)
    network = NetworkPredictor(model, DATA.classes)
    for crew in (None, Crew(3)):
        scores = open_test_rows(test, network, {"knn": knn}, crew=crew).scores
        np.testing.assert_array_equal(scores["knn"].right, knn.predict(test.rows) == test.labels)


def test_a_slow_baseline_is_timed_by_its_one_prediction(model, monkeypatch):
    monkeypatch.setattr(module, "SLOW", -1.0)
    monkeypatch.setattr(module, "microseconds_per_row", lambda *_: 12345.0)
    test = DATA.subset(np.arange(1, 150, 2))
    network = NetworkPredictor(model, DATA.classes)
    scores = open_test_rows(test, network, {"majority": _majority()}).scores
    assert scores["majority"].microseconds < 12345.0
    assert scores["network"].microseconds == 12345.0


def test_a_baseline_asked_for_some_rows_is_paired_on_those(model):
    test, network = DATA.subset(np.arange(1, 150, 2)), NetworkPredictor(model, DATA.classes)
    wrong = np.flatnonzero(network.predict(test.rows) != test.labels)
    asked = np.sort(np.r_[0, 5, 74, wrong[-1]])
    found = open_test_rows(test, network, {"majority": _majority()}, {"majority": asked})
    score = found.scores["majority"]
    assert score.score.rows == 4
    np.testing.assert_array_equal(score.right, test.labels[asked] == 0)
    difference = found.against("majority")
    expected = found.scores["network"].right[asked].mean() - score.right.mean()
    assert (difference.n, difference.difference) == (4, pytest.approx(expected))
