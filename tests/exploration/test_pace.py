"""Limits on work: fixed without a budget, and by the clock with one."""

from time import perf_counter

import pytest

from layerlab.exploration.crew import Budget
from layerlab.exploration.pace import Pace


def begun(seconds, ago):
    return Budget(seconds, began=perf_counter() - ago)


def test_without_a_budget_the_clock_and_the_threads_count_for_nothing():
    pace = Pace(begun(None, 1e6), 7)
    pace.measured(1.0, 1e9)
    assert pace.allowed(5e11, 0.1) == 5e11


def test_a_budget_allows_its_share_of_the_time_left_at_the_rate_measured():
    pace = Pace(begun(1000, 400), 2)
    pace.measured(3e10, 10.0)
    # A tenth is kept for writing, so 500 seconds are left.
    assert pace.allowed(1e15, 0.2) == pytest.approx(100 * 3e9 * 2, rel=0.01)
    assert pace.allowed(1e9, 0.2) == 1e9


def test_a_spent_budget_allows_nothing():
    assert Pace(begun(10, 60), 2).allowed(1e12, 0.5) == 0


def test_work_that_took_no_time_tells_no_rate():
    pace = Pace(begun(10, 0), 1)
    rate = pace.rate
    pace.measured(0.0, 0.0)
    assert pace.rate == rate
