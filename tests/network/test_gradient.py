"""The exact gradient beside differences of the cost, for every network there is.

Forward propagation is written again here, plainly, so that neither the kink
rule nor the cost of the oracle leans on the code under test.
"""

from itertools import pairwise, product

import numpy as np
import pytest
from scipy.special import erf, expit, log_expit, logsumexp

from layerlab.network import ACTIVATIONS, Layout, cost, cost_and_gradient

N_FEATURES, K, M = 3, 3, 10
HIDDEN = [(), (4,), (4, 3), (4, 3, 3)]
OUTPUTS = ["softmax", "sigmoid"]
ALPHAS = [0.0, 0.7]
SEEDS = [11, 23, 37, 41, 59, 61, 73, 89, 97, 101]
STEP = 1e-5

REFERENCE = {
    "identity": lambda z: z,
    "sigmoid": expit,
    "tanh": np.tanh,
    "relu": lambda z: np.where(z > 0, z, 0.0),
    "leaky_relu": lambda z: np.where(z > 0, z, z / 100),
    "elu": lambda z: np.where(z > 0, z, np.exp(np.minimum(z, 0)) - 1),
    "selu": lambda z: (
        1.0507009873554805 * np.where(z > 0, z, 1.6732632423543772 * (np.exp(np.minimum(z, 0)) - 1))
    ),
    "softplus": lambda z: np.logaddexp(0, z),
    "gelu": lambda z: z * (1 + erf(z / np.sqrt(2))) / 2,
    "silu": lambda z: z * expit(z),
}
KINKED = {"relu", "leaky_relu", "elu", "selu"}


def reference_forward(theta, hidden, X, activation):
    """Return (logits, every hidden pre-activation), cutting theta by hand."""
    A, hidden_z, at = X, [], 0
    widths = (X.shape[1], *hidden, K)
    for layer, (n_in, n_out) in enumerate(pairwise(widths)):
        W = theta[at : at + n_in * n_out].reshape(n_in, n_out)
        at += n_in * n_out
        Z = A @ W + theta[at : at + n_out]
        at += n_out
        if layer < len(hidden):
            hidden_z.append(Z)
            A = REFERENCE[activation](Z)
    assert at == len(theta)
    return Z, hidden_z


def reference_cost(theta, hidden, X, y, alpha, activation, output, weights):
    Z, _ = reference_forward(theta, hidden, X, activation)
    if output == "softmax":
        rows = logsumexp(Z, axis=1) - Z[np.arange(len(y)), y]
    else:
        T = y[:, None] == np.arange(K)
        rows = -np.where(T, log_expit(Z), log_expit(-Z)).sum(axis=1)
    squares, at = 0.0, 0
    for n_in, n_out in pairwise((X.shape[1], *hidden, K)):
        squares += (theta[at : at + n_in * n_out] ** 2).sum()
        at += (n_in + 1) * n_out
    return (weights @ rows + alpha / 2 * squares) / weights.sum()


def problem(hidden, seed, m=M):
    random = np.random.default_rng([seed, len(hidden)])
    X = random.normal(size=(m, N_FEATURES))
    y = random.permutation(np.arange(m) % K)
    theta = random.normal(scale=0.9, size=Layout((N_FEATURES, *hidden, K)).n_weights)
    weights = random.integers(1, 4, m).astype(float)
    return theta, X, y, weights


def sides(theta, hidden, X, activation):
    _, hidden_z = reference_forward(theta, hidden, X, activation)
    return [Z > 0 for Z in hidden_z]


def crosses(theta, i, hidden, X, activation):
    """Whether ±STEP along component i changes the sign of a kinked pre-activation."""
    if activation not in KINKED:
        return False
    here = sides(theta, hidden, X, activation)
    for h in (STEP, -STEP):
        moved = theta.copy()
        moved[i] += h
        there = sides(moved, hidden, X, activation)
        if any((a != b).any() for a, b in zip(here, there, strict=True)):
            return True
    return False


def central_differences(f, theta):
    slopes = np.empty_like(theta)
    for i in range(len(theta)):
        ahead, behind = theta.copy(), theta.copy()
        ahead[i] += STEP
        behind[i] -= STEP
        slopes[i] = (f(ahead) - f(behind)) / (ahead[i] - behind[i])
    return slopes


