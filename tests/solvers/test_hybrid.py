"""A start by mini-batches and a finish by L-BFGS: its minimum, with fewer passes."""

import numpy as np
import pytest
from sklearn.base import clone

from layerlab.engine import RowObjective
from layerlab.errors import ParameterError
from layerlab.network import Network, start_weights
from layerlab.solvers import LBFGS, SGD, Hybrid, NonlinearCG, Status, Stopping
from layerlab.solvers.hybrid import start_rate


@pytest.fixture
def softmax_regression():
    """Strictly convex: one minimum."""
    random = np.random.default_rng(0)
    X, y = random.normal(size=(200, 5)), random.integers(3, size=200)
    network = Network.build(5, (), 3)
    objective = RowObjective(network, X, y, alpha=1.0, n_threads=1)
    return objective, start_weights(network, seed=0)


@pytest.mark.parametrize("finish", [None, NonlinearCG()])
def test_the_minimum_of_lbfgs(softmax_regression, finish):
    objective, start = softmax_regression
    stopping = Stopping(500, 1e-9)
    expected = LBFGS().minimize(objective, start, stopping=stopping)
    found = Hybrid(SGD(0.1, batch_size=50), finish, 3).minimize(objective, start, stopping=stopping)
    assert expected.status is found.status is Status.CONVERGED
    assert found.cost == pytest.approx(expected.cost, rel=1e-14)
    split = objective.network.layout.split
    [(W, _)], [(W_expected, _)] = split(found.theta), split(expected.theta)
    np.testing.assert_allclose(W, W_expected, atol=1e-7)


def test_it_starts_by_mini_batches_and_finishes_on_clean_rows(least_squares):
    problem = least_squares(50)
    Hybrid(SGD(0.1, batch_size=25), epochs=2).minimize(problem, np.zeros(3), stopping=Stopping(9))
    # Two epochs of two batches, the cost at their end, and the finish.
    keys = [key for _, _, key in problem.calls]
    assert keys[:5] == [0, 0, 1, 1, None]
    assert set(keys[5:]) == {None}
    assert all(rows is None for _, rows, _ in problem.calls[5:])


def test_the_start_s_end_is_where_the_finish_starts(least_squares):
    start, stopping = SGD(0.1, batch_size=25), Stopping(7, 1e-15)
    by_hand = start.minimize(least_squares(), np.zeros(3), stopping=Stopping(3))
    by_hand = LBFGS().minimize(least_squares(), by_hand.theta, stopping=Stopping(4, 1e-15))
    solution = Hybrid(start, epochs=3).minimize(least_squares(), np.zeros(3), stopping=stopping)
    np.testing.assert_array_equal(solution.theta, by_hand.theta)


@pytest.mark.parametrize("max_iter", [0, 1, 5])
def test_a_run_shorter_than_the_start(max_iter, least_squares):
    solution = Hybrid().minimize(least_squares(), np.zeros(3), stopping=Stopping(max_iter))
    assert (solution.status, solution.stats.n_iter) == (Status.EPOCHS, max_iter)


def test_after_a_start_that_diverges_the_finish_begins_where_it_did(least_squares):
    problem = least_squares()
    solution = Hybrid(SGD(1e200)).minimize(problem, np.ones(3))
    assert solution.status.converged
    expected = np.linalg.lstsq(problem.X, problem.y)[0]
    np.testing.assert_allclose(solution.theta, expected, atol=1e-4)


def test_the_rate_of_the_start_is_of_the_inputs():
    network = Network.build(64, (5,), 3)
    X, y = np.zeros((4, 64)), np.zeros(4, int)
    assert start_rate(RowObjective(network, X, y)) == 0.25 / 8


def test_its_parts_can_be_searched():
    solver = clone(Hybrid(SGD(0.1), LBFGS())).set_params(start__momentum=0.3, finish__memory=4)
    assert (solver.start.momentum, solver.finish.memory) == (0.3, 4)


def test_what_cannot_be_is_refused(least_squares, counting, quadratic):
    with pytest.raises(ParameterError, match="'epochs' parameter must be an integer from 1"):
        Hybrid(epochs=0).minimize(least_squares(), np.zeros(3))
    with pytest.raises(ParameterError, match="Adam needs an objective that is a mean over rows"):
        Hybrid().minimize(counting(quadratic(3)), np.zeros(3))
    with pytest.raises(ParameterError, match="'start' parameter must be a solver object"):
        Hybrid("adam").minimize(least_squares(), np.zeros(3))
    with pytest.raises(ParameterError, match="'finish' parameter must be a solver object"):
        Hybrid(finish=LBFGS).minimize(least_squares(), np.zeros(3))
    with pytest.raises(ParameterError, match="'memory' parameter"):
        Hybrid(finish=LBFGS(0), epochs=1).minimize(least_squares(), np.zeros(3))
