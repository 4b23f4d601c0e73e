"""Scaled conjugate gradient against Møller's own steps."""

import numpy as np
import pytest
from scipy.optimize import rosen_hess

from layerlab.errors import ParameterError
from layerlab.solvers import ScaledCG, Status, Stopping


def moller(evaluate, hessian, w, n_success, scale=1e-6):
    """Return the accepted points of Møller (1993), p. 530, in its own names and order.

    δ is kept from try to try and only its change of scale added, as printed
    there. Where a try fits worse than as badly as it can be foretold (Δ < -1),
    λ grows as for -1: layerlab's one departure.
    """
    E, gradient = evaluate(w)
    r = -gradient
    p, lam, lam_bar, k, success, points = r.copy(), scale, 0.0, 0, True, [w]
    while len(points) <= n_success:
        length2 = float(p @ p)
        if success:  # 2
            delta = float(p @ hessian(w) @ p)
        delta += (lam - lam_bar) * length2  # 3
        if delta <= 0:  # 4
            lam_bar = 2 * (lam - delta / length2)
            delta = -delta + lam * length2
            lam = lam_bar
        mu = float(p @ r)
        alpha = mu / delta  # 5
        E_new, gradient_new = evaluate(w + alpha * p)
        Delta = max(2 * delta * (E - E_new) / mu**2, -1.0)  # 6
        success = Delta > 0
        if success:  # 7
            k += 1
            w, E, r_new, lam_bar = w + alpha * p, E_new, -gradient_new, 0.0
            points.append(w)
            if k % len(w) == 0:
                p = r_new
            else:
                p = r_new + (float(r_new @ r_new) - float(r_new @ r)) / mu * p
            r = r_new
        else:
            lam_bar = lam
        if success and Delta >= 0.75:
            lam = max(lam / 4, 1e-15)
        if Delta < 0.25:  # 8
            lam += delta * (1 - Delta) / length2
    return points


class Exact:
    """An objective with its exact Hessian as the curvature; it need not be positive."""

    def __init__(self, function, hessian):
        self.function, self.hessian, self.products, self.evaluations = function, hessian, 0, 0

    def evaluate(self, theta):
        self.evaluations += 1
        return self.function(theta)

    def curvature(self, theta, v):
        self.products += 1
        return self.hessian(theta) @ v


def accepted(objective, start, n):
    points = [start]
    ScaledCG().minimize(
        objective,
        start,
        stopping=Stopping(n, 0),
        callback=lambda iteration: points.append(iteration.theta.copy()),
    )
    return points


def double_well(theta):
    """¼ |x|⁴ - ½ xᵀ D x, whose curvature is negative near 0; and its Hessian."""
    D = np.arange(1.0, 1 + len(theta))
    square = float(theta @ theta)
    return square**2 / 4 - float(theta @ (D * theta)) / 2, square * theta - D * theta


def double_well_hessian(theta):
    D = np.arange(1.0, 1 + len(theta))
    return float(theta @ theta) * np.eye(len(theta)) + 2 * np.outer(theta, theta) - np.diag(D)


@pytest.mark.parametrize("start", [(-1.2, 1.0), (0.0, 1.5), (2.0, -1.0)])
def test_every_point_is_mollers_on_rosenbrock(start, rosenbrock_function):
    start = np.array(start)
    expected = moller(rosenbrock_function, rosen_hess, start, 12)
    found = accepted(Exact(rosenbrock_function, rosen_hess), start, 12)
    np.testing.assert_allclose(found, expected, rtol=1e-7)


def test_every_point_is_mollers_where_the_curvature_is_negative():
    start = np.array([0.1, -0.05, 0.02])
    gradient = double_well(start)[1]
    assert gradient @ double_well_hessian(start) @ gradient < 0
    # The ninth direction is uphill: Møller goes along it backwards, layerlab restarts.
    expected = moller(double_well, double_well_hessian, start, 8)
    found = accepted(Exact(double_well, double_well_hessian), start, 8)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_every_point_is_mollers_in_more_dimensions(rosenbrock_function):
    start = np.tile([-1.2, 1.0], 3)
    expected = moller(rosenbrock_function, rosen_hess, start, 20)
    found = accepted(Exact(rosenbrock_function, rosen_hess), start, 20)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_quadratic_takes_n_steps(quadratic):
    """With next to no scale it is linear conjugate gradient."""
    problem = quadratic(10, 30.0)
    tol = 1e-5 * np.abs(problem(problem.start)[1]).max()
    objective = Exact(problem, lambda _: problem.A)
    solution = ScaledCG(1e-12).minimize(objective, problem.start, stopping=Stopping(100, tol))
    assert solution.status is Status.CONVERGED
    assert solution.stats.n_iter <= 10
    assert objective.products == solution.stats.curvature_products == solution.stats.n_iter


def test_a_difference_of_gradients_stands_in_for_the_product(quadratic, counting):
    problem = quadratic(6, 10.0)
    exact = accepted(Exact(problem, lambda _: problem.A), problem.start, 5)
    differences = accepted(counting(problem), problem.start, 5)
    np.testing.assert_allclose(differences, exact, atol=1e-5)


def test_a_wall_is_stepped_back_from(counting):
    """A step onto huge costs raises the scale; the run goes on and ends at the minimum."""

    def walled(theta):
        x = float(theta[0])
        if x > 3:
            return 1e200, np.array([1e200])
        return 0.01 * (x - 2) ** 2 + x**-2.0, np.array([0.02 * (x - 2) - 2 * x**-3.0])

    solution = ScaledCG().minimize(counting(walled), np.array([0.4]), stopping=Stopping(500, 1e-6))
    assert solution.theta[0] == pytest.approx(3, abs=0.05)


def test_a_slope_too_small_to_square(counting):
    def flat(theta):
        return 1e-200 * (1 + float(theta @ theta)), 2e-200 * theta

    solution = ScaledCG().minimize(counting(flat), np.array([1.0, 2.0]), stopping=Stopping(20, 0))
    assert solution.status is Status.STALLED


@pytest.mark.parametrize("scale", [0, -1e-6, np.inf, None])
def test_a_scale_that_is_none_is_refused(scale, quadratic):
    with pytest.raises(ParameterError, match="'scale' parameter must be a number in the range"):
        ScaledCG(scale).minimize(quadratic(2), np.zeros(2))
