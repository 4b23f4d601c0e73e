"""k nearest neighbours at every k from one search: scikit-learn's predictions, ties and all."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import KNeighborsClassifier

from layerlab.errors import ParameterError
from layerlab.models import (
    DEFAULT_KS,
    NearestNeighbours,
    neighbour_curve,
    neighbour_predictions,
)
from layerlab.models import neighbours as module
from layerlab.models.baselines import comparable, search_method
from layerlab.models.neighbours import _Search, _tied, _wins

DIGITS, LABELS = load_digits(return_X_y=True)


def each_k_asked_apart(X_train, y_train, X, ks):
    """What scikit-learn predicts when it is asked for every k on its own."""
    models = [KNeighborsClassifier(k).fit(X_train, y_train) for k in ks]
    return np.array([model.predict(X) for model in models])


def lattice(n_features, seed=0):
    """Points of a coarse lattice, where most distances tie, and their classes at random."""
    random = np.random.default_rng(seed)
    X_train, X = (random.integers(0, 3, (n, n_features)) * 1.0 for n in (200, 120))
    return X_train, random.integers(0, 4, 200), X


@pytest.mark.parametrize("n_features", [3, 20])  # a tree is searched, and every row
@pytest.mark.parametrize("step", [1.0, 0.37])  # distances are exact, and rounded
@pytest.mark.parametrize("seed", range(3))
def test_every_k_is_as_asked_apart_where_distances_tie(n_features, step, seed):
    X_train, y_train, X = lattice(n_features, seed)
    arguments = step * X_train, y_train, step * X
    found = neighbour_predictions(*arguments)
    np.testing.assert_array_equal(found, each_k_asked_apart(*arguments, DEFAULT_KS))


@pytest.mark.parametrize("n_features", [3, 20])
def test_the_lattice_does_tie(n_features):
    """So the test above can fail: the first k of 16 neighbours are not always the k nearest."""
    X_train, y_train, X = lattice(n_features)
    nearest = KNeighborsClassifier().fit(X_train, y_train).kneighbors(X, 16, False)
    prefixes = np.array(
        [[np.bincount(votes).argmax() for votes in y_train[nearest[:, :k]]] for k in DEFAULT_KS]
    )
    assert (prefixes != each_k_asked_apart(X_train, y_train, X, DEFAULT_KS)).any()


def test_every_k_is_as_asked_apart_on_digits():
    train, test = np.arange(0, 1797, 3), np.arange(1, 1797, 6)
    arguments = DIGITS[train], LABELS[train], DIGITS[test]
    found = neighbour_predictions(*arguments)
    np.testing.assert_array_equal(found, each_k_asked_apart(*arguments, DEFAULT_KS))


def mixed_units():
    random = np.random.default_rng(0)
    y = np.arange(90) % 2
    return (random.normal(size=(90, 3)) + y[:, None]) * [1.0, 1000.0, 10.0], y


def test_columns_of_different_units_are_divided_by_their_deviation_in_the_training_rows():
    X, y = mixed_units()
    train, test = slice(0, 60), slice(60, 90)
    deviation = X[train].std(axis=0)
    expected = each_k_asked_apart(X[train] / deviation, y[train], X[test] / deviation, DEFAULT_KS)
    found = neighbour_predictions(X[train], y[train], X[test])
    np.testing.assert_array_equal(found, expected)
    for k in (1, 4, 15):
        model = NearestNeighbours.fit(X[train], y[train], k)
        np.testing.assert_array_equal(model.predict(X[test]), found[k - 1])


def test_a_fold_is_scaled_without_its_test_rows():
    """With a row far out in it, a test part scales nothing: the other rows' answers stay."""
    X, y = mixed_units()
    train, test = np.arange(60), np.arange(60, 90)
    curve = neighbour_curve(X, y, [(train, test)])
    far_out = X.copy()
    far_out[89] = [0, 1e6, 0]  # answered wrongly or rightly, it is one row
    changed = neighbour_curve(far_out, y, [(train, test)])
    assert np.abs(curve - changed).max() <= 1 / 30 + 1e-12


def test_bytes_kept_are_those_of_the_scaled_rows():
    X, y = mixed_units()
    kept = NearestNeighbours.fit(X.astype(np.float32), y, 1)
    assert kept.n_bytes == 90 * 3 * 8 + 90 * 8 + 3 * 8  # double precision once scaled
    assert NearestNeighbours.fit(X[:, :1].astype(np.float32), y, 1).n_bytes == 90 * 4 + 90 * 8


def test_k_may_be_every_row():
    X = np.arange(5.0)[:, None]
    y = np.array([0, 0, 1, 1, 1])
    assert neighbour_predictions(X, y, X, [5, 1]).tolist() == [[1] * 5, y.tolist()]


def test_of_equal_votes_the_first_class_wins():
    X, y = np.array([[0.0], [2.0]]), np.array([1, 0])
    assert neighbour_predictions(X, y, np.array([[0.5]]), [1, 2]).tolist() == [[1], [0]]


