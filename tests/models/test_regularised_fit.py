"""Dropout, noise, smoothing, L1 and layer normalisation as an estimator's parameters."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV

from layerlab.errors import ParameterError
from layerlab.models import EarlyStopping, FeedforwardClassifier
from layerlab.solvers import LBFGS, Adam, Redrawing

X, Y = load_iris(return_X_y=True)
ADAM = Adam(0.02, batch_size=32)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def small(**options):
    known = {"hidden_layer_sizes": (6, 5), "random_state": 0, "max_iter": 12}
    return FeedforwardClassifier(**known | options)


def mapped_weights(model):
    return np.concatenate([W.ravel() for W in model.coefs_])


def test_l1_is_part_of_the_cost():
    """l1/m · Σ|W|, and α/2m · ΣW², worked by hand at the end of a fit."""
    model = small(l1=0.3, alpha=0.2, max_iter=30).fit(X, Y)
    W = mapped_weights(model)
    data = -model.predict_log_proba(X)[np.arange(150), Y].mean()
    by_hand = data + 0.3 / 150 * np.abs(W).sum() + 0.2 / 300 * (W**2).sum()
    assert model.loss_ == pytest.approx(by_hand, rel=1e-9)


def test_label_smoothing_is_part_of_the_cost():
    model = small(label_smoothing=0.3, alpha=0.0, max_iter=30).fit(X, Y)
    targets = 0.7 * np.eye(3)[Y] + 0.1
    assert model.loss_ == pytest.approx(
        -(targets * model.predict_log_proba(X)).sum(axis=1).mean(), rel=1e-9
    )


def test_layer_norm_makes_units_of_a_row_standard():
    """What enters tanh, less the bias, has mean 0 and variance 1 over the units."""
    model = small(hidden_layer_sizes=(9,), layer_norm=True, max_iter=40).fit(X, Y)
    u = np.arctanh(np.clip(model.activations(X)[1], -1 + 1e-15, 1 - 1e-15)) - model.intercepts_[0]
    np.testing.assert_allclose(u.mean(axis=1), 0, atol=1e-6)
    np.testing.assert_allclose(u.var(axis=1), 1, atol=1e-2)
    assert model.score(X, Y) > 0.9
    # Rows twice as far from the mean, in every feature, enter the layer as the same.
    far = model.input_map_.shift + 2 * (X - model.input_map_.shift)
    np.testing.assert_allclose(model.predict_proba(far), model.predict_proba(X), atol=1e-2)


REACHING = {
    "dropout": [0.3, (0.3, 0.0), (0.0, 0.3)],
    "input_dropout": [0.3],
    "noise": [0.3, (0.3, 0, 0), (0, 0.3, 0), (0, 0, 0.3)],
    "label_smoothing": [0.3],
    "l1": [0.3],
    "layer_norm": [True],
}


@pytest.mark.parametrize("solver", ["lbfgs", ADAM, "hybrid", "scipy-cg"], ids=str)
@pytest.mark.parametrize(("name", "value"), [(n, v) for n, vs in REACHING.items() for v in vs])
def test_each_option_changes_what_is_learnt(name, value, solver):
    plain = small(solver=solver).fit(X, Y)
    model = small(solver=solver, **{name: value}).fit(X, Y)
    assert not np.array_equal(model.theta_, plain.theta_)
    again = small(solver=solver, **{name: value}, n_threads=3).fit(X, Y)
    np.testing.assert_array_equal(model.theta_, again.theta_)


def test_what_is_drawn_is_drawn_in_training_alone():
    model = small(dropout=0.5, noise=1.0, input_dropout=0.5, solver=ADAM).fit(X, Y)
    plain = small(init=model.theta_.copy(), max_iter=1, solver=ADAM).fit(X, Y)
    plain.set_theta(model.theta_)
    np.testing.assert_array_equal(plain.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("option", [{"dropout": 0.2}, {"noise": 0.1}, {"input_dropout": 0.2}])
def test_a_minimiser_by_all_rows_goes_by_legs_where_something_is_drawn(option):
    by_name = small(max_iter=25, **option).fit(X, Y)
    legs = small(max_iter=25, solver=Redrawing(LBFGS(), every=10), **option).fit(X, Y)
    np.testing.assert_array_equal(by_name.theta_, legs.theta_)


def test_it_goes_by_no_legs_where_nothing_is_drawn():
    options = {"max_iter": 25, "label_smoothing": 0.1, "layer_norm": True, "l1": 0.01}
    plain = small(**options).fit(X, Y)
    one_leg, legs = (
        small(**options, solver=Redrawing(LBFGS(), every=n)).fit(X, Y) for n in (25, 10)
    )
    np.testing.assert_array_equal(plain.theta_, one_leg.theta_)
    assert not np.array_equal(plain.theta_, legs.theta_)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"dropout": (0.1,)}, "each of the 2 hidden layers. Got 1 values"),
        ({"noise": (0.1, 0.1)}, "each of the 3 inputs and hidden layers. Got 2 values"),
        ({"hidden_layer_sizes": (), "dropout": (0.1,)}, "each of the 0 hidden layers"),
        ({"hidden_layer_sizes": [2] * 64, "dropout": 0.1}, "fewer than 64 hidden layers"),
        ({"augment": "digits", "image_shape": (3, 3)}, "of 4 values together"),
        ({"augment": "digits"}, "Give image_shape"),
        ({"checkpoint": "c", "random_state": None}, "random_state to be an integer"),
    ],
)
def test_what_does_not_go_together(options, says):
    with pytest.raises(ParameterError, match=says):
        small(**options).fit(X, Y)


def test_without_hidden_layers_a_single_number_is_for_the_inputs_alone():
    plain = small(hidden_layer_sizes=(), solver=ADAM, dropout=0.5).fit(X, Y)
    np.testing.assert_array_equal(
        plain.theta_, small(hidden_layer_sizes=(), solver=ADAM).fit(X, Y).theta_
    )
    assert small(hidden_layer_sizes=(), solver=ADAM, noise=0.5).fit(X, Y).score(X, Y) > 0.5


OPTIONS = {
    "solver": ADAM,
    "dropout": (0.1, 0.2),
    "input_dropout": 0.1,
    "noise": 0.05,
    "label_smoothing": 0.1,
    "l1": 0.01,
    "layer_norm": True,
    "augment": "digits",
    "image_shape": (2, 2),
    "views": 2,
    "early_stopping": EarlyStopping("loss", 3),
    "validation_fraction": 0.2,
}


def test_clones_and_parameters():
    model = small(**OPTIONS).fit(X, Y)
    assert {k: v for k, v in model.get_params(deep=False).items() if k in OPTIONS} == OPTIONS
    copy = clone(model)
    assert not hasattr(copy, "theta_")
    np.testing.assert_array_equal(copy.fit(X, Y).theta_, model.theta_)
    assert model.get_params()["solver__learning_rate"] == 0.02


def test_pickles():
    model = small(**OPTIONS).fit(X, Y)
    back = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(back.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(clone(back).fit(X, Y).theta_, model.theta_)
    assert back.best_iteration_ == model.best_iteration_


def test_a_grid_over_a_solvers_options_and_dropout():
    grid = {"solver__learning_rate": [1e-6, 0.02], "dropout": [0.0, (0.1, 0.1)]}
    search = GridSearchCV(small(solver=ADAM, n_threads=1, max_iter=40), grid, cv=3).fit(X, Y)
    assert search.best_params_["solver__learning_rate"] == 0.02
    assert search.best_score_ > 0.9
    scores = search.cv_results_["mean_test_score"]
    assert len(set(scores.tolist())) > 1
