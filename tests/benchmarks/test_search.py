"""The search: everyone has the same rows, and accuracies are compared in pairs."""

import pytest
from joblib import parallel_config

from benchmarks import search

ASKED = {"alphas": [1.0], "folds": 2, "rows": 150, "seed": 0, "threads": None}


def _in_threads(work):
    """Have joblib start no processes for a second's work."""
    with parallel_config(backend="threading"):
        return work()


@pytest.mark.filterwarnings("ignore:lbfgs failed to converge")
def test_everyone_scores_the_best_on_the_same_rows():
    train, test, folds = search._parts(150, 2, 0)
    assert (len(train), len(test), len(folds)) == (120, 30, 2)
    for accuracy in (
        search.ours_search(**ASKED, shapes=[[], [3]])(),
        _in_threads(search.grid_search(**ASKED, shapes=[[8]], solver="lbfgs", max_iter=30)),
    ):
        assert 30 * accuracy == pytest.approx(round(30 * accuracy))
        assert accuracy > 0.3


def test_the_gain_is_paired_and_its_interval_students():
    gain = search._gain([0.01, 0.02, 0.03])
    assert gain["gain"] == pytest.approx(0.02)
    assert gain["gain_high"] - 0.02 == pytest.approx(4.302653 * 0.01 / 3**0.5, rel=1e-6)
    assert search._gain([0.01]) == {"gain": 0.01, "gain_low": None, "gain_high": None}


def test_the_stored_file_is_complete(inside, only, stored):
    only(search, "layerlab")
    settings = search.Settings(shapes=((), (2,)), alphas=(1.0,), folds=2, rows=150, splits=2)
    result = search.run(settings)
    (line,) = stored(result)["summary"]
    assert line["gain"] == 0
    assert 0.3 < line["accuracy"] <= 1
    assert "2 shapes x 1 penalties x 2 folds, digits" in result.table
