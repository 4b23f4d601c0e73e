"""Deformed images: both paths give the same, and times are those of one image."""

import pytest
from benchmarks.race import Lap

from benchmarks import deformation


def test_who_is_timed_works():
    asked = {"preset": "digits", "shape": [8, 8], "n": 5, "threads": None}
    for work in (deformation.ours, deformation.scipys):
        n, mean = work(**asked)()
        assert n == 5
        assert 0 <= mean <= 255


def test_the_time_is_that_of_one_image():
    assert deformation.an_image(Lap(2.0, 3, [1000, 4.0])) == pytest.approx(0.002)


def test_the_stored_file_is_complete(inside, stored):
    problems = (deformation.Problem("digits", (8, 8)), deformation.Problem("none", (4, 4, 3)))
    result = deformation.run(deformation.Settings(problems, n=20, scipy_n=2, rounds=1, seconds=0.0))
    summary = stored(result)["summary"]
    assert [line["problem"] for line in summary] == [*["digits, 8×8"] * 4, *["none, 4×4×3"] * 4]
    assert {line["entrant"] for line in summary} == {"layerlab", "layerlab, NumPy", "SciPy"}
