"""L-BFGS: its product against the textbook's loop and against BFGS's dense matrix."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.solvers import LBFGS, Point, Status, Stopping
from layerlab.solvers.lbfgs import default_memory
from layerlab.solvers.pairs import Pairs

pytestmark = pytest.mark.usefixtures("each_path")


class Kept(Pairs):
    """Pairs given as s and y, and H g with its own sign."""

    def keep(self, s, y):
        here, there = (Point(x, 0.0, g) for x, g in ((0 * s, 0 * y), (s, y)))
        self.add(here, there)

    def times(self, g):
        return -self.downhill(g)


def two_loops(pairs, g):
    """Nocedal & Wright (2006), algorithm 7.4, line by line."""
    q, alphas = g.copy(), []
    for s, y in reversed(pairs):
        alphas.append(float(s @ q) / float(y @ s))
        q = q - alphas[-1] * y
    s, y = pairs[-1]
    r = float(s @ y) / float(y @ y) * q
    for (s, y), alpha in zip(pairs, reversed(alphas), strict=True):
        r = r + s * (alpha - float(y @ r) / float(y @ s))
    return r


def dense_bfgs(pairs):
    """Nocedal & Wright, eqs. 6.17 and 6.20: H ← (I - ρ s yᵀ) H (I - ρ y sᵀ) + ρ s sᵀ."""
    s, y = pairs[-1]
    n = len(s)
    H = float(s @ y) / float(y @ y) * np.eye(n)
    for s, y in pairs:
        rho = 1 / float(y @ s)
        left = np.eye(n) - rho * np.outer(s, y)
        H = left @ H @ left.T + rho * np.outer(s, s)
    return H


def curved_pairs(n_pairs, n, seed=0):
    """Pairs as a convex function gives them: y = A s with a little noise."""
    random = np.random.default_rng(seed)
    root = random.normal(size=(n, n))
    A = root @ root.T + np.eye(n)
    steps = random.normal(size=(n_pairs, n))
    return [(s, A @ s + 0.01 * random.normal(size=n)) for s in steps]


def remembered(pairs, memory):
    kept = Kept(memory, len(pairs[0][0]))
    for s, y in pairs:
        kept.keep(s, y)
    return kept


@pytest.mark.parametrize("n_pairs", [1, 2, 5, 12])
def test_product_is_the_two_loop_recursion(n_pairs):
    pairs = curved_pairs(n_pairs, 7)
    g = np.random.default_rng(1).normal(size=7)
    np.testing.assert_allclose(remembered(pairs, 50).times(g), two_loops(pairs, g), rtol=1e-9)


@pytest.mark.parametrize("n_pairs", [1, 2, 5, 9])
def test_product_is_the_dense_update_with_full_memory(n_pairs):
    pairs = curved_pairs(n_pairs, 6, seed=2)
    kept = remembered(pairs, n_pairs)
    H = np.column_stack([kept.times(e) for e in np.eye(6)])
    np.testing.assert_allclose(H, dense_bfgs(pairs), rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(H, H.T, rtol=1e-8, atol=1e-10)


def test_secant_equation():
    pairs = curved_pairs(6, 8)
    s, y = pairs[-1]
    np.testing.assert_allclose(remembered(pairs, 4).times(y), s, rtol=1e-9)


@pytest.mark.parametrize("memory", [1, 3, 4])
def test_the_oldest_pair_is_dropped(memory):
    pairs = curved_pairs(9, 6)
    kept = remembered(pairs, memory)
    g = np.random.default_rng(1).normal(size=6)
    assert len(kept) == memory
    np.testing.assert_array_equal(kept.kept, pairs[-memory:])
    np.testing.assert_allclose(kept.times(g), two_loops(pairs[-memory:], g), rtol=1e-9)


def test_no_memory_is_steepest_descent():
    kept = Kept(5, 3)
    g = np.array([1.0, 2.0, 3.0])
    found = kept.times(g)
    np.testing.assert_array_equal(found, g)
    assert found is not g


@pytest.mark.parametrize(
    ("s", "y"),
    [([1.0, 0.0], [-1.0, 0.0]), ([1.0, 0.0], [0.0, 1.0]), ([0.0, 0.0], [1.0, 1.0])],
    ids=["negative", "none", "no step"],
)
def test_a_pair_without_positive_curvature_is_left_out(s, y):
    kept = Kept(5, 2)
    kept.keep(np.array(s), np.array(y))
    assert len(kept) == 0


def test_a_change_of_gradient_too_small_to_square_is_left_out():
    kept = Kept(5, 1)
    kept.keep(np.array([1e-50]), np.array([1e-170]))
    assert len(kept) == 0


@pytest.mark.parametrize("size", [1e-60, 1e-30, 1e30, 1e60])
def test_pairs_of_any_size_are_kept(size):
    pairs, g = curved_pairs(5, 7), np.random.default_rng(1).normal(size=7)
    scaled = [(size * s, size * y) for s, y in pairs]
    np.testing.assert_allclose(remembered(scaled, 5).times(g), two_loops(pairs, g), rtol=1e-9)


@pytest.mark.parametrize("curvature", [1e-120, 1e120])
def test_a_curvature_far_from_1_is_kept(curvature):
    kept, s = Kept(5, 2), np.array([1.0, 2.0])
    kept.keep(s, curvature * s)
    np.testing.assert_allclose(kept.times(s), s / curvature, rtol=1e-12)


@pytest.mark.parametrize("turned", [1e-12, 1e-14])
def test_a_curvature_is_left_out_only_where_it_is_lost_in_rounding(turned):
    kept = Kept(5, 2)
    kept.keep(np.array([1.0, 0.0]), np.array([turned, 1.0]))
    kept.keep(np.array([1.0, 0.0]), np.array([1e-16, 1.0]))
    assert len(kept) == 1


def test_a_product_between_additions_changes_nothing():
    pairs, g = curved_pairs(9, 6), np.arange(6.0)
    often = Kept(4, 6)
    for s, y in pairs:
        often.keep(s, y)
        often.times(g)
    np.testing.assert_allclose(often.times(g), remembered(pairs, 4).times(g), rtol=1e-12)


@pytest.mark.parametrize(
    ("n_weights", "memory"), [(0, 50), (1, 50), (1200, 50), (2000, 30), (5000, 12), (10**7, 12)]
)
def test_the_memory_nobody_asked_for(n_weights, memory):
    assert default_memory(n_weights) == memory


def test_clear_forgets_every_pair():
    kept = remembered(curved_pairs(4, 3), 10)
    kept.clear()
    g, pairs = np.array([1.0, 2.0, 3.0]), curved_pairs(13, 3, seed=5)
    assert len(kept) == 0
    np.testing.assert_array_equal(kept.times(g), g)
    for s, y in pairs:
        kept.keep(s, y)
    assert len(kept) == 10
    np.testing.assert_allclose(kept.times(g), two_loops(pairs[-10:], g), rtol=1e-9)


def test_exact_steps_are_conjugate_and_find_the_inverse_hessian(quadratic):
    """With exact steps on a quadratic BFGS is conjugate gradient, and after n steps H is A⁻¹."""
    problem, n = quadratic(6), 6
    kept, theta, used = Kept(n, n), problem.start, []
    for _ in range(n):
        g = problem(theta)[1]
        d = -kept.times(g)
        step = -float(g @ d) / float(d @ problem.A @ d) * d
        kept.keep(step, problem.A @ step)
        used.append(d / np.sqrt(d @ problem.A @ d))
        theta = theta + step
    D = np.array(used)
    np.testing.assert_allclose(D @ problem.A @ D.T, np.eye(n), atol=1e-8)
    np.testing.assert_allclose(theta, problem.minimum, atol=1e-9)
    H = np.column_stack([kept.times(e) for e in np.eye(n)])
    np.testing.assert_allclose(H @ problem.A, np.eye(n), atol=1e-7)


def test_a_longer_memory_needs_fewer_iterations(quadratic, counting):
    problem = quadratic(20, 1e3)
    needed = [
        LBFGS(memory).minimize(counting(problem), problem.start, stopping=Stopping(5000, 1e-8))
        for memory in (2, 20)
    ]
    assert [solution.status for solution in needed] == [Status.CONVERGED] * 2
    assert needed[1].stats.n_iter < needed[0].stats.n_iter / 2


@pytest.mark.parametrize("memory", [0, -1, 2.5, "10", True])
def test_a_memory_that_is_none_is_refused(memory, quadratic):
    with pytest.raises(ParameterError, match="'memory' parameter must be an integer from 1"):
        LBFGS(memory).minimize(quadratic(2), np.zeros(2))


def test_a_memory_that_misleads_is_cleared(counting):
    """Where -H g finds nothing lower, it looks downhill once more before it ends."""

    def bend(theta):
        x, y = theta
        return float(x**2 + 100 * abs(y) ** 1.5), np.array(
            [2 * x, 150 * np.sign(y) * abs(y) ** 0.5]
        )

    solution = LBFGS().minimize(counting(bend), np.array([1.0, 1.0]), stopping=Stopping(500, 1e-6))
    assert solution.cost < 1e-6
