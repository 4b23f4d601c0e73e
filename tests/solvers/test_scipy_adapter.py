"""What is SciPy's own; the contract it shares is in test_every_solver.py."""

import numpy as np
import pytest
from scipy.optimize import fmin_cg

from layerlab.errors import ParameterError
from layerlab.solvers import ScipyMinimizer, Status, Stopping
from layerlab.solvers.scipy_adapter import METHODS


def barrier(theta):
    """Σ c x - log x: its minimum is at 1 / c, and it is not defined from 0 downwards."""
    c = np.arange(1.0, 1 + len(theta))
    if (theta <= 0).any():
        return np.nan, np.full(len(theta), np.nan)
    return float((c * theta - np.log(theta)).sum()), c - 1 / theta


def test_cg_is_fmin_cg(quadratic, counting):
    """The same path, evaluation by evaluation, as the notebook's own call."""
    problem = quadratic(6)
    reference = []

    def cost(theta):
        reference.append(theta.copy())
        return problem(theta)[0]

    fmin_cg(cost, problem.start, lambda t: problem(t)[1], gtol=0, maxiter=5, disp=False)
    objective = counting(problem)
    ScipyMinimizer("CG").minimize(objective, problem.start, stopping=Stopping(5, 0))
    np.testing.assert_array_equal(objective.thetas[: len(reference)], reference)


def test_options_are_passed_on(rosenbrock_function, counting):
    start = np.tile([-1.2, 1.0], 10)
    short, long = (
        ScipyMinimizer("L-BFGS-B", {"maxcor": m}).minimize(
            counting(rosenbrock_function), start, stopping=Stopping(2000, 1e-6)
        )
        for m in (1, 30)
    )
    assert long.stats.n_iter < short.stats.n_iter


@pytest.mark.parametrize("name", ["maxiter", "gtol"])
def test_options_that_would_stop_it_unsaid_are_refused(quadratic, name):
    with pytest.raises(ParameterError, match=f"'{name}'. Set max_iter and tol"):
        ScipyMinimizer("CG", {name: 1}).minimize(quadratic, np.zeros(2))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("start", [0.01, 3.0])
def test_each_method_steps_back_from_a_wall(method, start, counting):
    objective = counting(barrier)
    solution = ScipyMinimizer(method).minimize(
        objective, np.full(5, start), stopping=Stopping(500, 1e-6)
    )
    assert solution.status is Status.CONVERGED
    np.testing.assert_allclose(solution.theta, 1 / np.arange(1.0, 6), rtol=1e-5)
    if start == 3:
        assert any((theta <= 0).any() for theta in objective.thetas)


def test_a_point_asked_for_again_is_not_computed_again(quadratic, counting):
    problem = quadratic(5)
    objective = counting(problem)
    ScipyMinimizer("BFGS").minimize(objective, problem.start)
    assert len({theta.tobytes() for theta in objective.thetas}) == objective.evaluations


def test_an_unknown_method_is_answered_with_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'L-BFGS-B'"):
        ScipyMinimizer("LBFGSB").minimize(None, np.zeros(2))
