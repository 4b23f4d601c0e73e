"""What every solver owes, ours and SciPy's: one minimum, one contract."""

import inspect

import numpy as np
import pytest
from sklearn.base import clone

import layerlab.solvers
from layerlab.solvers import (
    BETAS,
    LBFGS,
    SGD,
    Adam,
    AdamW,
    Hybrid,
    Muon,
    NonlinearCG,
    Redrawing,
    ScaledCG,
    ScipyMinimizer,
    Status,
    Stopping,
)
from layerlab.solvers.scipy_adapter import METHODS

OURS = [LBFGS(), LBFGS(3), ScaledCG(), *(NonlinearCG(beta) for beta in sorted(BETAS))]
EVERY = [*OURS, *(ScipyMinimizer(method) for method in METHODS)]
# Those that go by mini-batches, or by phases, have tests of their own.
OTHERS = [SGD(), Adam(), AdamW(), Muon(), Hybrid(), Redrawing()]
# Those whose line search compares slopes where costs are all alike.
PRECISE = [solver for solver in OURS if not isinstance(solver, ScaledCG)]

each = pytest.mark.parametrize("solver", EVERY, ids=str)
each_of_ours = pytest.mark.parametrize("solver", OURS, ids=str)


def strictly_convex(theta):
    """Σ log cosh(x_i - i) + ½ |x|² / 10, whose gradient is worked out beside it."""
    shifted = theta - np.arange(len(theta))
    cost = np.logaddexp(shifted, -shifted).sum() + theta @ theta / 20
    return float(cost), np.tanh(shifted) + theta / 10


def its_minimum(n):
    """Each component by bisection of its own derivative."""
    low, high = np.full(n, -1.0), np.full(n, float(n))
    for _ in range(100):
        middle = (low + high) / 2
        rising = strictly_convex(middle)[1] > 0
        low, high = np.where(rising, low, middle), np.where(rising, middle, high)
    return (low + high) / 2


@each
def test_the_same_minimum(solver, counting):
    solution = solver.minimize(
        counting(strictly_convex), np.full(6, 9.0), stopping=Stopping(500, 1e-6)
    )
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, its_minimum(6), atol=1e-4)
    assert solution.cost == strictly_convex(solution.theta)[0]
    np.testing.assert_array_equal(solution.gradient, strictly_convex(solution.theta)[1])
    assert np.abs(solution.gradient).max() <= 1e-6


@each
def test_rosenbrock(solver, rosenbrock_function, counting_costs):
    solution = solver.minimize(
        counting_costs(rosenbrock_function),
        np.array([-1.2, 1.0]),
        stopping=Stopping(1000, 1e-4),
    )
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, np.ones(2), atol=1e-3)


@each
def test_an_ill_conditioned_quadratic(solver, quadratic, counting_costs):
    """Condition 10⁶: the cost falls by six orders, however round the valley's floor."""
    problem = quadratic(6, 1e6)
    solution = solver.minimize(
        counting_costs(problem), problem.start, stopping=Stopping(1500, 1e-4)
    )
    assert solution.cost < 1e-6 * problem(problem.start)[0]


@each_of_ours
def test_an_ill_conditioned_quadratic_to_the_end(solver, quadratic, counting_costs):
    problem = quadratic(6, 1e6)
    solution = solver.minimize(
        counting_costs(problem), problem.start, stopping=Stopping(8000, 1e-4)
    )
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, problem.minimum, atol=1e-3)


@each_of_ours
def test_never_slower_than_steepest_descent(solver, quadratic, counting_costs, monkeypatch):
    monkeypatch.setitem(BETAS, "none", lambda *_: 0.0)
    problem, stopping = quadratic(10, 1e3, seed=1), Stopping(5000, 1e-6)
    n_iter = [
        chosen.minimize(counting_costs(problem), problem.start, stopping=stopping).stats.n_iter
        for chosen in (solver, NonlinearCG("none"))
    ]
    assert n_iter[0] <= n_iter[1]


