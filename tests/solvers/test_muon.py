"""Muon against PyTorch's, in double precision, and its orthogonal matrices."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import Adam, Muon, Stopping
from layerlab.solvers.muon import orthogonalised


def test_a_hundred_steps_as_pytorch_takes_them(twin, monkeypatch):
    torch = twin.torch
    monkeypatch.setattr(torch.Tensor, "bfloat16", lambda tensor: tensor)

    def optimisers(weights, biases):
        options = {"weight_decay": 0.2, "momentum": 0.9, "adjust_lr_fn": "match_rms_adamw"}
        return [torch.optim.Muon(weights, 0.01, **options), torch.optim.Adam(biases, 0.01)]

    twin.agree(Muon(0.01, 0.2, 0.9, batch_size=32), optimisers)


@pytest.mark.parametrize("shape", [(12, 12), (30, 7), (7, 30), (1, 5), (5, 1), (1, 1)])
def test_singular_vectors_are_kept_and_values_near_one(shape):
    random = np.random.default_rng(sum(shape))
    U, _, Vt = np.linalg.svd(random.normal(size=shape), full_matrices=False)
    sizes = np.geomspace(1, 0.1, min(shape))
    result = orthogonalised(U * (3 * sizes) @ Vt)
    within = U.T @ result @ Vt.T
    np.testing.assert_allclose(within, np.diag(np.diag(within)), atol=1e-10)
    np.testing.assert_allclose(U @ within @ Vt, result, atol=1e-10)
    assert 0.65 < np.diag(within).min() <= np.diag(within).max() < 1.25


def test_a_round_by_hand():
    """One by one: x = 1 after its length is taken off, then a + b + c."""
    assert orthogonalised(np.array([[-8.0]]), 1) == pytest.approx(-(3.4445 - 4.7750 + 2.0315))


def test_the_scale_of_a_matrix_and_its_transpose_do_not_matter():
    matrix = np.random.default_rng(0).normal(size=(6, 9))
    expected = orthogonalised(matrix)
    np.testing.assert_allclose(orthogonalised(1e5 * matrix), expected, rtol=1e-10)
    np.testing.assert_allclose(orthogonalised(matrix.T).T, expected, rtol=1e-12)
    np.testing.assert_array_equal(orthogonalised(0 * matrix), 0 * matrix)


def test_a_step_by_hand(twin):
    """What the first remembers is all along the gradient, whose length does not matter."""
    theta = twin.start
    gradient = twin.objective.evaluate(theta)[1]
    solution = Muon(0.01, 0.5, batch_size=300).minimize(twin.objective, theta, stopping=Stopping(1))
    before, slopes, after = map(twin.layout.split, (theta, gradient, solution.theta))
    for (W, b), (dW, db), (W_after, b_after) in zip(before, slopes, after, strict=True):
        size = 0.2 * max(W.shape) ** 0.5
        expected = W * (1 - 0.01 * 0.5) - 0.01 * size * orthogonalised(dW)
        np.testing.assert_allclose(W_after, expected, atol=1e-9)
        # Adam's first step is as long as the rate, whatever the gradient.
        np.testing.assert_allclose(b_after, b - 0.01 * np.sign(db), atol=1e-6)


def test_where_no_matrices_are_known_it_is_adam(least_squares):
    ends = [
        solver.minimize(least_squares(), np.zeros(3), stopping=Stopping(5)).theta
        for solver in (Muon(0.1, batch_size=8), Adam(0.1, batch_size=8))
    ]
    np.testing.assert_array_equal(*ends)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weight_decay": -0.1}, r"'weight_decay' parameter must be a number in the range \[0"),
        ({"momentum": 1.0}, r"'momentum' parameter must be a number in the range \[0, 1\)"),
        ({"rounds": 0}, "'rounds' parameter must be an integer from 1"),
    ],
)
def test_options_are_checked(options, message, least_squares):
    with pytest.raises(ParameterError, match=message):
        Muon(**options).minimize(least_squares(), np.zeros(3))
