"""The loop: stopping tests, callback, history, the best point."""

import numpy as np
import pytest

from layerlab.solvers import LBFGS, Point, Status, Stopping
from layerlab.solvers.loop import run_steps


class Scripted:
    """An algorithm that takes given points one after another; None where it has no more."""

    def __init__(self, *costs):
        self.costs = costs

    def start(self, _objective, _point):
        return iter(self.costs)

    def step(self, objective, _point, state):
        cost = next(state, None)
        return None if cost is None else objective.at(np.array([cost]))


class Height:
    """The cost is theta itself; its gradient is 1, and 0 from ``floor`` downwards."""

    def __init__(self, floor=-np.inf):
        self.floor = floor

    def evaluate(self, theta):
        return float(theta[0]), np.array([0.0 if theta[0] <= self.floor else 1.0])


def run(*costs, floor=-np.inf, stopping=None, callback=None):
    return run_steps(Scripted(*costs[1:]), Height(floor), np.array([costs[0]]), stopping, callback)


def test_a_small_gradient_converges():
    solution = run(3.0, 2.0, 1.0, 0.0, floor=1.0)
    assert solution.status is Status.CONVERGED
    assert (solution.cost, solution.stats.n_iter) == (1.0, 2)


def test_converged_before_the_first_step():
    solution = run(3.0, 2.0, floor=5.0)
    assert (solution.status, solution.stats.n_iter) == (Status.CONVERGED, 0)


def test_max_iter():
    solution = run(3.0, 2.0, 1.0, 0.0, stopping=Stopping(max_iter=2))
    assert (solution.status, solution.cost) == (Status.MAX_ITER, 1.0)


def test_converged_at_the_last_iteration_is_converged():
    assert run(3.0, 2.0, floor=2.0, stopping=Stopping(max_iter=1)).status is Status.CONVERGED


def test_no_iteration_at_all():
    solution = run(3.0, 2.0, stopping=Stopping(max_iter=0))
    assert (solution.status, solution.cost) == (Status.MAX_ITER, 3.0)


@pytest.mark.parametrize(("share", "n_iter"), [(0.01, 3), (0.2, 2), (0.0, 4)])
def test_min_decrease(share, n_iter):
    solution = run(4.0, 3.0, 2.6, 2.59, 2.5, stopping=Stopping(min_decrease=share))
    assert solution.stats.n_iter == n_iter
    assert solution.status is (Status.FLAT if share else Status.STALLED)


def test_no_further_point_is_a_stall():
    assert run(3.0, 2.0).status is Status.STALLED


def test_a_stall_among_costs_that_are_not_finite_says_so():
    class Blocked(Scripted):
        def step(self, objective, point, _state):
            objective.at(np.array([np.nan]))
            objective.at(np.array([point.cost]))

    assert run_steps(Blocked(), Height(), np.array([3.0])).status is Status.NON_FINITE_AHEAD


def test_a_start_that_is_not_finite_says_so():
    solution = run(np.nan, 2.0)
    assert solution.status is Status.NON_FINITE
    assert solution.stats.evaluations == 1
    assert solution.stats.history.cost == []


def test_the_best_point_is_returned_not_the_last():
    solution = run(3.0, 1.0, 2.0, 1.5)
    assert solution.cost == solution.theta[0] == 1.0
    assert solution.stats.history.cost == [3.0, 1.0, 2.0, 1.5]


def test_the_best_point_may_be_one_that_no_iteration_took():
    class Looks(Scripted):
        def step(self, objective, point, state):
            objective.at(np.array([0.5]))
            return super().step(objective, point, state)

    assert run_steps(Looks(2.0), Height(), np.array([3.0])).cost == 0.5


def test_of_costs_that_rounding_parts_the_converged_point_is_returned():
    class Bottom:
        """The gradient is below tol at x = 1 alone, whose cost is the last bit higher."""

        def evaluate(self, theta):
            at_it = theta[0] == 1
            return (np.nextafter(1.0, 2) if at_it else 1.0), np.array([0.0 if at_it else 1e-3])

    solution = run_steps(Scripted(2.0, 1.0), Bottom(), np.array([3.0]))
    assert solution.status is Status.CONVERGED
    assert (solution.theta[0], solution.gradient[0]) == (1.0, 0.0)


def test_history_has_one_entry_an_iteration_and_one_for_the_start():
    history = run(3.0, 2.0, 1.0).stats.history
    lengths = {len(column) for column in vars(history).values()}
    assert lengths == {3}
    assert history.passes == [1, 2, 3]
    assert history.seconds == sorted(history.seconds)


def test_the_callback_is_told_each_iteration():
    told = []
    run(3.0, 2.0, 1.0, callback=told.append)
    assert [(i.n_iter, i.cost, i.gradient_norm, i.evaluations) for i in told] == [
        (1, 2.0, 1.0, 2),
        (2, 1.0, 1.0, 3),
    ]
    with pytest.raises(ValueError, match="read-only"):
        told[0].theta[0] = 7


@pytest.mark.parametrize("answer", [None, False, 0])
def test_any_other_answer_goes_on(answer):
    assert run(3.0, 2.0, callback=lambda _: answer).status is Status.STALLED


@pytest.mark.parametrize("answer", [True, np.True_])
def test_true_stops(answer):
    solution = run(3.0, 2.0, 1.0, 0.0, callback=lambda i: answer if i.n_iter == 2 else None)
    assert (solution.status, solution.cost) == (Status.CALLBACK, 1.0)


def test_ctrl_c_in_a_callback_keeps_the_best():
    def press(iteration):
        if iteration.n_iter == 2:
            raise KeyboardInterrupt

    solution = run(3.0, 2.0, 1.0, 0.0, callback=press)
    assert (solution.status, solution.cost) == (Status.INTERRUPTED, 1.0)


def test_an_error_in_the_objective_is_not_hidden():
    class Fails:
        def evaluate(self, _theta):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        LBFGS().minimize(Fails(), np.zeros(2))


def test_stopping_reasons_in_their_order():
    flat = Point(np.zeros(1), 1.0, np.zeros(1))
    steep = Point(np.zeros(1), 1.0, np.ones(1))
    stopping = Stopping(max_iter=3, tol=1e-3, min_decrease=0.1)
    assert stopping.reason(steep, flat, 3) is Status.CONVERGED
    assert stopping.reason(steep, steep, 3) is Status.FLAT
    assert stopping.reason(None, steep, 3) is Status.MAX_ITER
    assert stopping.reason(None, steep, 2) is None
