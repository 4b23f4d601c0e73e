"""What is compiled gives what NumPy gives, for every target of this processor."""

import numpy as np
import pytest

from layerlab._compiled import KERNEL
from layerlab.solvers.vectors import largest, moved

compiled = pytest.mark.skipif(KERNEL is None, reason="layerlab._kernel was not built, or is off")


@pytest.mark.usefixtures("each_target")
@pytest.mark.parametrize("n", [0, 1, 3, 16, 1001])
def test_moved(n):
    theta, direction = np.random.default_rng(n).normal(size=(2, n))
    theta, direction = theta.copy(), direction.copy()
    found = moved(theta, direction, -0.3)
    np.testing.assert_allclose(found, theta - 0.3 * direction, rtol=1e-15, atol=1e-16)
    assert not np.shares_memory(found, theta)


@pytest.mark.usefixtures("each_target")
@pytest.mark.parametrize("n", [0, 1, 3, 16, 1001])
def test_largest(n):
    x = np.random.default_rng(n).normal(size=n)
    assert largest(x) == max(map(abs, x), default=0)


@pytest.mark.usefixtures("each_target")
@pytest.mark.parametrize("at", [0, 5, 36])
@pytest.mark.parametrize("odd", [np.nan, -np.nan, np.inf, -np.inf])
def test_largest_notices_what_is_not_finite(at, odd):
    x = np.random.default_rng(0).normal(size=37)
    x[at] = odd
    np.testing.assert_equal(largest(x), abs(odd))


@pytest.mark.usefixtures("each_target")
def test_largest_among_nan_and_infinity_is_nan():
    assert np.isnan(largest(np.array([np.inf, np.nan, -np.inf])))


@pytest.mark.usefixtures("each_target")
def test_largest_of_tiny_numbers_and_zeros():
    assert largest(np.array([-0.0, 5e-324, -1e-320])) == 1e-320
    assert largest(np.zeros(3)) == 0


@pytest.mark.usefixtures("each_path")
@pytest.mark.parametrize("x", [np.arange(4) - 3, np.arange(8.0)[::-2], np.float32([1, -2])])
def test_largest_of_other_kinds_of_arrays(x):
    assert largest(x) == np.abs(x).max()


PAIR, GRAM = np.zeros((2, 2, 5)), np.zeros((2, 2))


@compiled
@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("moved", [np.zeros(3), np.zeros(4), 0.5, np.zeros(3)]),
        ("moved", [np.zeros(3), np.zeros(3), 0.5, np.zeros(4)]),
        ("moved", [np.zeros(3), np.zeros(3)]),
        ("keep", [np.zeros(5), np.zeros(5), np.zeros(5), np.zeros(4), PAIR[0]]),
        ("keep", [*[np.zeros(4)] * 4, PAIR[0]]),
        ("keep", [*[np.zeros(5)] * 4, np.zeros((2, 5), np.float32)]),
        ("keep", [*[np.zeros(5)] * 4]),
        ("downhill", [PAIR, GRAM, GRAM, 3, 0, np.zeros(5), np.zeros(5)]),
        ("downhill", [PAIR, GRAM, GRAM, 2, 2, np.zeros(5), np.zeros(5)]),
        ("downhill", [PAIR, GRAM, GRAM, 2, -1, np.zeros(5), np.zeros(5)]),
        ("downhill", [PAIR, GRAM, np.zeros((3, 3)), 2, 1, np.zeros(5), np.zeros(5)]),
        ("downhill", [PAIR, GRAM, GRAM, 2, 1, np.zeros(5), np.zeros(4)]),
        ("downhill", [PAIR, GRAM, GRAM, 2, 1, np.zeros(0), np.zeros(0)]),
        ("downhill", [PAIR, GRAM, GRAM, 2, 1, np.zeros(5)]),
        ("largest", [np.zeros(4, np.float32)]),
        ("largest", [np.arange(8.0)[::2]]),
    ],
)
def test_arrays_that_do_not_fit_are_refused(name, given):
    with pytest.raises(ValueError, match=r"must|out|pair|contiguous"):
        getattr(KERNEL, name)(*given)


@compiled
def test_what_is_no_array_or_read_only_is_refused():
    with pytest.raises(TypeError):
        KERNEL.largest("abc")
    frozen = np.zeros(2)
    frozen.flags.writeable = False
    with pytest.raises((ValueError, BufferError), match="read-only"):
        KERNEL.moved(np.zeros(2), np.zeros(2), 1.0, frozen)