def complex_step(f, theta):
    slopes = np.empty_like(theta)
    for i in range(len(theta)):
        moved = theta.astype(complex)
        moved[i] += 1e-30j
        slopes[i] = f(moved).imag / 1e-30
    return slopes


def relative_norms(a, n, layout, keep=None):
    keep = np.ones(len(a), bool) if keep is None else keep
    norms = []
    for indices in (part.ravel() for pair in layout.split(np.arange(len(a))) for part in pair):
        kept = indices[keep[indices]]
        larger = max(np.linalg.norm(a[kept]), np.linalg.norm(n[kept]))
        norms.append(np.linalg.norm(a[kept] - n[kept]) / larger if larger else 0.0)
    return norms


GRID = [
    (activation, output, hidden)
    for activation, output, hidden in product(ACTIVATIONS, OUTPUTS, HIDDEN)
    if hidden or activation == "tanh"  # without a hidden layer no activation is used
]


@pytest.mark.parametrize(("activation", "output", "hidden"), GRID)
def test_gradient_agrees_with_central_differences(activation, output, hidden):
    layout = Layout((N_FEATURES, *hidden, K))
    excluded = drawn = 0
    for alpha, seed in product(ALPHAS, SEEDS):
        theta, X, y, weights = problem(hidden, seed)
        arguments = (hidden, K, X, y, alpha, activation, output, weights)
        value, a = cost_and_gradient(theta, *arguments)
        expected = reference_cost(theta, hidden, X, y, alpha, activation, output, weights)
        assert value == pytest.approx(expected, rel=1e-13)
        n = central_differences(lambda t, arguments=arguments: cost(t, *arguments), theta)
        near = np.array([crosses(theta, i, hidden, X, activation) for i in range(len(theta))])
        excluded, drawn = excluded + near.sum(), drawn + len(near)
        assert max(relative_norms(a, n, layout, ~near)) <= 1e-7
    assert excluded < 0.05 * drawn


@pytest.mark.parametrize(("activation", "output", "hidden"), GRID)
def test_gradient_agrees_with_a_complex_step(activation, output, hidden):
    """Exact to the last digits wherever no kink is crossed; a complex step crosses none."""
    layout = Layout((N_FEATURES, *hidden, K))
    for alpha, seed in product(ALPHAS, SEEDS[:5]):
        theta, X, y, weights = problem(hidden, seed)
        arguments = (hidden, K, X, y, alpha, activation, output, weights)
        a = cost_and_gradient(theta, *arguments)[1]
        n = complex_step(lambda t, arguments=arguments: cost(t, *arguments), theta)
        assert max(relative_norms(a, n, layout)) <= 1e-12


@pytest.mark.parametrize("activation", sorted(KINKED))
def test_kink_rule_excludes_what_a_step_carries_across(activation):
    """One weight, one row: z = theta, so the rule can be read off."""
    X, hidden = np.ones((1, 1)), (1,)

    def theta_with(w):
        return np.array([w, 0.0, 1.0, -1.0, 0.5, 0.0, 0.0, 0.0])  # W0, b0, W1 (1 × 3), b1

    for w, crossed in [
        (0.0, True),  # exactly at the kink a step forward leaves it
        (0.5 * STEP, True),
        (-0.5 * STEP, True),
        (2 * STEP, False),
        (-2 * STEP, False),
    ]:
        assert crosses(theta_with(w), 0, hidden, X, activation) is crossed
        assert crosses(theta_with(w), 1, hidden, X, activation) is crossed  # the bias moves z too
        assert not crosses(theta_with(w), 2, hidden, X, activation)  # behind the kink


@pytest.mark.parametrize("name", sorted(KINKED))
def test_gradient_at_a_kink_is_that_of_the_left_side(name):
    """Exactly at 0 the exact gradient equals the one just left of it."""
    rest = [0.3, -1.0, 0.5, 0.2, 0.0, 0.1]
    X, y = np.ones((1, 1)), np.array([1])

    def at(z):
        return cost_and_gradient(np.array([z, 0.0, *rest]), (1,), K, X, y, 0.0, name)[1]

    np.testing.assert_allclose(at(0.0)[:2], at(-1e-12)[:2], rtol=1e-10)
