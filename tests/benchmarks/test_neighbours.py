"""The curve of neighbours: the loop finds ours."""

import pytest

from benchmarks import neighbours


def test_the_loop_finds_our_curve():
    asked = {"ks": [1, 4], "folds": 3, "threads": 1}
    ours, theirs = neighbours.ours_curve(**asked)(), neighbours.loop(**asked, frame=False)()
    assert list(ours) == pytest.approx(theirs)


def test_the_notebooks_loop_is_over_a_frame():
    pytest.importorskip("pandas")
    asked = {"ks": [2], "folds": 2, "threads": None}
    assert neighbours.loop(**asked, frame=True)() == neighbours.loop(**asked, frame=False)()


def test_the_stored_file_is_complete(inside, only, stored):
    only(neighbours, "loop over arrays")
    content = stored(neighbours.run(neighbours.Settings((1, 2), 2, 1, 0.0)))
    assert content["summary"][0]["problem"] == "k = 1 … 2, 2 folds of digits"
    assert len(content["runs"][0]["laps"][0]["value"]) == 2
