"""The learning rate for a model and its rows."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris

from layerlab.errors import DataError, ParameterError
from layerlab.models import FeedforwardClassifier
from layerlab.models.rates import learning_rate_curve
from layerlab.solvers import SGD, Adam

X, Y = load_iris(return_X_y=True)


def small(**options):
    options = {"hidden_layer_sizes": (5,), "solver": Adam(batch_size=16), **options}
    return FeedforwardClassifier(random_state=0, **options)


def test_a_rate_that_trains():
    """Two epochs at the suggestion gain more than at a hundredth, or at what made the cost rise."""
    search = learning_rate_curve(small(), X, Y, high=1e3)
    assert len(search.rates) < 100
    rates = search.suggestion, search.suggestion / 100, search.rates[-1]
    models = [small(solver=Adam(rate, batch_size=16), max_iter=2).fit(X, Y) for rate in rates]
    assert models[0].loss_ < min(models[1].loss_, models[2].loss_)


def test_the_same_again_and_the_model_is_not_changed():
    model = small()
    before = clone(model).get_params()
    first, second = (learning_rate_curve(model, X, Y) for _ in range(2))
    np.testing.assert_array_equal(first.costs, second.costs)
    assert {**model.get_params(), "solver": None} == {**before, "solver": None}
    assert not hasattr(model, "n_features_in_")
    assert not model.__sklearn_is_fitted__()


def test_it_begins_where_fit_begins():
    """The first cost is that of all rows at the start weights where a batch holds all rows."""
    model = small(solver=SGD(1e-12, batch_size=200), max_iter=1)
    start = []
    model.set_params(callback=lambda iteration: start.append(iteration.cost)).fit(X, Y)
    assert learning_rate_curve(model, X, Y).costs[0] == pytest.approx(start[0], rel=1e-12)


def test_rows_weighted_alike_are_as_without_weights():
    model = small(alpha=0.0)
    plain = learning_rate_curve(model, X, Y)
    same = learning_rate_curve(model, X, Y, np.full(len(X), 2.0))
    np.testing.assert_allclose(same.costs, plain.costs, rtol=1e-9)
    other = learning_rate_curve(model, X, Y, 1.0 + Y)
    assert not np.allclose(other.costs, plain.costs, rtol=1e-2)


def test_what_cannot_be_is_refused():
    with pytest.raises(ParameterError, match="'classifier' parameter must be a FeedforwardClass"):
        learning_rate_curve(Adam(), X, Y)
    with pytest.raises(ParameterError, match="one that goes by mini-batches, such as 'adam'"):
        learning_rate_curve(small(solver="lbfgs"), X, Y)
    with pytest.raises(ParameterError, match="'n_steps' parameter"):
        learning_rate_curve(small(), X, Y, n_steps=1)
    with pytest.raises(ParameterError, match="'alpha' parameter"):
        learning_rate_curve(small(alpha=-1), X, Y)
    with pytest.raises(DataError, match="at least 2 classes"):
        learning_rate_curve(small(), X, np.zeros(len(X)))
