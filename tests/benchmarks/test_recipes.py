"""Openings by recipe, on rows too few to take time."""

import numpy as np
import pytest

from benchmarks import recipes
from layerlab.data import load_data
from layerlab.models.recipes import RECIPES, Recipe


@pytest.fixture
def brief(monkeypatch):
    """A recipe of one epoch, on two parts of digits."""
    light = {**RECIPES["digits-light"].parameters, "hidden_layer_sizes": (8,), "max_iter": 2}
    monkeypatch.setitem(RECIPES, "brief", Recipe("brief", "One epoch.", light))
    data = load_data("digits")

    def parts(_folder):
        for start in (0, 300):
            rows = np.arange(start, start + 300)
            yield recipes.Part(data.subset(rows), data.subset(rows + 600))

    monkeypatch.setitem(recipes.CASES, "brief", recipes.Case("brief", 2, parts, against=True))


def test_errors_of_parts_are_added_up(brief, tmp_path):
    result = recipes.run("brief", tmp_path)
    line, *rivals = result.summary
    assert (line["networks"], line["rows"]) == (2, 600)
    assert line["from"] <= line["error of one"] <= line["to"]
    assert line["to"] * 600 == pytest.approx(round(line["to"] * 600))
    assert 0 <= line["correct"] <= 600
    assert [rival["rows"] for rival in rivals] == [300] * 4
    assert rivals[0]["correct"] > 240
    assert "k-NN (3)" in result.table and "brief" in result.table


def test_the_help_names_every_case():
    for case in recipes.CASES:
        assert f"benchmarks.recipes {case} " in recipes.__doc__
    for case in recipes.CASES.values():
        assert case.recipe in RECIPES


def test_labels_are_compared_as_text():
    data = load_data("digits").subset(np.arange(40))
    np.testing.assert_array_equal(recipes._labels(recipes.Part(data, data)), data.labels)
