"""An epoch of each, on a problem too small to take time."""

import pytest
from benchmarks.race import Entrant

from benchmarks import epochs


def test_everyone_goes_through_the_rows_once():
    pytest.importorskip("torch")
    problem = {"rows": 300, "widths": [12, 8, 3], "batch_size": 64, "threads": 1}
    for work, options in (
        (epochs.ours_epoch, {}),
        (epochs.sklearn_epoch, {}),
        (epochs.torch_epoch, {"fused": True}),
    ):
        epoch = work(**problem, **options)
        costs = [epoch() for _ in range(150)]
        assert costs[0] == pytest.approx(1.1, abs=0.2)  # log 3 and what a random start adds
        assert costs[-1] < costs[0] - 0.02


def test_the_table_names_everyone(monkeypatch):
    ours = [Entrant("layerlab", epochs.ours_epoch, 1, 1, ours=True)]
    monkeypatch.setattr(epochs, "entrants", lambda: ours)
    small = epochs.Settings((epochs.Problem(100, (5, 4, 3)),), rounds=2, seconds=0.0)
    result = epochs.run(small)
    assert "5-4-3, 100 rows" in result.table
    assert result.summary[0]["median"] > 0
