"""Shares and differences as they are written."""

import numpy as np

from layerlab.metrics import paired_difference
from layerlab.reporting.shares import difference_points, hundredths, percent, span


def test_percent():
    assert percent(0.98607) == "98.6\N{NO-BREAK SPACE}%"
    assert percent(1, 0) == "100\N{NO-BREAK SPACE}%"


def test_under_a_heading_that_says_per_cent():
    assert hundredths(0.98607) == "98.6"
    assert span((0.9, 1.0)) == "90.0 to 100.0"


def test_a_difference_has_signs():
    rows = np.arange(100)
    mean, interval = difference_points(paired_difference(rows < 95, rows < 90))
    assert mean == "+5.0"
    low, high = interval.split(" to ")
    assert -100 < float(low) < 5 < float(high) < 100
    assert difference_points(paired_difference(rows < 90, rows < 95))[0] == "-5.0"
