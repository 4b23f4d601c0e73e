"""The plain functions: worked by hand, other libraries as oracles, SciPy's form, bad input."""

import math
from itertools import product

import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.neural_network import MLPClassifier

from layerlab.errors import DataError, ParameterError
from layerlab.network import Layout, cost, cost_and_gradient, feedforward, gradient

OUR_NAMES = {"logistic": "sigmoid", "tanh": "tanh", "relu": "relu", "identity": "identity"}


def problem(hidden=(5, 4), d=6, k=3, m=40, seed=0):
    random = np.random.default_rng(seed)
    theta = random.normal(size=Layout((d, *hidden, k)).n_weights)
    return (
        theta,
        random.normal(size=(m, d)),
        random.integers(0, k, m),
        random.integers(1, 5, m) * 1.0,
    )


def test_cost_and_gradient_worked_by_hand():
    """One input, one sigmoid unit, two output units, one row x = 2 of class 0.

    w = log 3 / 2, b = 0: z = log 3, a = 3/4. Output weights log 3 · 4/3 and 0: logits log 3 and
    0, units 3/4 and 1/2; cost = -log 3/4 - log 1/2 + α/2 (w² + v²). delta = (-1/4, 1/2);
    back through v = (4/3 log 3, 0) and a (1 - a) = 3/16: -1/4 · 4/3 log 3 · 3/16 = -log 3 / 16.
    """
    w, v = math.log(3) / 2, math.log(3) * 4 / 3
    theta = np.array([w, 0, v, 0, 0, 0])
    value, slopes = cost_and_gradient(theta, (1,), 2, np.array([[2.0]]), np.array([0]), 0.5)
    assert value == pytest.approx(math.log(4 / 3) + math.log(2) + 0.25 * (w * w + v * v), rel=1e-14)
    by_hand = [
        -math.log(3) / 8 + 0.5 * w,
        -math.log(3) / 16,
        -3 / 16 + 0.5 * v,
        3 / 8,
        -1 / 4,
        1 / 2,
    ]
    np.testing.assert_allclose(slopes, by_hand, rtol=1e-14)


def test_penalty_spares_every_bias_and_is_divided_by_m():
    """Two rows whose data term does not change with θ's scale: only the penalty is left."""
    layout = Layout((2, 3, 2))
    theta = np.zeros(layout.n_weights)
    X, y = np.zeros((5, 2)), np.array([0, 1, 0, 1, 0])
    base = cost(theta, (3,), 2, X, y, 1.0)
    (W0, b0), (W1, _) = layout.split(theta)
    W0[...], W1[...] = 1.0, 0.0
    assert cost(theta, (3,), 2, X, y, 1.0) - base == pytest.approx(6 / (2 * 5), rel=1e-12)
    slopes = layout.split(gradient(theta, (3,), 2, X, y, 1.0))
    np.testing.assert_allclose(slopes[0][0], 1 / 5, rtol=1e-12)
    b0[...] = 3.0
    assert cost(theta, (3,), 2, X, y, 1.0) - base == pytest.approx(6 / (2 * 5), rel=1e-12)


@pytest.mark.parametrize("hidden", [(), (8,), (8, 8), (8, 16, 8)])
@pytest.mark.parametrize("alpha", range(5))
def test_cost_at_zero_weights_is_known(hidden, alpha):
    """All units answer 1/2: K log 2 a row, whatever α; softmax: log K."""
    X, y = np.random.default_rng(0).normal(size=(7, 64)), np.arange(7)
    theta = np.zeros(Layout((64, *hidden, 10)).n_weights)
    assert cost(theta, hidden, 10, X, y, alpha) == pytest.approx(10 * math.log(2), rel=1e-14)
    softmax = cost(theta, hidden, 10, X, y, alpha, output="softmax")
    assert softmax == pytest.approx(math.log(10), rel=1e-14)


