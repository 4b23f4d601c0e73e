"""Tables and captions state what was done in this exploration, whatever the list of networks."""

import pytest
from sklearn.datasets import load_iris

from layerlab.data import Dataset, split_rows
from layerlab.exploration import Configuration, Explorer, plan
from layerlab.reporting.drawings import draw_figures
from layerlab.reporting.tables import candidates_table, models_table, shortlist_table

GRID = (Configuration((), 0.1), Configuration((4,), 0.1))


@pytest.fixture(scope="module")
def explored():
    data = Dataset.from_arrays(*load_iris(return_X_y=True), name="iris")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plan, "default_grid", lambda: GRID)
        return Explorer(data, split_rows(data), n_threads=1).explore()


def test_the_shipped_network_stands_among_the_baselines(explored):
    table = models_table(explored)
    names = [row[0] for row in table.rows]
    shape = explored.chosen.configuration.shape
    assert names == [
        "Majority class",
        f"Nearest neighbours, k = {explored.k}",
        "Softmax regression",
        f"Network, {shape}",
    ]
    assert table.emphasis == 3
    score = explored.opening.scores["network"].score
    low, high = score.interval
    assert table.rows[3][1:4] == (
        f"{100 * score.accuracy:.1f}",
        f"{100 * low:.1f} to {100 * high:.1f}",
        "–",
    )
    against = explored.opening.against("majority")
    assert table.rows[0][3].startswith(f"{100 * against.difference:+.1f} (")


def test_the_shortlist_says_how_many_it_holds(explored):
    table = shortlist_table(explored)
    assert len(table.rows) == 2
    assert table.caption.startswith("The best 2 of the search, fitted on 90 training rows")


def test_the_search_says_how_many_folds_it_had(explored):
    table = candidates_table(explored)
    assert table.caption == "2 of 2 networks, by 3-fold cross-validation on the 90 training rows."
    assert [row[0] for row in table.rows] == [
        str(c.configuration) for c in sorted(explored.candidates, key=lambda c: -c.accuracy)
    ]


def test_figures_say_how_many_folds_they_show(explored):
    figures = {figure.name: figure for figure in draw_figures(explored)}
    assert "over 4 folds of the development rows" in figures["knn-curve"].caption
    assert "n = 90 rows, 3 folds." in figures["depth-width"].svg
