"""Pass after pass by hand: as `fit` does them, and what is kept between calls."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning

from layerlab.errors import DataError, ParameterError
from layerlab.models import FeedforwardClassifier
from layerlab.solvers import SGD, Adam, AdamW, Muon, Status, WarmUp

X, Y = load_digits(return_X_y=True)
X, Y = X[:300], Y[:300]
ALL = range(10)


def small(**options):
    options = {"solver": Adam(0.01, batch_size=64), "random_state": 0, "n_threads": 1} | options
    return FeedforwardClassifier((8,), **options)


SOLVERS = {
    "sgd": SGD(0.1, batch_size=64),
    "adam": Adam(0.01, batch_size=64, clip_norm=1.0),
    "adamw with a schedule and a mean": AdamW(
        0.01, batch_size=64, schedule=WarmUp(0.2), average=0.9
    ),
    "muon": Muon(0.01, batch_size=64),
    "one batch": Adam(0.01, batch_size=1000),
}


@pytest.mark.parametrize("solver", SOLVERS)
def test_calls_on_the_same_rows_are_the_epochs_of_a_fit(solver):
    """Bit for bit: shuffles, draws, the minimiser's memory and its schedule go on."""
    options = {"solver": SOLVERS[solver], "max_iter": 4, "dropout": 0.1, "l1": 0.01}
    at_once, in_parts = small(**options).fit(X, Y), small(**options)
    thetas = {in_parts.partial_fit(X, Y).theta_.tobytes() for _ in range(4)}
    np.testing.assert_array_equal(in_parts.theta_, at_once.theta_)
    assert in_parts.loss_curve_ == at_once.loss_curve_
    assert in_parts.loss_ == at_once.loss_
    assert (in_parts.n_iter_, in_parts.solution_.status) == (4, Status.EPOCHS)
    assert len(thetas) == 4


def test_more_calls_than_epochs_of_a_fit():
    model = small(max_iter=2)
    for _ in range(4):
        model.partial_fit(X, Y)
    assert model.n_iter_ == 4
    np.testing.assert_array_equal(model.theta_, small(max_iter=4).fit(X, Y).theta_)


def test_rows_that_come_in_parts():
    """All classes are named first: no part has all of them."""
    order = np.argsort(Y, kind="stable")
    model = small(solver=Adam(0.02, batch_size=16), alpha=0.0)
    for _ in range(30):
        for part in range(3):
            rows = order[part::3] if part else order[::3][:60]
            model.partial_fit(X[rows], Y[rows], classes=ALL)
    assert model.score(X, Y) > 0.95
    assert model.classes_.tolist() == list(ALL)


def test_a_pickle_between_two_calls_changes_nothing():
    model = small().partial_fit(X, Y)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.partial_fit(X, Y).theta_, model.partial_fit(X, Y).theta_)


def test_the_input_map_of_the_first_rows_is_kept():
    model = small(scaling="standard").partial_fit(X[:150], Y[:150], classes=ALL)
    first = model.input_map_
    model.partial_fit(3 * X[150:] + 1, Y[150:])
    assert model.input_map_ is first


def test_the_ground_of_the_first_rows_is_kept():
    model = small(augment="digits", image_shape=(8, 8)).partial_fit(X, Y)
    model.partial_fit(16 - X, Y)
    assert (model.augmentation_.background, model.augmentation_.value_range) == (0, (0, 16))


def test_weights():
    """A row of weight zero is absent, and weights are those of a fit."""
    weights = np.random.default_rng(0).integers(0, 3, 300)
    by_fit, in_parts = small(max_iter=2).fit(X, Y, weights), small(max_iter=2)
    for _ in range(2):
        in_parts.partial_fit(X, Y, sample_weight=weights)
    np.testing.assert_array_equal(by_fit.theta_, in_parts.theta_)
    by_class = small(class_weight={k: 1.0 + k for k in ALL}).partial_fit(X, Y)
    by_row = small().partial_fit(X, Y, sample_weight=1.0 + Y)
    np.testing.assert_array_equal(by_class.theta_, by_row.theta_)


