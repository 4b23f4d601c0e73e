"""Nonlinear conjugate gradient as a whole."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import BETAS, NonlinearCG, Status, Stopping

AUTHORS = sorted(BETAS)


def steepest_descent(monkeypatch):
    """Return the same solver with nothing of the last direction kept."""
    monkeypatch.setitem(BETAS, "none", lambda *_: 0.0)
    return NonlinearCG("none")


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize("seed", range(3))
def test_a_quadratic_takes_n_steps_at_most(author, seed, quadratic, counting_costs):
    """Interpolation finds the exact minimum along a line, so this is linear conjugate gradient."""
    problem = quadratic(10, 30.0, seed=seed)
    tol = 1e-5 * np.abs(problem(problem.start)[1]).max()
    solution = NonlinearCG(author).minimize(
        counting_costs(problem), problem.start, stopping=Stopping(100, tol)
    )
    assert solution.status is Status.CONVERGED
    assert solution.stats.n_iter <= 10


@pytest.mark.parametrize("author", AUTHORS)
@pytest.mark.parametrize("condition", [10.0, 1e3])
def test_never_slower_than_steepest_descent(
    author, condition, quadratic, counting_costs, monkeypatch
):
    problem, stopping = quadratic(10, condition), Stopping(3000, 1e-6)
    slow = steepest_descent(monkeypatch).minimize(
        counting_costs(problem), problem.start, stopping=stopping
    )
    fast = NonlinearCG(author).minimize(counting_costs(problem), problem.start, stopping=stopping)
    assert fast.status is Status.CONVERGED
    assert fast.stats.n_iter <= slow.stats.n_iter
    if condition > 100:
        assert fast.stats.n_iter < slow.stats.n_iter / 5


@pytest.mark.parametrize("author", AUTHORS)
def test_faster_than_steepest_descent_on_rosenbrock(
    author, rosenbrock_function, counting_costs, monkeypatch
):
    start, stopping = np.array([-1.2, 1.0]), Stopping(500, 1e-6)
    slow = steepest_descent(monkeypatch).minimize(
        counting_costs(rosenbrock_function), start, stopping=stopping
    )
    fast = NonlinearCG(author).minimize(
        counting_costs(rosenbrock_function), start, stopping=stopping
    )
    assert fast.status is Status.CONVERGED
    assert slow.status is Status.MAX_ITER


@pytest.mark.parametrize("author", AUTHORS)
def test_a_beta_of_the_wrong_sign_is_slower(author, quadratic, counting_costs, monkeypatch):
    """It would still converge, which is why the identities in test_betas.py are tested."""
    problem, stopping = quadratic(10, 1e3), Stopping(3000, 1e-6)
    right = NonlinearCG(author).minimize(counting_costs(problem), problem.start, stopping=stopping)
    beta = BETAS[author]
    monkeypatch.setitem(BETAS, author, lambda *arguments: -beta(*arguments))
    wrong = NonlinearCG(author).minimize(counting_costs(problem), problem.start, stopping=stopping)
    assert wrong.stats.n_iter > 3 * right.stats.n_iter


def test_it_restarts_after_as_many_steps_as_weights(counting):
    """With n = 2 every second direction is the gradient's: the third iterate shows it."""
    turned = []

    def valley(theta):
        x, y = theta
        return float(x**4 + 10 * y**2 + x * y), np.array([4 * x**3 + y, 20 * y + x])

    NonlinearCG("fletcher_reeves").minimize(
        counting(valley),
        np.array([2.0, 1.0]),
        stopping=Stopping(3, 0),
        callback=lambda iteration: turned.append(iteration.theta.copy()),
    )
    moved = turned[2] - turned[1]
    gradient = valley(turned[1])[1]
    cosine = -float(moved @ gradient) / np.linalg.norm(moved) / np.linalg.norm(gradient)
    assert cosine == pytest.approx(1)


def test_an_uphill_direction_is_reset(quadratic, counting, monkeypatch):
    monkeypatch.setitem(BETAS, "uphill", lambda *_: -1e6)
    problem = quadratic(4, 5.0)
    solution = NonlinearCG("uphill").minimize(
        counting(problem), problem.start, stopping=Stopping(200, 1e-8)
    )
    assert solution.status is Status.CONVERGED
    assert (np.diff(solution.stats.history.cost) <= 1e-12).all()


def test_where_every_direction_is_uphill_it_is_steepest_descent(
    rosenbrock_function, counting, monkeypatch
):
    """No evaluation is spent on such a direction: both runs look at the same points."""

    def turning_back(g_new, _, d):
        """Make (β d - g)·g = |g|²: uphill."""
        return 2 * float(g_new @ g_new) / float(d @ g_new)

    monkeypatch.setitem(BETAS, "uphill", turning_back)
    start, stopping = np.array([-1.2, 1.0]), Stopping(20, 0)
    uphill, plain = counting(rosenbrock_function), counting(rosenbrock_function)
    NonlinearCG("uphill").minimize(uphill, start, stopping=stopping)
    steepest_descent(monkeypatch).minimize(plain, start, stopping=stopping)
    np.testing.assert_array_equal(uphill.thetas, plain.thetas)


def test_a_tighter_curvature_takes_no_more_iterations(rosenbrock_function, counting):
    start = np.tile([-1.2, 1.0], 4)
    loose, tight = (
        NonlinearCG("polak_ribiere", curvature).minimize(
            counting(rosenbrock_function), start, stopping=Stopping(2000, 1e-6)
        )
        for curvature in (0.99, 0.1)
    )
    assert tight.status is loose.status is Status.CONVERGED
    assert tight.stats.n_iter <= loose.stats.n_iter


def test_an_unknown_beta_is_answered_with_the_nearest(quadratic):
    with pytest.raises(ParameterError, match=r"Did you mean 'polak_ribiere'\?"):
        NonlinearCG("polak_ribier").minimize(quadratic(2), np.zeros(2))


@pytest.mark.parametrize("curvature", [0.05, 1.0, -1, np.nan, "0.9"])
def test_a_curvature_that_is_none_is_refused(curvature, quadratic):
    with pytest.raises(ParameterError, match="'curvature' parameter must be a number in the range"):
        NonlinearCG(curvature=curvature).minimize(quadratic(2), np.zeros(2))