@pytest.mark.parametrize(
    ("name", "output", "hidden", "weighted"),
    list(product(OUR_NAMES, ["softmax", "logistic"], [(), (5,), (5, 4)], [False, True])),
)
def test_agrees_with_scikit_learns_network(name, output, hidden, weighted):
    theta, X, y, weights = problem(hidden)
    theta *= 0.3  # it clips probabilities: far out its cost is not exact
    alpha, layout = 0.3, Layout((6, *hidden, 3))
    weights = weights if weighted else None
    oracle = MLPClassifier(hidden, activation=name, alpha=alpha)
    oracle.n_layers_, oracle.out_activation_ = len(hidden) + 2, output
    loss, oracle_slopes = sklearn_loss_and_gradient(oracle, layout, theta, X, y, weights)
    ours = cost_and_gradient(
        theta,
        hidden,
        3,
        X,
        y,
        alpha,
        OUR_NAMES[name],
        output.replace("logistic", "sigmoid"),
        weights,
    )
    assert ours[0] == pytest.approx(loss, rel=1e-12)
    np.testing.assert_allclose(ours[1], oracle_slopes, rtol=1e-9, atol=1e-13)


def sklearn_loss_and_gradient(oracle, layout, theta, X, y, weights):
    """Ask MLPClassifier's own backpropagation, its weights set to theta."""
    oracle.loss = "log_loss" if oracle.out_activation_ == "softmax" else "binary_log_loss"
    oracle.coefs_ = [W.copy() for W, _ in layout.split(theta)]
    oracle.intercepts_ = [b.copy() for _, b in layout.split(theta)]
    targets = (y[:, None] == np.arange(3)).astype(float)
    activations = [X, *(np.empty((len(X), n)) for n in layout.widths[1:])]
    deltas = [np.empty_like(A) for A in activations[1:]]
    dW = [np.empty_like(W) for W in oracle.coefs_]
    db = [np.empty_like(b) for b in oracle.intercepts_]
    loss, dW, db = oracle._backprop(X, targets, weights, activations, deltas, dW, db)
    return loss, layout.join(list(zip(dW, db, strict=True)))


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize(
    "name", ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "selu", "softplus", "gelu", "silu"]
)
def test_agrees_with_pytorch(name, output):
    torch = pytest.importorskip(
        "torch", reason="PyTorch, the oracle of this test, is not installed"
    )
    theta, X, y, weights = problem()
    layers = [
        [torch.tensor(part, requires_grad=True) for part in pair]
        for pair in Layout((6, 5, 4, 3)).split(theta)
    ]
    A = torch.tensor(X)
    for W, b in layers[:-1]:
        A = getattr(torch.nn.functional, name)(A @ W + b)
    Z = A @ layers[-1][0] + layers[-1][1]
    w = torch.tensor(weights / weights.sum())
    if output == "softmax":
        rows = torch.nn.functional.cross_entropy(Z, torch.tensor(y), reduction="none")
    else:
        T = torch.nn.functional.one_hot(torch.tensor(y), 3).double()
        logits_loss = torch.nn.functional.binary_cross_entropy_with_logits
        rows = logits_loss(Z, T, reduction="none").sum(dim=1)
    loss = (w * rows).sum()
    loss.backward()
    slopes = np.concatenate([part.grad.numpy().ravel() for pair in layers for part in pair])
    ours = cost_and_gradient(theta, (5, 4), 3, X, y, 0.0, name, output, weights)
    assert ours[0] == pytest.approx(loss.item(), rel=1e-12)
    np.testing.assert_allclose(ours[1], slopes, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_sample_weights_are_repeated_rows(output):
    theta, X, y, weights = problem()
    counts = weights.astype(int)
    weighted = cost_and_gradient(theta, (5, 4), 3, X, y, 0.4, "tanh", output, weights)
    repeated = cost_and_gradient(
        theta, (5, 4), 3, X.repeat(counts, axis=0), y.repeat(counts), 0.4, "tanh", output
    )
    assert weighted[0] == pytest.approx(repeated[0], rel=1e-13)
    np.testing.assert_allclose(weighted[1], repeated[1], rtol=1e-10, atol=1e-15)


def test_the_four_functions_say_the_same():
    theta, X, y, weights = problem()
    arguments = ((5, 4), 3, X, y, 0.4, ["tanh", "relu"], "softmax", weights)
    value, slopes = cost_and_gradient(theta, *arguments)
    assert cost(theta, *arguments) == value == feedforward(theta, *arguments).cost
    np.testing.assert_array_equal(gradient(theta, *arguments), slopes)


def test_fits_straight_into_scipy():
    _, X, _, _ = problem()
    y = (X[:, 0] > 0).astype(int) + (X[:, 1] > 0)
    theta = np.random.default_rng(1).uniform(-0.5, 0.5, Layout((6, 8, 3)).n_weights)
    arguments = ((8,), 3, X, y, 0.0)
    for method in ("CG", "L-BFGS-B"):
        found = minimize(cost_and_gradient, theta, args=arguments, jac=True, method=method)
        assert found.fun < 1e-3
        assert (feedforward(found.x, *arguments).predictions == y).all()
    apart = minimize(cost, theta, args=arguments, jac=gradient, method="L-BFGS-B")
    np.testing.assert_array_equal(apart.x, found.x)


def test_feedforward_shapes_and_contents():
    theta, X, y, _ = problem()
    result = feedforward(theta, (5, 4), 3, X, y, activation="tanh")
    assert [A.shape for A in result.activations] == [(40, 6), (40, 5), (40, 4), (40, 3)]
    assert [M.shape for M in result.weights] == [(5, 7), (4, 6), (3, 5)]
    assert result.probabilities.shape == (40, 3) and result.predictions.shape == (40,)
    np.testing.assert_allclose(result.probabilities.sum(axis=1), 1, rtol=1e-14)
    np.testing.assert_array_equal(result.activations[0], X)
    # The notebook's own step from layer to layer: a column of ones in front, then Θᵀ.
    for A, Theta, B in zip(
        result.activations[:2], result.weights[:2], result.activations[1:3], strict=True
    ):
        with_one = np.column_stack([np.ones(40), A])
        np.testing.assert_allclose(np.tanh(with_one @ Theta.T), B, rtol=1e-12)
    np.testing.assert_array_equal(result.predictions, result.activations[-1].argmax(axis=1))


def test_saturated_units_give_no_log_of_zero_and_no_warning():
    theta = np.array([1000.0, -1000.0, 0.0, 0.0])
    value, slopes = cost_and_gradient(theta, (), 2, np.ones((2, 1)), np.array([0, 1]))
    assert value == 1000.0  # (0 + 2000) / 2: the second row has both units wrong
    assert slopes.tolist() == [0.5, -0.5, 0.5, -0.5]
    assert feedforward(theta, (), 2, np.ones((2, 1)), np.array([0, 1])).cost == 1000.0


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"y": np.array([0, 1, 3])}, DataError, "class index from 0 to 2 for each of the 3 rows"),
        ({"y": np.array([0.0, 1, 2])}, DataError, "Got float64 values"),
        ({"y": np.array([0, 1])}, DataError, r"shape \(2,\)"),
        ({"X": np.zeros(3)}, DataError, r"X must have shape \(m, n_features\)"),
        ({"theta": np.zeros(3)}, ParameterError, r"theta must have shape \(9,\)"),
        ({"alpha": -1}, ParameterError, "'alpha' parameter must be a number"),
        ({"activation": "tahn"}, ParameterError, "Did you mean 'tanh'"),
        ({"output": "sotfmax"}, ParameterError, "Did you mean 'softmax'"),
        ({"sample_weight": np.ones(2)}, DataError, "each of the 3 rows of X"),
        ({"sample_weight": np.array([1, -1, 1])}, DataError, "not negative"),
        ({"sample_weight": np.zeros(3)}, DataError, "not all zero"),
    ],
)
def test_bad_input_is_refused_in_one_line(changes, error, says):
    arguments = {
        "theta": np.zeros(9),
        "hidden_layer_sizes": (),
        "n_labels": 3,
        "X": np.zeros((3, 2)),
        "y": np.array([0, 1, 2]),
    }
    with pytest.raises(error, match=says) as raised:
        cost(**{**arguments, **changes})
    assert "\n" not in str(raised.value)
