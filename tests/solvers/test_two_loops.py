"""The compiled direction of L-BFGS is NumPy's, and so is every solver's way."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from layerlab._compiled import KERNEL
from layerlab.solvers import LBFGS, NonlinearCG, Point, ScaledCG, Stopping, two_loops, vectors
from layerlab.solvers.pairs import Pairs

pytestmark = pytest.mark.skipif(KERNEL is None, reason="layerlab._kernel was not built, or is off")


def on_path(kernel, work):
    """Return what ``work`` returns, in NumPy where ``kernel`` is None."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (two_loops, vectors):
            patch.setattr(module, "KERNEL", kernel)
        return work()


def directions(memory, n, n_steps, seed):
    """Return the pairs and the directions of steps on a quadratic, some curved the wrong way."""
    random = np.random.default_rng(seed)
    pairs, found = Pairs(memory, n), []
    curvature = np.exp(random.normal(size=n))
    for i in range(n_steps):
        size = 10.0 ** random.integers(-8, 9)
        here, step = size * random.normal(size=(2, n))
        sign = -1 if i % 7 == 5 else 1
        old, new = (Point(x, 0.0, sign * curvature * x) for x in (here.copy(), here + step))
        pairs.add(old, new)
        if i % 5 != 3:  # now and then two in a row
            found.append(pairs.downhill(random.normal(size=n)))
    return pairs.kept, np.array(found)


@pytest.mark.usefixtures("each_target")
@pytest.mark.parametrize("n", [1, 2, 17, 1023, 1024, 1025, 2500])
@pytest.mark.parametrize("memory", [1, 2, 5, 12])
def test_the_same_directions(n, memory):
    pairs, found = on_path(KERNEL, lambda: directions(memory, n, 25, seed=n))
    reference = on_path(None, lambda: directions(memory, n, 25, seed=n))
    np.testing.assert_array_equal(pairs, reference[0])
    scale = np.abs(reference[1]).max(axis=1, keepdims=True)
    np.testing.assert_allclose(found / scale, reference[1] / scale, atol=1e-10)


exponents = st.integers(-150, 150)


@pytest.mark.usefixtures("each_target")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(exponents, exponents, st.integers(0, 2**32 - 1), st.sampled_from([-1e-8, 1e-12, 1e-6, 1.0]))
def test_the_same_pairs_are_kept(size_of_s, size_of_y, seed, turned):
    """Whatever their sizes, and with s·y a share ``turned`` of what it could be."""
    random = np.random.default_rng(seed)
    s, across = random.normal(size=(2, 5))
    across -= (across @ s) / (s @ s) * s
    y = turned * s + (1 - turned) * across
    old = Point(np.zeros(5), 0.0, np.zeros(5))
    new = Point(s * 10.0**size_of_s, 0.0, y * 10.0**size_of_y)
    compiled, reference = (on_path(kernel, lambda: kept(old, new)) for kernel in (KERNEL, None))
    np.testing.assert_array_equal(compiled, reference)


def kept(old, new):
    """Return the pair, or None where it is left out."""
    room = two_loops.no_pairs(1, len(old.theta))
    return room[0] if two_loops.keep(old, new, room[0]) else None


def bowl(theta):
    """Σ c (√(1 + x²) - 1), whose curvature fades with distance."""
    c = np.geomspace(1, 100, len(theta))
    root = np.sqrt(1 + theta**2)
    return float(c @ (root - 1)), c * theta / root


@pytest.mark.usefixtures("each_target")
@pytest.mark.parametrize("solver", [LBFGS(), LBFGS(3), NonlinearCG(), ScaledCG()], ids=str)
@pytest.mark.parametrize("n", [1, 6, 1500])
def test_every_solver_goes_the_same_way(solver, n, counting_costs):
    start = np.random.default_rng(n).normal(size=n)
    runs = [
        on_path(
            kernel,
            lambda: solver.minimize(counting_costs(bowl), start, stopping=Stopping(12, 1e-4)),
        )
        for kernel in (KERNEL, None)
    ]
    (compiled, reference) = runs
    assert compiled.status is reference.status
    np.testing.assert_allclose(compiled.theta, reference.theta, atol=1e-9)
    np.testing.assert_allclose(
        compiled.stats.history.cost, reference.stats.history.cost, rtol=1e-10, atol=1e-12
    )
    assert type(compiled.theta) is np.ndarray
    assert compiled.theta.flags.owndata


@pytest.mark.skipif(KERNEL is None, reason="no compiled kernel")
@pytest.mark.parametrize(("used", "newest"), [(2, 0), (2, 2), (0, 0), (6, 1), (5, -1)])
def test_pairs_that_do_not_lie_in_order_are_refused(used, newest):
    pairs, products = np.zeros((5, 2, 3)), np.zeros((2, 5, 5))
    with pytest.raises(ValueError, match="must agree"):
        KERNEL.downhill(pairs, *products, used, newest, np.ones(3), np.empty(3))
