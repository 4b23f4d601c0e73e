"""Several minimisers in a row: what each did adds up."""

import numpy as np
import pytest

from layerlab.solvers import LBFGS, SGD, NonlinearCG, Status, Stopping
from layerlab.solvers.phases import Phase, run_phases

LOOSE = Stopping(1000, 1e-15)


def three(problem, *, rate=0.1):
    """Three epochs of two batches, two iterations of CG, four of L-BFGS."""
    sgd = SGD(rate, batch_size=25)
    kinds = ((sgd, 3), (NonlinearCG(), 2), (LBFGS(), 4))
    return [Phase(solver, problem, max_iter) for solver, max_iter in kinds]


def test_work_and_history_add_up(least_squares):
    problem = least_squares(50)
    solution = run_phases(three(problem), np.zeros(3), LOOSE, None, None)
    stats, history = solution.stats, solution.stats.history
    assert (solution.status, stats.n_iter) == (Status.MAX_ITER, 3 + 2 + 4)
    assert stats.evaluations == len(problem.calls)
    assert {len(column) for column in vars(history).values()} == {1 + 9}
    assert history.passes == sorted(history.passes)
    assert history.seconds == sorted(history.seconds)
    assert history.seconds[-1] <= stats.seconds
    assert history.passes[:4] == [0, 1, 2, 3]
    # From there each iteration takes at least an evaluation of all rows.
    assert (np.diff(history.passes[3:]) >= 1).all()


def test_each_begins_where_the_last_one_ended(least_squares):
    theta, costs = np.zeros(3), []
    for phase in three(least_squares(50)):
        solution = phase.solver.minimize(
            phase.objective, theta, stopping=Stopping(phase.max_iter, 1e-15)
        )
        costs += solution.stats.history.cost[1:] if costs else solution.stats.history.cost
        theta = solution.theta
    together = run_phases(three(least_squares(50)), np.zeros(3), LOOSE, None, None)
    np.testing.assert_array_equal(together.theta, theta)
    assert together.stats.history.cost == costs


def test_the_callback_counts_over_all(least_squares):
    told = []
    solution = run_phases(three(least_squares(50)), np.zeros(3), LOOSE, told.append, None)
    assert [iteration.n_iter for iteration in told] == list(range(1, 10))
    evaluations = [iteration.evaluations for iteration in told]
    assert evaluations == sorted(evaluations)
    assert evaluations[-1] <= solution.stats.evaluations
    seconds = [iteration.seconds for iteration in told]
    assert seconds == sorted(seconds)
    assert [iteration.learning_rate for iteration in told] == [0.1] * 3 + [None] * 6


@pytest.mark.parametrize("at", [2, 4, 6])
def test_a_callback_that_stops_stops_all(at, least_squares):
    def stop(iteration):
        return iteration.n_iter == at

    solution = run_phases(three(least_squares(50)), np.zeros(3), LOOSE, stop, None)
    assert (solution.status, solution.stats.n_iter) == (Status.CALLBACK, at)


def test_ctrl_c_stops_all(least_squares):
    problem = least_squares(50, interrupt_at=3)
    solution = run_phases(three(problem), np.zeros(3), LOOSE, None, None)
    assert solution.status is Status.INTERRUPTED
    assert solution.stats.n_iter == 1


def test_after_one_that_diverges_the_next_begins_where_it_did(least_squares):
    solution = run_phases(three(least_squares(50), rate=1e200), np.ones(3), LOOSE, None, None)
    assert solution.status is not Status.DIVERGED
    assert np.isfinite(solution.theta).all()
    assert (solution.theta != np.ones(3)).any()


class NotANumber:
    """An objective that is finite nowhere."""

    def evaluate(self, theta, *_):
        return np.nan, np.full(len(theta), np.nan)


def test_where_one_cannot_begin_the_last_one_s_end_is_kept(least_squares):
    first = Phase(LBFGS(), least_squares(), 2)
    alone = run_phases([first], np.zeros(3), LOOSE, None, None)
    both = run_phases([first, Phase(LBFGS(), NotANumber(), 2)], np.zeros(3), LOOSE, None, None)
    assert both.status is Status.NON_FINITE_AHEAD
    np.testing.assert_array_equal(both.theta, alone.theta)
    assert both.cost == alone.stats.history.cost[-1]


def test_going_on_from_any_step_gives_the_same_bits(least_squares, shelf):
    whole = shelf()
    expected = run_phases(three(least_squares(50)), np.zeros(3), LOOSE, None, whole)
    # Six steps, and every iteration but the last of its phase.
    assert [kept["phase"] for kept in whole.kept] == [0] * 6 + [1] + [2] * 3
    for kept in whole.kept:
        again = run_phases(three(least_squares(50)), np.zeros(3), LOOSE, None, shelf(kept))
        np.testing.assert_array_equal(again.theta, expected.theta)
        assert again.stats.history.cost == expected.stats.history.cost
        assert again.stats.history.passes == expected.stats.history.passes
        assert again.stats.n_iter == 9
