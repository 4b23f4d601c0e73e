"""Several networks, averaged: scikit-learn's rules, members by seed, by bag and by scaling."""

from itertools import pairwise

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_digits, load_iris
from sklearn.utils.estimator_checks import check_estimator

from layerlab._checkpoint import Checkpoint
from layerlab.errors import ParameterError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.solvers import Adam

X, Y = load_iris(return_X_y=True)
SMALL = FeedforwardClassifier((6,), solver=Adam(0.02, batch_size=16), max_iter=20)


def ensemble(n=3, **options):
    return FeedforwardEnsemble(SMALL, n, random_state=0, **options)


def test_probabilities_are_the_mean_of_the_members():
    model = ensemble().fit(X, Y)
    expected = np.mean([member.predict_proba(X) for member in model.members_], axis=0)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-12)
    np.testing.assert_allclose(model.predictor()(X), expected, rtol=1e-12)
    np.testing.assert_array_equal(model.predict(X), model.classes_[expected.argmax(axis=1)])
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), expected, rtol=1e-12)


def test_members_differ_and_each_is_a_fit_from_its_seed():
    model = ensemble().fit(X, Y)
    thetas = [member.theta_ for member in model.members_]
    assert all((a != b).any() for a, b in pairwise(thetas))
    for member in model.members_:
        alone = clone(SMALL).set_params(random_state=member.random_state).fit(X, Y)
        np.testing.assert_array_equal(alone.theta_, member.theta_)


def test_the_same_bits_for_any_number_of_threads():
    one, three = (ensemble(4, n_threads=n).fit(X, Y) for n in (1, 3))
    for a, b in zip(one.members_, three.members_, strict=True):
        np.testing.assert_array_equal(a.theta_, b.theta_)


def test_a_bag_is_the_rows_drawn_with_replacement():
    model = ensemble(2, vary="bag")
    model._seed = 5
    bags = [model._bag(i, X, Y, None) for i in range(2)]
    assert [bag.sum() for bag in bags] == [150, 150]
    assert (bags[0] != bags[1]).any()
    assert 0.5 < (bags[0] > 0).mean() < 0.75  # 1 - 1/e of the rows
    own = np.arange(1.0, 151.0)
    np.testing.assert_array_equal(model._bag(0, X, Y, own), bags[0] * own)
    model.fit(X, Y)
    assert model.score(X, Y) > 0.9


@pytest.mark.parametrize("seed", range(20))
def test_no_class_is_missing_from_a_bag(seed):
    """Two classes of one row each, and one row that counts for nothing."""
    y = np.array([0, 1] * 20 + [2, 3, 4])
    weight = np.array([1.0] * 42 + [0.0])
    model = FeedforwardEnsemble(SMALL, 2, vary="bag", random_state=seed)
    model._seed = seed
    for i in range(2):
        bag = model._bag(i, X[:43], y, weight)
        assert bag[40:].tolist() == [1.0, 1.0, 0.0]
        assert [bag[:40][y[:40] == k].sum() for k in range(2)] == [20.0, 20.0]


def test_a_bag_of_several_labels_a_row_is_of_all_rows():
    several = (np.arange(4) < Y[:, None] + 1).astype(int)
    model = ensemble(2, vary="bag").fit(X, several)
    assert model.predict_proba(X).shape == (150, 4)


def test_members_must_know_the_same_classes():
    a, b = (clone(SMALL).set_params(random_state=0).fit(X[:n], Y[:n]) for n in (100, 150))
    with pytest.raises(ParameterError, match=r"same classes. Got \[0, 1\] and \[0, 1, 2\]"):
        FeedforwardEnsemble().take([a, b])


def test_names_of_an_earlier_fit_are_forgotten():
    pd = pytest.importorskip("pandas")
    model = ensemble(1).fit(pd.DataFrame(X, columns=list("abcd")), Y)
    assert list(model.feature_names_in_) == list("abcd")
    assert not hasattr(model.fit(X[:, :3], Y), "feature_names_in_")


def test_members_by_scaling():
    model = ensemble(2, vary="scaling").fit(X, Y)
    a, b = (member.input_map_.scale for member in model.members_)
    assert len(np.unique(a)) == 1  # "range"
    assert len(np.unique(b)) == 4  # "standard"


def test_several_labels_a_row():
    several = (np.arange(4) < Y[:, None] + 1).astype(int)
    model = ensemble().fit(X, several)
    assert model.predict(X).shape == several.shape
    assert set(np.unique(model.predict(X))) <= {0, 1}
    P = model.predict_proba(X)
    assert ((P > 0) & (P < 1)).all()
    np.testing.assert_array_equal(model.decision_function(X) > 0, P > 0.5)


def test_a_callback_that_stops_one_member_leaves_the_others():
    told = []
    base = clone(SMALL).set_params(callback=lambda iteration: told.append(iteration.n_iter))
    model = FeedforwardEnsemble(base, 2, random_state=0).fit(X, Y)
    assert sorted(told) == sorted([*range(1, 21)] * 2)
    assert all(member.n_iter_ == 20 for member in model.members_)


def test_each_member_keeps_its_state_in_a_folder_of_its_own(tmp_path):
    base = clone(SMALL).set_params(checkpoint=Checkpoint(tmp_path, every=0))
    model = FeedforwardEnsemble(base, 2, random_state=0).fit(X, Y)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["member-1", "member-2"]
    plain = ensemble(2).fit(X, Y)
    for a, b in zip(model.members_, plain.members_, strict=True):
        np.testing.assert_array_equal(a.theta_, b.theta_)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_members": 0}, "n_members.*an integer from 1 upwards. Got 0"),
        ({"vary": "sed"}, "vary.*Did you mean 'seed'"),
        ({"estimator": 3}, "estimator.*a FeedforwardClassifier. Got 3"),
    ],
)
def test_what_is_refused(options, says):
    with pytest.raises(ParameterError, match=says):
        FeedforwardEnsemble(**{"estimator": SMALL, **options}).fit(X, Y)


def test_an_error_in_one_member_ends_all(monkeypatch):
    def failing(self, *_, **__):
        raise RuntimeError("no")

    monkeypatch.setattr(FeedforwardClassifier, "fit", failing)
    with pytest.raises(RuntimeError, match="no"):
        ensemble(3).fit(X, Y)


def test_better_than_its_members_on_digits():
    digits, labels = load_digits(return_X_y=True)
    base = FeedforwardClassifier((64, 64), "relu", max_iter=400)
    model = FeedforwardEnsemble(base, 9, random_state=0).fit(digits[:900], labels[:900])
    scores = [member.score(digits[900:], labels[900:]) for member in model.members_]
    assert model.score(digits[900:], labels[900:]) > np.mean(scores) + 0.005


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.EstimatorCheckFailedWarning")
@pytest.mark.filterwarnings("ignore:.*:FutureWarning:sklearn")
def test_check_estimator():
    model = FeedforwardEnsemble(FeedforwardClassifier((8,)), 2)
    results = check_estimator(model, on_fail=None, on_skip=None)
    faults = [(r["check_name"], r["exception"]) for r in results if r["status"] == "failed"]
    assert not faults
