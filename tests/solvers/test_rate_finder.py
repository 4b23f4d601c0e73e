"""The sweep over learning rates, where costs are known in closed form."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from layerlab.errors import DataError, ParameterError
from layerlab.solvers import LBFGS, SGD, Adam, AdamW, Muon
from layerlab.solvers.rate_finder import find_rate

PLAIN = SGD(momentum=0.0, nesterov=False)


@dataclass
class Bowl:
    """½ Σ λ_i theta_i² on every row: steps of rate r multiply theta_i by 1 - r λ_i."""

    curvatures: Any
    n_rows: int = 10
    seed: int = 0
    batches: list[Any] = field(default_factory=list)

    def evaluate(self, theta, rows=None, key=None):
        self.batches.append((key, rows.tolist()))
        gradient = self.curvatures * theta
        return 0.5 * float(gradient @ theta), gradient


@pytest.fixture
def given():
    """A function that makes an objective of these costs, one after the other."""

    class Given(Bowl):
        def evaluate(self, *_):
            return self.curvatures.pop(0), np.zeros(1)

    return Given


def found(curvatures, solver=PLAIN, **options):
    curvatures = np.atleast_1d(np.array(curvatures, float))
    return find_rate(solver, Bowl(curvatures), np.ones(len(curvatures)), **options)


@pytest.mark.parametrize("largest", [0.5, 4.0, 300.0])
def test_the_cost_rises_from_two_over_the_curvature(largest):
    search = found(largest, low=1e-4, high=100.0)
    assert search.rates[search.costs.argmin() - 1] < 2 / largest
    assert search.rates[search.costs.argmin()] > 2 / largest
    assert (np.diff(search.costs[: search.costs.argmin() + 1]) < 0).all()
    assert search.suggestion < 2 / largest


def test_costs_are_those_of_the_formula():
    """Σ λ_i / 2 · Π_j (1 - r_j λ_i)²."""
    curvatures = np.array([0.3, 1.0, 5.0])
    search = found(curvatures, n_steps=40)
    rates = np.geomspace(1e-5, 1, 40)
    left = np.cumprod(1 - rates[:, None] * curvatures, axis=0)[:-1]
    expected = 0.5 * np.vstack([np.ones(3), left]) ** 2 @ curvatures
    np.testing.assert_allclose(search.rates, rates[: len(search.rates)])
    np.testing.assert_allclose(search.costs, expected[: len(search.costs)], rtol=1e-10)


def test_the_running_mean_and_the_end_by_hand(given):
    """From a mean of 1, costs of 10 lift it to 10 - 9 · 0.9^k: above 4 with the fourth."""
    search = find_rate(PLAIN, given([2.0] * 15 + [1.0] * 100 + [10.0] * 9), np.ones(1), n_steps=124)
    weights = [0.9 ** np.arange(n)[::-1] for n in range(1, len(search.costs) + 1)]
    means = [np.average(search.costs[: len(w)], weights=w) for w in weights]
    np.testing.assert_allclose(search.smoothed, means, rtol=1e-12)
    assert len(search.rates) == len(search.costs) == 15 + 100 + 4
    assert search.smoothed[-1] == pytest.approx(10 - 9 * 0.9**4, rel=1e-4)


def test_the_suggestion_is_the_steepest_fall():
    search = found([0.1, 3.0], low=1e-3, high=10.0, n_steps=50)
    middles = np.diff(search.smoothed) / np.diff(np.log(search.rates))
    steepest = middles.argmin()
    assert search.suggestion in search.rates[steepest - 1 : steepest + 3]
    assert search.suggestion < search.rates[search.smoothed.argmin()]


def test_a_noisy_rise_is_no_fall(given):
    """What falls steeply after the lowest cost is passed over."""
    costs = [5, 4.9, 4, 3, 2.9, 2.8, 2.7, 2.6, *[2.5] * 20, 60, 0.0]
    search = find_rate(PLAIN, given(costs), np.ones(1), n_steps=30)
    assert search.costs[-1] == 0.0
    assert search.suggestion == search.rates[10]


def test_a_young_mean_is_not_asked(given):
    """Costs of 9 and 1 by turns fall most steeply at once; lower than both from the 20th on."""
    search = find_rate(PLAIN, given([9.0, 1.0] * 10 + [0.5] * 20), np.ones(1), n_steps=40)
    assert search.smoothed[0] - search.smoothed[1] > 4
    assert search.suggestion >= search.rates[10]


@pytest.mark.parametrize("factor", [1e-2, 8.0])
def test_a_steeper_bowl_takes_a_smaller_rate(factor):
    here = found([1.0, 4.0], low=1e-4, high=10.0)
    there = found(factor * np.array([1.0, 4.0]), low=1e-4 / factor, high=10.0 / factor)
    assert there.suggestion == pytest.approx(here.suggestion / factor, rel=1e-9)


def test_it_goes_through_the_rows_as_training_does(least_squares):
    swept, trained = least_squares(50), least_squares(50)
    find_rate(SGD(batch_size=20), swept, np.zeros(3), low=1e-2, high=2e-2, n_steps=9)
    SGD(1e-9, batch_size=20).minimize(trained, np.zeros(3))
    assert len(swept.calls) == 9
    for (_, rows, key), (_, expected, epoch) in zip(swept.calls, trained.calls, strict=False):
        np.testing.assert_array_equal(rows, expected)
        assert key == epoch


@pytest.mark.parametrize("solver", [SGD(), Adam(), AdamW(), Muon(), "adam"], ids=str)
def test_the_same_again(solver, least_squares):
    start = np.ones(3)
    start.flags.writeable = False
    first, second = (find_rate(solver, least_squares(seed=4), start, high=10.0) for _ in range(2))
    np.testing.assert_array_equal(first.costs, second.costs)
    assert first.suggestion == second.suggestion
    other = find_rate(solver, least_squares(seed=5), start, high=10.0)
    assert not np.array_equal(other.costs[:5], first.costs[:5])


def test_the_solver_s_own_rate_schedule_and_average_do_not_matter(least_squares):
    plain = find_rate(SGD(), least_squares(), np.zeros(3))
    other = SGD(7.0, schedule="cosine", average=0.9)
    np.testing.assert_array_equal(find_rate(other, least_squares(), np.zeros(3)).costs, plain.costs)
    clipped = find_rate(SGD(clip_norm=0.1), least_squares(), np.zeros(3))
    assert not np.array_equal(clipped.costs, plain.costs)


def test_a_network(twin):
    """As in training, the cost is near its start's while rates are low, then falls, then rises."""
    search = find_rate(SGD(batch_size=50), twin.objective, twin.start, high=1e3)
    assert 1e-3 < search.suggestion < 10
    assert len(search.rates) < 100


