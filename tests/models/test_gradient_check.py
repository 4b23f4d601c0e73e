"""The public check of a gradient: right networks pass, planted faults are caught."""

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.exceptions import ConvergenceWarning

from layerlab.errors import DataError, ParameterError
from layerlab.models import (
    FeedforwardClassifier,
    GradientVerdict,
    check_gradient,
    compare_gradient,
)
from layerlab.network import ACTIVATIONS, Layout

IRIS, SPECIES = load_iris(return_X_y=True)
X, Y = IRIS[::3], SPECIES[::3]


def small(**options):
    return FeedforwardClassifier(**{"hidden_layer_sizes": (5, 4), "random_state": 0, **options})


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_every_network_passes_at_its_start(activation, output):
    check = check_gradient(small(activation=activation, output=output, alpha=0.3), X, Y)
    assert check.ok, check
    assert check.relative_norm < 1e-7
    assert [(t.layer, t.tensor) for t in check.tensors] == [
        (layer, tensor) for layer in range(3) for tensor in "Wb"
    ]
    assert check.excluded_share < 0.2


@pytest.mark.parametrize("hidden", [(), (8,), (6, 5, 4)])
@pytest.mark.parametrize("alpha", [0.0, 1e-4, 1.0])
def test_no_false_alarm_at_fitted_weights(hidden, alpha):
    """The gradient there is all but zero, and so is every tensor's norm."""
    model = small(hidden_layer_sizes=hidden, alpha=alpha, max_iter=2000, tol=1e-7).fit(X, Y)
    check = check_gradient(model, X, Y)
    assert check.ok, check
    assert check.cost == pytest.approx(model.loss_, rel=1e-12)


def test_no_false_alarm_where_a_tensor_has_no_gradient_at_all():
    """A dead ReLU layer: the tensors below the last bias have gradient zero exactly."""
    theta = np.zeros(Layout((4, 3, 3)).n_weights)
    theta[12:15] = -1.0  # the hidden biases: no unit ever fires
    model = small(hidden_layer_sizes=(3,), activation="relu", init=theta, alpha=0.0)
    check = check_gradient(model, X, np.r_[np.zeros(20), np.ones(20), np.full(10, 2)])
    assert check.ok and check.relative_norm < 1e-7
    assert [t.gradient_norm == 0 for t in check.tensors] == [True, True, True, False]


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_no_false_alarm_on_raw_pixels():
    digits, labels = load_digits(return_X_y=True)
    model = small(hidden_layer_sizes=(8,), scaling=None)
    check = check_gradient(model, digits[:200] * 16, labels[:200], max_components=30)
    assert check.ok, check


def test_it_is_the_objective_that_fit_minimises():
    """Input map, penalty, sample and class weights: the cost is loss_, to the last digits."""
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    model = small(class_weight={0: 1, 1: 3, 2: 2}, alpha=0.7, dtype="float64")
    model.fit(X, Y, weights)
    assert check_gradient(model, X, Y, weights).cost == pytest.approx(model.loss_, rel=1e-13)
    seen = []
    with pytest.warns(ConvergenceWarning):
        small(max_iter=1, callback=lambda it: seen.append(it.cost)).fit(X, Y)
    assert check_gradient(small(), X, Y).cost > seen[0]


def test_float32_models_are_checked_in_double():
    model = small(dtype="float32", alpha=0.1).fit(X.astype(np.float32), Y)
    check = check_gradient(model, X.astype(np.float32), Y)
    assert check.ok and check.relative_norm < 1e-6


@pytest.mark.parametrize("fitted", [False, True])
def test_the_estimator_is_not_changed(fitted):
    model = small(random_state=np.random.RandomState(3))
    if fitted:
        model.fit(X, Y)
    before = pickle.dumps(model)
    check_gradient(model, X, Y)
    assert pickle.dumps(model) == before


def test_labels_of_a_fitted_network_may_be_some_of_its_classes():
    names = np.array(["ant", "bee", "cow"])
    model = small(alpha=0.1).fit(X, names[Y])
    assert check_gradient(model, X[Y > 0], names[Y[Y > 0]]).ok
    with pytest.raises(DataError, match=r"Got 'dog' in row 0"):
        check_gradient(model, X[:1], ["dog"])


def test_components_are_drawn_by_the_seed_and_counted():
    checks = [check_gradient(small(), X, Y, max_components=7, random_state=s) for s in (0, 0, 1)]
    assert checks[0] == checks[1] != checks[2]
    assert [t.size for t in checks[0].tensors] == [20, 5, 20, 4, 12, 3]
    assert [t.compared + t.excluded for t in checks[0].tensors] == [7, 5, 7, 4, 7, 3]


def test_components_at_a_kink_are_excluded_and_counted():
    """Two inputs, weights and bias chosen so that one row stands exactly at the kink."""
    rows, y = np.array([[1.0, 0.0], [3.0, 1.0], [0.5, 2.0]]), [0, 1, 0]
    theta = np.array([1.0, 1.0, -1.0, 0.7, -0.4, 0.0, 0.0])  # z = x0 + x1 - 1 = 0, 3, 1.5
    model = FeedforwardClassifier((1,), "relu", scaling=None, init=theta)
    check = check_gradient(model, rows, y)
    # x0 = 1 and the bias move z of row 0 off the kink; x1 = 0 does not, and layer 1 is behind it.
    assert [t.excluded for t in check.tensors] == [1, 1, 0, 0]
    assert [t.compared for t in check.tensors] == [1, 0, 2, 2]
    assert check.ok
    assert check.tensors[1].verdict is GradientVerdict.SKIPPED
    near = theta.copy()
    near[2] += 5e-6
    assert check_gradient(model.set_params(init=near), rows, y).tensors[0].excluded == 1
    near[2] += 2e-5
    assert check_gradient(model.set_params(init=near), rows, y).tensors[0].excluded == 0


