"""Scores against scikit-learn's, and by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn import metrics as sklearn_metrics

from layerlab.errors import ParameterError
from layerlab.metrics import Score, accuracy, confusion, log_loss, standard_error, wilson_interval

SEEDS = st.integers(0, 2**32 - 1)


def drawn(seed, n_classes=4):
    """Return labels, predictions, log-probabilities and weights of some rows."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 40))
    logits = rng.normal(size=(n, n_classes)) * 3
    logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    return rng.integers(0, n_classes, n), logs.argmax(axis=1), logs, rng.random(n) + 1e-3


@given(SEEDS)
def test_scores_as_scikit_learn(seed):
    labels, predictions, logs, weights = drawn(seed)
    for weight in (None, weights):
        expected = sklearn_metrics.accuracy_score(labels, predictions, sample_weight=weight)
        assert accuracy(labels, predictions, weight) == pytest.approx(expected, rel=1e-12)
        loss = sklearn_metrics.log_loss(labels, np.exp(logs), sample_weight=weight, labels=range(4))
        assert log_loss(labels, logs, weight) == pytest.approx(loss, rel=1e-9)
    table = sklearn_metrics.confusion_matrix(labels, predictions, labels=range(4))
    assert confusion(labels, predictions, 4).tolist() == table.tolist()


@given(SEEDS)
def test_a_weight_of_two_is_the_row_twice(seed):
    labels, predictions, logs, _ = drawn(seed)
    times = np.random.default_rng(seed).integers(1, 4, len(labels))
    again = np.repeat(np.arange(len(labels)), times)
    assert accuracy(labels, predictions, times) == pytest.approx(
        accuracy(labels[again], predictions[again])
    )
    assert log_loss(labels, logs, times) == pytest.approx(log_loss(labels[again], logs[again]))


def test_log_loss_by_hand():
    logs = np.log([[0.5, 0.5], [0.25, 0.75]])
    assert log_loss([0, 0], logs) == pytest.approx(1.5 * np.log(2))
    assert log_loss([0], [[-2000.0, 0.0]]) == 2000


def test_confusion_by_hand():
    counts = confusion([0, 0, 1, 2], [0, 1, 1, 0], 3)
    assert counts.tolist() == [[1, 1, 0], [0, 1, 0], [1, 0, 0]]


def test_accuracy_takes_names():
    assert accuracy(["a", "b"], np.array(["a", "c"], dtype=object)) == 0.5


def test_score_says_interval_and_rows():
    score = Score.of([0, 1, 2, 2], [0, 1, 2, 0])
    assert score == Score(3, 4)
    low, high = wilson_interval(3, 4)
    assert score.to_dict() == {"accuracy": 0.75, "interval": [low, high], "rows": 4}


def test_standard_error_as_scipy():
    values = [0.9, 0.95, 0.97, 0.8]
    assert standard_error(values) == pytest.approx(stats.sem(values))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Score(1, 0), "'rows' parameter"),
        (lambda: Score(3, 2), "'correct' parameter"),
        (lambda: accuracy([1, 2], [1]), "same number of rows. Got 2 and 1"),
        (lambda: accuracy([], []), "'labels' parameter must be a vector with at least one row"),
        (lambda: accuracy([[1]], [1]), "'labels' parameter must be a vector"),
        (lambda: accuracy([1, 2], [1, 2], [1]), "'sample_weight' and 'labels'"),
        (lambda: accuracy([1, 2], [1, 2], [1, -1]), "not negative"),
        (lambda: accuracy([1, 2], [1, 2], [0, 0]), "not all zero"),
        (lambda: accuracy([1, 2], [1, 2], [np.nan, 1]), "finite"),
        (lambda: log_loss([0], [[0.2, 0.8]]), "not predict_proba's"),
        (lambda: log_loss([0], [[np.nan, -1]]), "not above zero"),
        (lambda: log_loss([0], [-1.0]), "a table"),
        (lambda: log_loss([0, 1], [[-1, -1]]), "'labels' and 'log_probabilities'"),
        (lambda: log_loss([2], [[-1, -1]]), "class indices from 0 to 1"),
        (lambda: confusion([0], [3], 3), "'predictions' parameter must hold class indices"),
        (lambda: confusion([0.0], [0], 3), "'labels' parameter must hold class indices"),
        (lambda: confusion([0, 1], [0], 3), "same number of rows"),
        (lambda: confusion([0], [0], 0), "'n_classes' parameter"),
        (lambda: standard_error([1.0]), "at least two"),
        (lambda: standard_error([[1.0, 2.0]]), "in a row"),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ParameterError, match=message):
        call()
