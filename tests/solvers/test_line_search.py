"""The line search: its conditions hold at what it returns, whatever the function."""

from math import cos, inf, isfinite, log, nan, sin

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.line_search import (
    Line,
    WolfeConditions,
    hager_zhang_search,
    interpolated_step,
    polyak_step,
)


class OneDimensional:
    """A function of one number and its derivative, as an objective."""

    def __init__(self, f, df):
        self.f, self.df, self.calls = f, df, []

    def evaluate(self, theta):
        x = float(theta[0])
        self.calls.append(x)
        return self.f(x), np.array([self.df(x)])

    def cost(self, theta):
        return self.f(float(theta[0]))


def downhill(f, df, x=0.0, length=1.0):
    """The line down from x; a step of one goes |f'(x)| times ``length``."""
    counted = CountedObjective(OneDimensional(f, df))
    start = counted.at(np.array([x]))
    return Line(counted, start, -length * start.gradient)


def wolfe(line, found, c):
    """Eqs. 22 and 23 of the paper, written out."""
    fall = found.cost - line.start.cost
    return fall <= c.decrease * found.step * line.start.slope and (
        found.slope >= c.curvature * line.start.slope
    )


def approximate_wolfe(line, found, c):
    """Eq. 27: (2δ - 1) φ'(0) >= φ'(α) >= σ φ'(0), the cost no higher than rounding allows."""
    ceiling = line.start.cost + c.precision * abs(line.start.cost)
    upper = (2 * c.decrease - 1) * line.start.slope
    return upper >= found.slope >= c.curvature * line.start.slope and found.cost <= ceiling


numbers = st.floats(-3, 3)


@st.composite
def bounded_functions(draw):
    """a x² + b sin(c x + d) + e log cosh(x - f): smooth, bounded below, with several minima."""
    a, e = draw(st.floats(0.01, 10)), draw(st.floats(0, 10))
    b, c, d, f = draw(numbers), draw(st.floats(-10, 10)), draw(numbers), draw(numbers)

    def value(x):
        return a * x * x + b * sin(c * x + d) + e * (np.logaddexp(x - f, f - x) - log(2))

    def slope(x):
        return 2 * a * x + b * c * cos(c * x + d) + e * np.tanh(x - f)

    return value, slope


@given(
    bounded_functions(),
    numbers,
    st.floats(-6, 6).map(lambda power: 10**power),
    st.floats(1e-4, 0.45),
    st.floats(0.5, 0.99),
)
def test_the_conditions_hold_at_what_it_returns(functions, x, step, decrease, curvature):
    line = downhill(*functions, x)
    assume(line.start.slope < -1e-6)
    conditions = WolfeConditions(decrease, curvature)
    found = hager_zhang_search(line, step, conditions)
    assert found is not None
    assert wolfe(line, found, conditions) or approximate_wolfe(line, found, conditions)
    x_found = float(found.point.theta[0])
    assert found.cost == pytest.approx(functions[0](x_found))
    assert found.slope == pytest.approx(-functions[1](x_found) * functions[1](x), abs=1e-9)
    assert line.evaluations <= 43  # a round may end a few evaluations over the 40


@given(bounded_functions(), numbers, st.floats(1e-3, 1e3), st.floats(-1, 3))
def test_a_wall_of_infinite_costs_is_stepped_back_from(functions, x, step, wall):
    """Beyond the wall the function is not finite; what is returned lies before it, and lower."""
    f, df = functions
    line = downhill(lambda t: f(t) if t < x + wall else nan, df, x)
    assume(wall > 1e-3 and line.start.slope < -1e-3)
    found = hager_zhang_search(line, step)
    assert found is not None
    assert isfinite(found.cost)
    assert found.cost <= line.start.cost + 1e-6 * abs(line.start.cost)


def test_a_slope_that_is_not_finite_counts_as_a_wall():
    line = downhill(lambda x: (x - 3) ** 2, lambda x: 2 * (x - 3) if x < 5 else nan)
    found = hager_zhang_search(line, 10.0)
    assert 0 < found.point.theta[0] < 5
    assert found.cost < 9


def test_finite_only_at_the_start_finds_nothing():
    line = downhill(lambda x: 1.0 if x == 0 else inf, lambda _: 1.0)
    assert hager_zhang_search(line, 1.0) is None


def test_nothing_lower_finds_nothing():
    """A derivative that lies: the cost rises wherever it promises a fall."""
    line = downhill(lambda x: 1 + abs(x), lambda x: 1.0 if x == 0 else -1.0)
    assert hager_zhang_search(line, 1.0) is None


def test_the_best_point_met_is_kept_where_no_step_will_do():
    """A falling straight line never fulfils the condition on the slope: the lowest is returned."""
    line = downhill(lambda x: -x, lambda _: -1.0)
    found = hager_zhang_search(line, 1.0)
    assert found is line.best
    assert found.cost == min(-x for x in line._objective._objective.calls)
    assert line.evaluations == 40


@pytest.mark.parametrize("distance", [1e-3, 1e-6, 1e-10, 1e-13])
def test_works_below_the_precision_of_costs(distance):
    """This close to a minimum of height 1 every cost rounds to 1; the slopes still tell."""
    line = downhill(lambda x: 1 + (x - 1) ** 2, lambda x: 2 * (x - 1), 1 - distance)
    found = hager_zhang_search(line, 0.1)
    assert found.slope >= 0.9 * line.start.slope
    assert abs(found.point.theta[0] - 1) < 0.95 * distance


@given(st.floats(-6, 6).map(lambda power: 10**power), st.floats(-4, 4))
def test_one_interpolation_is_exact_on_a_parabola(length, guess):
    """Whatever the guess, at most ten costs later the step is that to the minimum."""
    line = downhill(lambda x: (x - 2) ** 2, lambda x: 2 * (x - 2), 0.0, length)
    exact = 1 / (2 * length)
    step = interpolated_step(line, exact * 10**guess)
    assert step == pytest.approx(exact, rel=1e-5)
    assert line.evaluations == 0  # costs alone


def test_interpolation_goes_outwards_while_the_cost_bends_down():
    line = downhill(lambda x: -x, lambda _: -1.0)
    assert interpolated_step(line, 1.0) == pytest.approx(1e10)


def test_interpolation_steps_back_from_infinite_costs():
    line = downhill(lambda x: (x - 1) ** 2 if x < 3 else inf, lambda x: 2 * (x - 1))
    assert interpolated_step(line, 1e8) == pytest.approx(0.5)


def test_interpolation_of_a_step_too_large_to_square():
    line = downhill(lambda x: (x - 1) ** 2 if x < 3 else inf, lambda x: 2 * (x - 1))
    assert isfinite(interpolated_step(line, 1e200))


def test_polyak_step_reaches_zero_on_a_straight_line():
    line = downhill(lambda x: 6 - 2 * x, lambda _: -2.0)
    assert line._theta(polyak_step(line))[0] == pytest.approx(3)


@pytest.mark.parametrize("cost", [0.0, -5.0])
def test_polyak_step_has_length_one_where_the_cost_says_nothing(cost):
    line = downhill(lambda x: cost - 4 * x, lambda _: -4.0)
    assert line._theta(polyak_step(line))[0] == pytest.approx(1)


def test_best_is_the_lowest_finite_point():
    line = downhill(lambda x: (x - 1) ** 2 if x < 3 else -inf, lambda x: 2 * (x - 1))
    for step in (0.1, 0.4, 0.9, 2.0):
        line.at(step)
    assert line.best.step == 0.4