@pytest.mark.parametrize("solver", PRECISE, ids=str)
def test_works_to_machine_precision_where_wolfe_stalls(solver, counting):
    """On a height of 10⁴ costs have no digits left at a gradient of about 10⁻⁶."""

    def lifted(theta):
        cost, gradient = strictly_convex(theta)
        return 1e4 + cost, gradient

    stopping = Stopping(1000, 1e-13)
    solution = solver.minimize(counting(lifted), np.full(6, 9.0), stopping=stopping)
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, its_minimum(6), atol=1e-12)
    wolfe = ScipyMinimizer("CG").minimize(counting(lifted), np.full(6, 9.0), stopping=stopping)
    assert wolfe.status is Status.STALLED
    assert np.abs(wolfe.gradient).max() > 1e-9


@each_of_ours
@pytest.mark.parametrize("seed", range(3))
def test_no_step_goes_uphill_beyond_rounding(solver, seed, counting_costs):
    """On a cost with many hills and valleys."""
    random = np.random.default_rng(seed)
    waves = random.normal(size=(5, 4))

    def hilly(theta):
        phases = waves @ theta
        gradient = waves.T @ (3 * np.cos(3 * phases)) + theta / 5
        return float(np.sin(3 * phases).sum() + theta @ theta / 10), gradient

    solution = solver.minimize(
        counting_costs(hilly), 3 * random.normal(size=4), stopping=Stopping(300, 1e-8)
    )
    costs = np.array(solution.stats.history.cost)
    assert (np.diff(costs) <= 1e-6 * np.abs(costs[:-1])).all()
    assert solution.cost <= costs.min() + 1e-12


@each
@pytest.mark.parametrize("capable", [False, True], ids=["evaluate only", "costs too"])
def test_counts_are_exact(solver, capable, quadratic, counting, counting_costs):
    problem = quadratic(5)
    objective = (counting_costs if capable else counting)(problem)
    stats = solver.minimize(objective, problem.start, stopping=Stopping(7, 1e-12)).stats
    costs = objective.cost_evaluations if capable else 0
    assert (stats.evaluations, stats.cost_evaluations) == (objective.evaluations, costs)
    assert stats.curvature_products == 0
    assert stats.history.passes[-1] <= objective.evaluations + costs / 3
    assert stats.history.passes == sorted(stats.history.passes)


@each
def test_history_and_max_iter(solver, quadratic, counting):
    problem = quadratic(12, 1e4)
    solution = solver.minimize(counting(problem), problem.start, stopping=Stopping(3, 1e-12))
    assert (solution.status, solution.stats.n_iter) == (Status.MAX_ITER, 3)
    assert {len(column) for column in vars(solution.stats.history).values()} == {4}


@each
def test_no_iteration_evaluates_once(solver, quadratic, counting):
    problem = quadratic(3)
    objective = counting(problem)
    solution = solver.minimize(objective, problem.start, stopping=Stopping(0, 1e-12))
    assert (solution.status, objective.evaluations) == (Status.MAX_ITER, 1)
    np.testing.assert_array_equal(solution.theta, problem.start)


@each
def test_a_start_at_the_minimum_stays_there(solver, quadratic, counting):
    problem = quadratic(3)
    objective = counting(problem)
    solution = solver.minimize(objective, problem.minimum)
    assert (solution.status, objective.evaluations) == (Status.CONVERGED, 1)


@each
def test_min_decrease(solver, quadratic, counting):
    problem = quadratic(12, 1e4, offset=1.0)
    solution = solver.minimize(
        counting(problem), problem.start, stopping=Stopping(500, 1e-12, min_decrease=1e-3)
    )
    costs = np.array(solution.stats.history.cost)
    falls = np.abs(np.diff(costs)) / np.abs(costs[1:])
    assert solution.status is Status.FLAT
    assert falls[-1] <= 1e-3 < falls[:-1].min()


@each
def test_the_start_is_not_modified(solver, quadratic, counting):
    problem = quadratic(4)
    start = problem.start.copy()
    solution = solver.minimize(counting(problem), start)
    np.testing.assert_array_equal(start, problem.start)
    assert not np.shares_memory(solution.theta, start)


@each
def test_a_read_only_start_of_single_precision(solver, quadratic, counting):
    problem = quadratic(4)
    start = problem.start.astype(np.float32)
    start.flags.writeable = False
    assert solver.minimize(counting(problem), start).theta.dtype == np.float64


