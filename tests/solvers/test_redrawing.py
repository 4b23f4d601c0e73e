"""Legs of a minimiser by all rows, each with a key of its own."""

from itertools import groupby

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import LBFGS, SGD, NonlinearCG, Redrawing, Status, Stopping


@pytest.fixture
def drawn(least_squares):
    """Least squares whose y is drawn anew for each key, noting keys."""

    def make():
        problem = least_squares(50)
        evaluate, clean = problem.evaluate, problem.y

        def evaluate_drawn(theta, rows=None, key=None):
            assert key is not None
            problem.y = clean + np.random.default_rng(key).normal(size=50)
            return evaluate(theta, rows, key)

        problem.evaluate = evaluate_drawn
        return problem

    return make


def test_each_leg_has_a_new_key(drawn):
    problem = drawn()
    solution = Redrawing(every=2).minimize(problem, np.zeros(3), stopping=Stopping(7, 1e-15))
    assert [key for key, _ in groupby(key for _, _, key in problem.calls)] == [0, 1, 2, 3]
    assert (solution.status, solution.stats.n_iter) == (Status.MAX_ITER, 7)
    assert solution.stats.evaluations == len(problem.calls)


def test_a_leg_is_a_run_of_its_own_from_the_last_one_s_end(drawn):
    problem, theta = drawn(), np.zeros(3)
    evaluate = problem.evaluate
    for key in range(3):
        problem.evaluate = lambda theta, rows=None, _=None, key=key: evaluate(theta, rows, key)
        theta = NonlinearCG().minimize(problem, theta, stopping=Stopping(2, 1e-15)).theta
    solution = Redrawing(NonlinearCG(), 2).minimize(
        drawn(), np.zeros(3), stopping=Stopping(6, 1e-15)
    )
    np.testing.assert_array_equal(solution.theta, theta)


def test_a_leg_with_nothing_to_gain_gives_way_to_the_next(drawn):
    """Three weights are found in a few iterations; each leg has twenty."""
    problem = drawn()
    solution = Redrawing(every=20).minimize(problem, np.zeros(3), stopping=Stopping(60, 1e-8))
    assert {key for _, _, key in problem.calls} == {0, 1, 2}
    assert solution.status is Status.CONVERGED
    assert solution.stats.n_iter < 60
    expected = np.linalg.lstsq(problem.X, problem.y)[0]
    np.testing.assert_allclose(solution.theta, expected, atol=1e-6)


def test_no_iteration_evaluates_once(drawn):
    problem = drawn()
    solution = Redrawing().minimize(problem, np.ones(3), stopping=Stopping(0, 1e-15))
    assert (solution.status, len(problem.calls)) == (Status.MAX_ITER, 1)
    np.testing.assert_array_equal(solution.theta, np.ones(3))


def test_a_callback_ends_all_legs(drawn):
    told = []
    solution = Redrawing(every=2).minimize(
        drawn(),
        np.zeros(3),
        stopping=Stopping(50, 1e-15),
        callback=lambda iteration: told.append(iteration.n_iter) or iteration.n_iter == 5,
    )
    assert solution.status is Status.CALLBACK
    assert told == [1, 2, 3, 4, 5]


def test_going_on_from_any_iteration_gives_the_same_bits(drawn, shelf):
    options = {"stopping": Stopping(7, 1e-15)}
    whole = shelf()
    expected = Redrawing(every=3).minimize(drawn(), np.zeros(3), keeper=whole, **options)
    assert whole.kept
    for kept in whole.kept:
        again = Redrawing(every=3).minimize(drawn(), np.zeros(3), keeper=shelf(kept), **options)
        np.testing.assert_array_equal(again.theta, expected.theta)
        assert again.stats.history.cost == expected.stats.history.cost
        assert again.stats.evaluations == expected.stats.evaluations


def test_what_cannot_be_is_refused(drawn):
    with pytest.raises(ParameterError, match="'every' parameter must be an integer from 1"):
        Redrawing(every=0).minimize(drawn(), np.zeros(3))
    with pytest.raises(ParameterError, match="must be one that goes by all rows"):
        Redrawing(SGD()).minimize(drawn(), np.zeros(3))
    with pytest.raises(ParameterError, match="'memory' parameter"):
        Redrawing(LBFGS(-1)).minimize(drawn(), np.zeros(3))