class Quadratic:
    """f = ½ θᵀdiag(c)θ, with a gradient that a fault can be planted in."""

    def __init__(self, c, fault=None):
        self.c, self.fault = np.asarray(c, float), fault

    def evaluate(self, theta, **_):
        gradient = self.c * theta
        if self.fault:
            self.fault(gradient)
        return 0.5 * float((self.c * theta**2).sum()), gradient


def test_own_objective():
    theta = np.array([1.0, -2.0, 3.0])
    check = compare_gradient(Quadratic([1, 10, 100]), theta)
    assert check.ok and check.relative_norm < 1e-9
    assert (check.tensors[0].tensor, check.tensors[0].size) == ("theta", 3)
    assert theta.tolist() == [1, -2, 3]


@pytest.mark.parametrize(
    "fault",
    [
        lambda g: g.__imul__(1 + 1e-5),
        lambda g: g.__imul__(-1),
        lambda g: g.__setitem__(1, 0.0),
        lambda g: g.__imul__(2.302585),
        lambda g: g.__iadd__(1e-3),
    ],
)
def test_own_objective_with_a_fault(fault):
    check = compare_gradient(Quadratic([1, 10, 100], fault), np.array([1.0, -2.0, 3.0]))
    assert not check.ok and "WRONG" in str(check)


def test_a_fault_is_found_in_the_layer_it_is_in():
    layout = Layout((2, 2, 1))
    theta = np.linspace(0.5, 1.5, layout.n_weights)
    fault = lambda g: layout.split(g)[1][1].__imul__(-1)  # noqa: E731
    check = compare_gradient(Quadratic(np.ones(9), fault), theta, layout)
    assert [(t.layer, t.tensor) for t in check.wrong] == [(1, "b")]


def test_a_cost_alone_is_used_where_there_is_one():
    class WithCost(Quadratic):
        asked = 0

        def cost(self, theta):
            self.asked += 1
            return self.evaluate(theta)[0]

    objective = WithCost(np.ones(3))
    assert compare_gradient(objective, np.ones(3)).ok
    assert objective.asked == 4 * 3


def test_sides_exclude_kinks_of_an_own_objective():
    class Absolute:
        def evaluate(self, theta, **_):
            return float(np.abs(theta).sum()), np.sign(theta)

    theta = np.array([1.0, 1e-6, -1.0])
    assert not compare_gradient(Absolute(), theta).ok
    check = compare_gradient(Absolute(), theta, sides=lambda t: t > 0)
    assert check.ok and check.tensors[0].excluded == 1


KINDS = {
    "layer_norm": {"layer_norm": True},
    "l1": {"l1": 0.5},
    "label_smoothing": {"label_smoothing": 0.2},
    "all": {"layer_norm": True, "l1": 0.5, "label_smoothing": 0.2},
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("activation", ["tanh", "relu"])
@pytest.mark.parametrize("several", [False, True])
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_regularised_networks_pass_at_their_start_and_fitted(kind, activation, several):
    """Fitted, the cost is loss_: penalties and smoothing are in it."""
    y = np.column_stack([X[:, 0] > 5.8, X[:, 1] > 3, Y > 0]).astype(int) if several else Y
    model = small(activation=activation, **KINDS[kind])
    assert check_gradient(model, X, y).ok
    model.set_params(max_iter=5).fit(X, y)
    check = check_gradient(model, X, y)
    assert check.ok and check.relative_norm < 1e-6, check
    assert check.cost == pytest.approx(model.loss_, rel=1e-12)
    assert check.excluded_share < 0.2


def test_weights_at_the_kink_of_an_l1_penalty_are_excluded_and_counted():
    theta = np.full(Layout((4, 3)).n_weights, 0.1)
    theta[:5] = [0.0, 5e-6, -5e-6, 2e-5, -2e-5]
    model = FeedforwardClassifier((), l1=3.0, init=theta)
    check = check_gradient(model, X, Y)
    assert check.ok and [t.excluded for t in check.tensors] == [3, 0]


def test_what_is_drawn_in_training_is_left_out():
    """The clean cost: as without dropout, noise and deformations."""
    drawn = small(dropout=0.5, input_dropout=0.5, noise=1.0, augment="digits", image_shape=(2, 2))
    check = check_gradient(drawn, X, Y)
    assert check.ok and check == check_gradient(small(), X, Y)


def test_labels_of_another_kind_than_in_training_are_refused():
    with pytest.raises(DataError, match="y must have one label a row, as in training"):
        check_gradient(small(alpha=0.1).fit(X, Y), X, np.eye(3)[Y])


def test_what_cannot_be_checked_is_refused():
    with pytest.raises(ParameterError, match="'classifier' parameter must be a Feedforward"):
        check_gradient("model", X, Y)
    with pytest.raises(ParameterError, match="'step' parameter"):
        check_gradient(small(), X, Y, step=0)
    with pytest.raises(ParameterError, match="'max_components' parameter"):
        check_gradient(small(), X, Y, max_components=0)
    with pytest.raises(ParameterError, match="'tolerance' parameter"):
        check_gradient(small(), X, Y, tolerance=-1.0)
    with pytest.raises(ParameterError, match="Did you mean 'tanh'"):
        check_gradient(small(activation="tahn"), X, Y)
    with pytest.raises(DataError, match="not finite at the weights to be checked"):
        compare_gradient(Quadratic([np.inf]), np.ones(1))
    with pytest.raises(ParameterError, match=r"shape of theta, \(2,\)\. Got \(1, 2\)"):
        compare_gradient(Quadratic(np.ones((1, 2))), np.ones(2))