def test_after_a_fit_it_goes_on_from_the_weights_and_not_from_calls_before_it():
    model = small(max_iter=3)
    model.partial_fit(X, Y).fit(X, Y)
    end = model.theta_.copy()
    alone = small(max_iter=3).fit(X, Y)
    np.testing.assert_array_equal(end, alone.theta_)
    model.partial_fit(X, Y)
    assert 0 < np.abs(model.theta_ - end).max() < 0.2
    np.testing.assert_array_equal(model.theta_, alone.partial_fit(X, Y).theta_)
    # A fit does not go on from there.
    np.testing.assert_array_equal(model.fit(X, Y).theta_, end)


def test_a_rate_that_is_too_high_keeps_finite_weights_and_says_so():
    model = small(solver=SGD(1e300, batch_size=64))
    with pytest.warns(ConvergenceWarning, match="learning rate"):
        model.partial_fit(X, Y)
    assert model.solution_.status is Status.DIVERGED
    assert np.isfinite(model.theta_).all()
    model.set_params(solver=SGD(0.1, batch_size=64)).partial_fit(X, Y)
    assert model.solution_.status is Status.EPOCHS and np.isfinite(model.loss_)


def test_the_callback_is_told_of_each_pass_and_that_it_is_over():
    class Told(list):
        closed = 0

        def __call__(self, iteration):
            self.append(iteration.n_iter)

        def close(self):
            self.closed += 1

    told = Told()
    model = small(callback=told)
    model.partial_fit(X, Y).partial_fit(X, Y)
    assert (told, told.closed) == ([1, 2], 2)


@pytest.mark.parametrize("solver", ["lbfgs", "cg", "scipy-lbfgs", "hybrid"])
def test_there_is_none_where_the_solver_goes_by_all_rows(solver):
    model = small(solver=solver)
    assert not hasattr(model, "partial_fit")
    with pytest.raises(AttributeError, match="partial_fit"):
        model.partial_fit(X, Y)
    assert hasattr(small(), "partial_fit")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"y": Y + 1}, r"y must hold labels seen in training.*Got 10 in row"),
        ({"classes": range(11)}, r"classes must be those of y in training, \[0, .*Got \[0, .*10\]"),
        ({"y": np.eye(10)[Y]}, r"y must have one label a row.*shape \(300, 10\)"),
        ({"X": X[:, :5]}, "5 features"),
    ],
)
def test_rows_that_are_not_those_of_the_first_call(arguments, says):
    model = small().partial_fit(X, Y)
    before = model.theta_.copy()
    with pytest.raises(ValueError, match=says):
        model.partial_fit(**{"X": X, "y": Y} | arguments)
    np.testing.assert_array_equal(model.theta_, before)


def test_what_the_first_call_refuses():
    with pytest.raises(DataError, match="y must hold labels seen in training"):
        small().partial_fit(X, Y, classes=range(5))
    with pytest.raises(DataError, match=r"at least 2 classes. Got \[3\]"):
        small().partial_fit(X, Y, classes=[3])
    with pytest.raises(DataError, match=r"classes must be those of y in training, \[0, 1, 2\]"):
        small().partial_fit(X, np.eye(3)[Y % 3], classes=range(4))
    model = small(checkpoint="c")
    with pytest.raises(ParameterError, match="one pass over the rows, and checkpoint is for fit"):
        model.partial_fit(X, Y)
    with pytest.raises(ParameterError, match="early_stopping is for fit"):
        small(early_stopping=True).partial_fit(X, Y)


@pytest.mark.parametrize(
    ("first", "then", "says"),
    [
        (Adam(), SGD(), "the last one remembered mean, square, and this one remembers velocity"),
        (SGD(), SGD(average=0.9), "and this one remembers velocity, a running mean"),
        (
            SGD(momentum=0.0, nesterov=False),
            SGD(momentum=0.9),
            "remembered nothing, and this one remembers velocity",
        ),
    ],
)
def test_another_kind_of_solver_than_in_the_first_call(first, then, says):
    model = small(solver=first).partial_fit(X, Y)
    before = model.theta_.copy()
    with pytest.raises(ParameterError, match=says):
        model.set_params(solver=then).partial_fit(X, Y)
    np.testing.assert_array_equal(model.theta_, before)
    model.set_params(solver=first).partial_fit(X, Y)


def test_layers_that_are_not_those_of_the_first_call():
    model = small().partial_fit(X, Y).set_params(hidden_layer_sizes=(9,))
    with pytest.raises(ParameterError, match=r"partial_fit needs the layers .* a new estimator"):
        model.partial_fit(X, Y)
