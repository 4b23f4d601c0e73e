"""Adam and AdamW against PyTorch's, and by hand."""

import numpy as np
import pytest
from sklearn.base import clone

from layerlab.errors import ParameterError
from layerlab.solvers import Adam, AdamW, Stopping
from layerlab.solvers import adam_step as module
from layerlab.solvers.adam_step import Moments, adam_step

pytestmark = pytest.mark.usefixtures("each_path")

OPTIONS = {"beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "batch_size": 32}


def test_adam_takes_a_hundred_steps_as_pytorch_does(twin):
    def optimisers(weights, biases):
        chosen = twin.torch.optim.Adam([*weights, *biases], 0.01, betas=(0.8, 0.95), eps=1e-6)
        return [chosen]

    twin.agree(Adam(0.01, **OPTIONS), optimisers)


def test_adamw_takes_a_hundred_steps_as_pytorch_does(twin):
    def optimisers(weights, biases):
        groups = [
            {"params": weights, "weight_decay": 0.3},
            {"params": biases, "weight_decay": 0.0},
        ]
        return [twin.torch.optim.AdamW(groups, 0.01, betas=(0.8, 0.95), eps=1e-6)]

    twin.agree(AdamW(0.01, 0.3, **OPTIONS), optimisers)


def test_two_steps_by_hand():
    """Gradients 2 and -1, β = ½ and ¾, a rate of 1, decay of 0.1.

    Step 1: m = 1, v = 1, made up for 2 and 4: 5 · 0.9 - 2/2 = 3.5.
    Step 2: m = 0, so only the decay: 3.5 · 0.9 = 3.15.
    """
    theta, mean, square = np.array([5.0]), np.zeros(1), np.zeros(1)
    for step, gradient in enumerate([2.0, -1.0], start=1):
        moments = Moments(0.5, 0.75, 0.0, step)
        adam_step(theta, np.array([gradient]), mean, square, moments, 1.0, ((1, 0.1),))
        assert theta == pytest.approx([{1: 3.5, 2: 3.15}[step]], rel=1e-15)
    assert mean == pytest.approx([0.0])
    assert square == pytest.approx([0.75 * 1 + 0.25 * 1])


@pytest.mark.parametrize("n", [1, 7, 64, 1001, 50_000])
def test_both_paths_and_all_threads_agree(n, monkeypatch):
    """Exact for any number of threads; to rounding with NumPy's."""
    random = np.random.default_rng(n)
    start = [random.normal(size=n) for _ in range(3)]
    start.append(random.random(n))
    decays = ((n // 3, 0.01), (n // 3, 0.5), (n // 2, 0.0), (n, 0.02))
    ends = []
    for n_threads in (1, 2, 3, 8):
        arrays = [array.copy() for array in start]
        adam_step(*arrays, Moments(0.9, 0.99, 1e-8, 3), 0.1, decays, n_threads)
        ends.append(arrays)
    reference = [array.copy() for array in start]
    monkeypatch.setattr(module, "KERNEL", None)
    adam_step(*reference, Moments(0.9, 0.99, 1e-8, 3), 0.1, decays)
    for arrays in ends:
        np.testing.assert_array_equal(arrays, ends[0])
        np.testing.assert_allclose(arrays, reference, rtol=1e-12, atol=1e-14)


def test_epsilon_is_added_to_the_corrected_root():
    theta, mean, square = np.zeros((3, 1))
    moments = Moments(0.9, 0.999, 6.0, 1)
    adam_step(theta, np.array([2.0]), mean, square, moments, 1.0, ((1, 0.0),))
    assert theta == pytest.approx([-2 / (2 + 6)], rel=1e-14)


def test_a_weight_without_gradient_stays_where_it_is(least_squares):
    problem = least_squares()
    problem.X[:, 1] = 0.0
    solution = Adam(0.1).minimize(problem, np.full(3, 7.0), stopping=Stopping(20))
    assert solution.theta[1] == 7.0
    assert (solution.theta != 7.0).sum() == 2


def test_biases_do_not_decay(twin):
    """With next to no learning from gradients, matrices shrink and biases stay."""
    start = twin.start = np.ones_like(twin.start)
    solution = AdamW(1e-9, 1e8, batch_size=300).minimize(
        twin.objective, start, stopping=Stopping(2)
    )
    for W, b in twin.layout.split(solution.theta):
        np.testing.assert_allclose(W, 0.9**2, atol=1e-8)
        np.testing.assert_allclose(b, 1.0, atol=1e-8)


def test_adam_has_no_decay_to_set():
    assert "weight_decay" not in Adam().get_params()
    assert clone(Adam(0.3, beta1=0.5)).get_params() == Adam(0.3, beta1=0.5).get_params()


@pytest.mark.parametrize(
    ("solver", "name", "allowed"),
    [
        (AdamW(weight_decay=-1), "weight_decay", r"\[0, inf\)"),
        (AdamW(beta1=1), "beta1", r"\[0, 1\)"),
        (Adam(beta2=1.0), "beta2", r"\[0, 1\)"),
        (Adam(epsilon=0), "epsilon", r"\(0, inf\)"),
    ],
)
def test_options_are_checked(solver, name, allowed, least_squares):
    with pytest.raises(ParameterError, match=f"'{name}' parameter must be a number in.*{allowed}"):
        solver.minimize(least_squares(), np.zeros(3))
