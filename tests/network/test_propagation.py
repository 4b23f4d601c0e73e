"""One block forward and back: the Gauss–Newton product, and buffers used again."""

from itertools import product

import numpy as np
import pytest

from layerlab.network import (
    ACTIVATIONS,
    Network,
    Workspace,
    block_cost,
    block_curvature,
    block_gradient,
)
from layerlab.network.propagation import forward

M, D, K = 6, 3, 4


def problem(hidden, activation, output, seed=0):
    random = np.random.default_rng(seed)
    network = Network.build(D, hidden, K, activation, output)
    theta = random.normal(size=network.layout.n_weights)
    return network, theta, random.normal(size=(M, D)), np.arange(M) % K, random.random(M)


def filled(network, X, dtype=float):
    work = Workspace(network, len(X), dtype)
    work.A[0][:] = X
    return work


def explicit_gauss_newton(network, theta, X, weights):
    """JᵀHJ, with J by complex steps through the logits and H written out row by row."""
    J = np.empty((M * K, len(theta)))
    for i in range(len(theta)):
        moved = theta.astype(complex)
        moved[i] += 1e-30j
        Z = forward(network, network.layout.split(moved), filled(network, X, complex))
        J[:, i] = Z.imag.ravel() / 1e-30
    H = np.zeros((M * K, M * K))
    for row, z in enumerate(Z.real):
        if network.output.name == "softmax":
            p = np.exp(z - z.max()) / np.exp(z - z.max()).sum()
            part = np.diag(p) - np.outer(p, p)
        else:
            part = np.diag(1 / (2 + 2 * np.cosh(z)))
        at = slice(row * K, (row + 1) * K)
        H[at, at] = weights[row] * part
    return J.T @ H @ J


@pytest.mark.parametrize(
    ("activation", "output", "hidden"),
    list(product(ACTIVATIONS, ["softmax", "sigmoid"], [(), (5,), (4, 5)])),
)
def test_gauss_newton_product_is_that_of_the_matrix_written_out(activation, output, hidden):
    network, theta, X, _, weights = problem(hidden, activation, output)
    G = explicit_gauss_newton(network, theta, X, weights)
    for seed in range(3):
        v = np.random.default_rng(seed).normal(size=len(theta))
        product_ = np.empty_like(v)
        split = network.layout.split
        work = filled(network, X)
        block_curvature(network, split(theta), split(v), work, weights, split(product_))
        expected = G @ v
        assert np.linalg.norm(product_ - expected) <= 1e-12 * np.linalg.norm(expected)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_nothing_of_one_block_is_left_in_the_next(activation):
    network, theta, X, y, weights = problem((5, 4), activation, "softmax")
    layers = network.layout.split(theta)
    whole, again, fresh = (np.full(len(theta), np.nan) for _ in range(3))
    work = filled(network, X)
    first = block_gradient(network, layers, work, y, weights, network.layout.split(whole))
    small = work.rows(3)
    small.A[0][:] = X[3:]
    block_gradient(network, layers, small, y[3:], weights[3:], network.layout.split(again))
    new = filled(network, X[3:])
    block_gradient(network, layers, new, y[3:], weights[3:], network.layout.split(fresh))
    np.testing.assert_array_equal(again, fresh)
    work.A[0][:] = X
    assert block_gradient(network, layers, work, y, weights, network.layout.split(again)) == first
    np.testing.assert_array_equal(again, whole)


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_workspace_of_some_rows_shares_memory(activation):
    network, *_ = problem((5,), activation, "softmax")
    work = Workspace(network, 8, np.float32)
    part = work.rows(3)
    for mine, whole in zip(
        [*part.A, *part.Z, *part.delta], [*work.A, *work.Z, *work.delta], strict=True
    ):
        assert np.shares_memory(mine, whole) and len(mine) == 3 and mine.dtype == np.float32
    keeps_z = ACTIVATIONS[activation].uses_z
    assert np.shares_memory(part.Z[0], part.A[1]) is not keeps_z
    assert work.rows(8) is work


def test_cost_is_a_sum_over_rows():
    network, theta, X, y, weights = problem((5,), "tanh", "softmax")
    layers = network.layout.split(theta)
    rows = [
        block_cost(network, layers, filled(network, X[i : i + 1]), y[i : i + 1], weights[i : i + 1])
        for i in range(M)
    ]
    assert block_cost(network, layers, filled(network, X), y, weights) == pytest.approx(
        sum(rows), rel=1e-14
    )