@each
def test_the_callback_contract(solver, quadratic, counting):
    problem, told = quadratic(8, 1e3), []

    def callback(iteration):
        assert not iteration.theta.flags.writeable
        told.append((iteration.n_iter, iteration.cost, problem(iteration.theta)[0]))
        return iteration.n_iter == 3

    solution = solver.minimize(
        counting(problem), problem.start, stopping=Stopping(50, 1e-12), callback=callback
    )
    assert solution.status is Status.CALLBACK
    assert solution.stats.n_iter == 3
    assert [n for n, _, _ in told] == [1, 2, 3]
    assert [cost for _, cost, _ in told] == [cost for _, _, cost in told]
    assert solution.stats.history.cost[1:] == [cost for _, cost, _ in told]


@each
@pytest.mark.parametrize("at", [1, 2, 5])
def test_ctrl_c_within_an_evaluation_keeps_the_best(solver, at, quadratic, counting):
    problem = quadratic(8, 1e3)
    objective = counting(problem, interrupt_at=at)
    solution = solver.minimize(objective, problem.start, stopping=Stopping(50, 1e-12))
    assert solution.status is Status.INTERRUPTED
    assert objective.evaluations == at
    met = objective.thetas[: max(at - 1, 1)]
    best = min(met, key=lambda theta: problem(theta)[0])
    np.testing.assert_array_equal(solution.theta, best)


@each
def test_a_start_that_is_not_finite_says_so(solver, quadratic, counting):
    objective = counting(quadratic(3), non_finite_from=1)
    solution = solver.minimize(objective, np.zeros(3))
    assert solution.status is Status.NON_FINITE
    assert objective.evaluations == 1
    np.testing.assert_array_equal(solution.theta, np.zeros(3))


@each
def test_finite_at_the_start_alone_says_so(solver, quadratic, counting):
    problem = quadratic(3)
    objective = counting(
        lambda theta: (
            problem(theta) if np.array_equal(theta, problem.start) else (np.nan, np.full(3, np.nan))
        )
    )
    solution = solver.minimize(objective, problem.start)
    assert solution.status is Status.NON_FINITE_AHEAD
    np.testing.assert_array_equal(solution.theta, problem.start)


@each_of_ours
def test_an_overflow_is_stepped_back_from(solver, counting_costs):
    """Not defined from 0 downwards, where the first steps lead; the minimum is at 1 / c."""
    c = np.arange(1.0, 6)

    def barrier(theta):
        if (theta <= 0).any():
            return np.inf, np.full(5, np.nan)
        return float((c * theta - np.log(theta)).sum()), c - 1 / theta

    solution = solver.minimize(
        counting_costs(barrier), np.full(5, 3.0), stopping=Stopping(500, 1e-6)
    )
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, 1 / c, rtol=1e-5)


@each_of_ours
def test_twice_gives_the_same_bits(solver, rosenbrock_function, counting_costs):
    start = np.tile([-1.2, 1.0], 2)
    first, second = (solver.minimize(counting_costs(rosenbrock_function), start) for _ in range(2))
    np.testing.assert_array_equal(first.theta, second.theta)


@pytest.mark.parametrize("solver", [*EVERY, *OTHERS], ids=str)
def test_cloned_as_scikit_learn_clones(solver, least_squares):
    solver.minimize(least_squares(), np.zeros(3))
    copy = clone(solver)
    assert copy is not solver
    assert copy.get_params() == solver.get_params()
    assert repr(copy) == repr(solver)


@pytest.mark.parametrize("solver", [*EVERY, *OTHERS], ids=str)
def test_every_option_can_be_searched(solver):
    named = set(inspect.signature(type(solver).__init__).parameters) - {"self"}
    assert set(solver.get_params()) == named
    for name, value in solver.get_params().items():
        assert getattr(clone(solver).set_params(**{name: value}), name) == value


def test_public_names_are_sorted():
    names = layerlab.solvers.__all__
    upper, rest = [n for n in names if n.isupper()], [n for n in names if not n.isupper()]
    assert names == sorted(upper) + sorted(rest, key=lambda n: (n[0].islower(), n))
