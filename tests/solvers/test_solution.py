"""Outcomes are values, and each says what to do."""

import numpy as np
import pytest

from layerlab.solvers import Point, Status


@pytest.mark.parametrize("status", Status)
def test_every_status_is_a_sentence(status):
    assert status.value[0].isupper()
    assert status.value.endswith(".")


@pytest.mark.parametrize(
    ("status", "remedy"),
    [
        (Status.MAX_ITER, "Raise max_iter"),
        (Status.STALLED, "dtype='float64'"),
        (Status.NON_FINITE, "scale the inputs"),
        (Status.NON_FINITE_AHEAD, "Scale the inputs"),
        (Status.INTERRUPTED, "best point so far"),
    ],
)
def test_what_went_wrong_carries_its_remedy(status, remedy):
    assert remedy in status.value


def test_converged_means_nothing_was_left_to_gain():
    done = {status for status in Status if status.converged}
    assert done == {Status.CONVERGED, Status.FLAT, Status.STALLED}


def test_gradient_norm_is_the_largest_component():
    assert Point(np.zeros(3), 0.0, np.array([1.0, -4.0, 2.0])).gradient_norm == 4
    assert Point(np.zeros(0), 0.0, np.zeros(0)).gradient_norm == 0


@pytest.mark.parametrize(
    ("cost", "slope"), [(np.nan, 0), (np.inf, 0), (-np.inf, 0), (0, np.nan), (0, np.inf)]
)
def test_not_finite(cost, slope):
    assert Point(np.zeros(1), 0.0, np.zeros(1)).finite
    assert not Point(np.zeros(1), cost, np.array([slope], float)).finite
