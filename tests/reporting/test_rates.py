"""The picture of a sweep over learning rates."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.reporting import rate_curve, svg

RATES = np.geomspace(1e-4, 1, 5)
COSTS = [2.0, 1.9, 1.0, 0.2, 90.0]
SMOOTHED = [2.0, 1.95, 1.5, 0.8, 40.0]


def test_dots_are_costs_and_the_line_their_mean():
    figure = rate_curve(RATES, COSTS, SMOOTHED, 0.01)
    ax = figure.axes[0]
    dots, line = ax.lines[:2]
    assert ax.get_xscale() == "log"
    np.testing.assert_allclose(dots.get_xdata(), RATES)
    np.testing.assert_allclose(dots.get_ydata(), COSTS)
    np.testing.assert_allclose(line.get_ydata(), SMOOTHED)


def test_the_suggestion_is_marked_on_the_line_and_named():
    ax = rate_curve(RATES, COSTS, SMOOTHED, 0.01).axes[0]
    mark = ax.lines[-1]
    assert (mark.get_xdata()[0], mark.get_ydata()[0]) == pytest.approx((0.01, 1.5))
    assert [text.get_text() for text in ax.texts] == ["0.01"]
    # Between two rates the mark lies on the line: half way by their logarithms.
    ax = rate_curve(RATES, COSTS, SMOOTHED, 10**-2.5).axes[0]
    assert ax.lines[-1].get_ydata()[0] == pytest.approx((1.95 + 1.5) / 2)
    assert ax.texts[0].get_text() == "0.0032"


def test_how_high_it_rose_does_not_press_the_fall_flat():
    low, high = rate_curve(RATES, COSTS, SMOOTHED, 0.01).axes[0].get_ylim()
    assert low < 0.2
    assert 2 < high < 4


@pytest.mark.parametrize("costs", [[1.0, 1.0], [5.0, 1.0], [1.0, 5.0], [1e-9, 1e9]])
def test_odd_costs_are_drawn(costs):
    figures = [rate_curve([0.1, 0.2], costs, costs, 0.1) for _ in range(2)]
    assert svg(figures[0]) == svg(figures[1])


@pytest.mark.parametrize(
    "arrays",
    [
        (RATES, COSTS, SMOOTHED[:-1]),
        (RATES[:-1], COSTS, SMOOTHED),
        ([1.0], [1.0], [1.0]),
        ([[1.0, 2.0]], [[1.0, 2.0]], [[1.0, 2.0]]),
    ],
)
def test_unequal_lengths_are_refused(arrays):
    with pytest.raises(ParameterError, match="of one length, at least 2"):
        rate_curve(*arrays, 0.1)