def test_only_equal_distances_tie():
    distances = np.array([[1.0, 1.0 + 1e-15, 2.0], [1.0, 1.1, 1.1], [0.0, 0.0, 1.0]])
    assert _tied(distances, 1).tolist() == [2]
    assert _tied(distances, 2).tolist() == [1]
    assert _tied(distances, 3).tolist() == []  # nothing was asked for beyond


@pytest.mark.parametrize(
    ("sure", "level", "settled"),
    [
        ([0, 3, 0], [2, 0, 0], True),  # one more of two of the same class
        ([2, 1, 0], [0, 1, 1], True),  # the other seat makes the others equal at most
        ([1, 2, 0], [1, 0, 1], False),  # the first of equals, if it gets the seat
        ([2, 1, 0], [0, 2, 0], True),  # equal, and the first of equals is ahead already
        ([0, 2, 1], [0, 0, 2], True),
        ([0, 0, 0], [3, 3, 3], False),
    ],
)
def test_when_level_votes_cannot_turn_a_majority(sure, level, settled):
    """Four seats: those that the sure votes leave go to some of the level ones."""
    sure, level = np.array([sure]), np.array([level])
    assert _wins(sure.argmax(axis=1), sure, level, 4).tolist() == [settled]


def test_a_tie_that_goes_on_beyond_the_search_settles_nothing():
    X_train = np.zeros((40, 1))
    search = _Search(X_train, np.zeros(40, int), np.zeros((2, 1)), 3)
    assert search.undecided(3, np.zeros(2, int)).tolist() == [0, 1]


def test_few_rows_of_digits_are_asked_again():
    """One in forty rows ties at some k, and hardly any majority hangs on that."""
    train, test = np.arange(450, 1797), np.arange(450)
    search = _Search(DIGITS[train], LABELS[train], DIGITS[test], DEFAULT_KS[-1])
    majorities = {k: search.predictions(k) for k in DEFAULT_KS}
    assert sum(len(_tied(search.distances, k)) for k in DEFAULT_KS) > 100
    assert sum(len(search.undecided(k, majorities[k])) for k in DEFAULT_KS) < 10


def test_curve_worked_by_hand():
    """On 0 1 2 | 10 11: the nearest is always right, the majority of three only where it fits."""
    X = np.array([[0.0], [1.0], [2.0], [10.0], [11.0]])
    y = np.array([0, 0, 0, 1, 1])
    folds = [(np.array([0, 1, 3]), np.array([2, 4])), (np.array([0, 3, 4]), np.array([1, 2]))]
    assert neighbour_curve(X, y, folds, [1, 3]).tolist() == [[1.0, 0.5], [1.0, 0.0]]


@pytest.mark.parametrize("ks", [[], [0], [1, 6], [-1]])
def test_numbers_that_cannot_be_are_refused(ks):
    X, y = np.zeros((5, 1)), np.zeros(5, int)
    with pytest.raises(ParameterError, match="numbers of neighbours from 1 to 5"):
        neighbour_predictions(X, y, X, ks)


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint16, bool])
def test_small_integers_are_searched_as_floats_of_the_same_values(dtype):
    random = np.random.default_rng(0)
    X = random.integers(0, 2 if dtype is bool else 250, (150, 20)).astype(dtype)
    X[0] = 0  # as pixels, all reach one background
    y = random.integers(0, 3, 150)
    wide = neighbour_predictions(X[:90].astype(float), y[:90], X[90:].astype(float))
    np.testing.assert_array_equal(neighbour_predictions(X[:90], y[:90], X[90:]), wide)
    model = NearestNeighbours.fit(X[:90], y[:90], 3)
    np.testing.assert_array_equal(model.predict(X[90:]), wide[2])
    assert model.n_bytes == X[:90].nbytes + y[:90].nbytes


def test_single_precision_holds_every_value_of_16_bits():
    values = np.arange(2**16, dtype=np.uint16)[:, None]
    assert (comparable(values, None) == values).all()
    assert comparable(values.astype(np.int32), None).dtype == np.int32


@pytest.mark.parametrize(
    ("rows", "features", "method"),
    [(50_001, 9, "brute"), (50_000, 9, "auto"), (50_001, 8, "auto")],
)
def test_many_rows_of_more_than_a_few_features_are_searched_without_a_tree(rows, features, method):
    assert search_method(np.empty((rows, features), np.uint8)) == method


def test_beyond_the_limit_nobody_is_asked_again(monkeypatch):
    X_train, y_train, X = lattice(20)
    monkeypatch.setattr(module, "ASKED_AGAIN", 10)
    search = _Search(X_train, y_train, X, 15)
    monkeypatch.setattr(search.search, "kneighbors", None)
    for k in DEFAULT_KS:
        votes = [np.bincount(row[:k]).argmax() for row in search.votes]
        assert search.predictions(k).tolist() == votes
