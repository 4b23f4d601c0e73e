"""Peak memory: what a fit holds beyond its rows is seen."""

import numpy as np
import pytest

from benchmarks import memory

TINY = memory.Settings(m=(200,), n_features=5, hidden=(3,), max_iter=1, rounds=2)


class Glutton:
    """Holds some megabytes while it is fitted on more than a few rows."""

    def fit(self, X, _y):
        np.ones(40_000_000 * (len(X) > 200), np.uint8).sum()


@pytest.mark.skipif(not memory.STATUS.exists(), reason="this system tells no peak of its own")
def test_the_peak_is_that_of_the_fit():
    held = memory._resident()
    assert 0 < held <= memory._peak()
    room = memory._peak() - held  # of earlier peaks in this process
    work = memory._measured(Glutton(), memory._rows(1000, 3, "uint8"))
    assert max(40.0, room / 1e6) - 2 < work() < 60 + room / 1e6


def test_rows_are_of_the_type_asked_for():
    assert memory._rows(2500, 3, "uint8").max() > 200
    assert memory._rows(3, 2, "float32").dtype == np.float32


def test_the_stored_file_is_complete(inside, only, stored):
    only(memory, "layerlab, uint8")
    result = memory.run(TINY)
    content = stored(result)
    assert [len(entry["laps"]) for entry in content["runs"]] == [2]
    assert "5-3-10, 200 rows" in result.table
    assert " MB" in result.table
