"""What is counted, what is kept, and what stands in for a missing capability."""

import numpy as np
import pytest

from layerlab.solvers.counted import CountedObjective


def test_passes_weigh_each_kind_of_call(quadratic):
    class Everything:
        def __init__(self, problem):
            self.problem = problem

        def evaluate(self, theta):
            return self.problem(theta)

        def cost(self, theta):
            return self.problem(theta)[0]

        def curvature(self, _theta, v):
            return self.problem.A @ v

    counted = CountedObjective(Everything(quadratic(3)))
    point = counted.at(np.zeros(3))
    for _ in range(3):
        counted.cost(np.ones(3))
    counted.curvature(point, np.ones(3))
    assert (counted.evaluations, counted.cost_evaluations, counted.curvature_products) == (1, 3, 1)
    assert counted.passes == pytest.approx(1 + 3 / 3 + 1.2)


def test_a_cost_without_a_cheap_way_is_a_full_evaluation(quadratic, counting):
    counted = CountedObjective(counting(quadratic(3)))
    assert counted.cost(np.ones(3)) == quadratic(3)(np.ones(3))[0]
    assert (counted.evaluations, counted.cost_evaluations) == (1, 0)


def test_a_difference_of_gradients_is_one_evaluation(quadratic, counting):
    problem, v = quadratic(4), np.arange(4.0)
    objective = counting(problem)
    counted = CountedObjective(objective)
    product = counted.curvature(counted.at(problem.start), v)
    np.testing.assert_allclose(product, problem.A @ v, rtol=1e-6)
    assert objective.evaluations == counted.evaluations == 2


def test_a_buffer_that_the_objective_reuses_is_copied():
    class Reuses:
        buffer = np.empty(2)

        def evaluate(self, theta):
            self.buffer[:] = theta
            return 1.0, self.buffer

    counted = CountedObjective(Reuses())
    first = counted.at(np.array([1.0, 2.0]))
    counted.at(np.array([3.0, 4.0]))
    np.testing.assert_array_equal(first.gradient, [1, 2])


def test_single_precision_becomes_double():
    class Single:
        def evaluate(self, theta):
            return np.float32(0.1), theta.astype(np.float32)

    point = CountedObjective(Single()).at(np.array([0.1]))
    assert type(point.cost) is float
    assert point.gradient.dtype == np.float64


def test_the_lowest_finite_point_is_kept():
    class Given:
        def evaluate(self, theta):
            return float(theta[0]), np.array([theta[1]])

    counted = CountedObjective(Given())
    for cost, slope in [(3, 1), (1, np.inf), (np.nan, 1), (2, 1), (-np.inf, 1), (5, 1)]:
        counted.at(np.array([cost, slope], float))
    assert counted.best.cost == 2
    assert counted.costs_met == {3.0, np.inf, 2.0, 5.0}
