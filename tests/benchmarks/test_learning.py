"""When goals were first reached."""

import numpy as np
from benchmarks.recipes import Part

from benchmarks import learning
from layerlab.data import load_data
from layerlab.models.recipes import RECIPES, Recipe


def test_the_first_epoch_that_reaches_a_goal_counts():
    epochs = [(0.5, 1.0), (0.981, 2.5), (0.96, 4.0), (0.99, 6.0)]
    found = [(line["epoch"], line["seconds"]) for line in learning.reached(epochs)]
    assert found == [(2, 2.5), (2, 2.5), (4, 6.0), (None, None)]


def test_a_run_on_few_rows(monkeypatch, tmp_path):
    light = {**RECIPES["digits-light"].parameters, "hidden_layer_sizes": (16,), "max_iter": 3}
    monkeypatch.setitem(RECIPES, "brief", Recipe("brief", "Three epochs.", light))
    data = load_data("digits")
    part = Part(data.subset(np.arange(900)), data.subset(np.arange(900, 1000)))
    monkeypatch.setattr(learning, "mnist", lambda _: iter([part]))
    result = learning.run(tmp_path, "brief")
    assert len(result.runs) == 3
    assert all(
        a["seconds"] < b["seconds"] for a, b in zip(result.runs, result.runs[1:], strict=False)
    )
    assert "99.3 %" in result.table