def test_an_overflow_ends_the_sweep(least_squares):
    search = find_rate(PLAIN, least_squares(), np.ones(3), low=1e-3, high=1e300, n_steps=12)
    assert np.isfinite(search.costs).all()
    assert len(search.costs) < 12


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"low": 0}, r"'low' parameter must be a number in the range \(0, 1.0\)"),
        ({"low": 2.0, "high": 1.0}, r"'low' parameter must be a number in the range \(0, 1.0\)"),
        ({"high": np.inf}, r"'high' parameter must be a number in the range \(0, inf\)"),
        ({"n_steps": 2}, "'n_steps' parameter must be an integer from 3"),
        ({"solver": LBFGS()}, "'solver' parameter must be one that goes by mini-batches"),
        ({"solver": "lbfgs"}, "'solver' parameter must be one that goes by mini-batches"),
        ({"solver": "adan"}, "Did you mean 'adam'"),
        ({"solver": SGD(batch_size=0)}, "'batch_size' parameter"),
        # Beyond 2 / 4 from the first step on.
        (
            {"low": 0.6, "high": 9.0},
            "fell at none of the rates from 0.6 to .*Lower low, or",
        ),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(ParameterError, match=message):
        found(4.0, **options)


def test_an_objective_that_is_no_mean_over_rows_is_refused(counting, quadratic):
    with pytest.raises(ParameterError, match="SGD needs an objective that is a mean over rows"):
        find_rate(SGD(), counting(quadratic(3)), np.zeros(3))


def test_a_start_that_is_not_finite_is_refused(least_squares):
    with pytest.raises(DataError, match="not finite at the start"):
        find_rate(SGD(), least_squares(), np.full(3, np.nan))
