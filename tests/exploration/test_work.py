"""Work in multiplications, worked out by hand and turned round."""

import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.exploration import Configuration, default_grid
from layerlab.exploration.work import (
    Cost,
    affordable,
    distance_cost,
    fit_cost,
    rows_for_curve,
    search_cost,
)


def wide(d, m=12):
    return Dataset.from_arrays(np.ones((m, d)) * np.arange(m)[:, None], np.arange(m) % 2)


def test_rows_within_turns_the_work_round():
    cost = Cost(7.0, 100.0)
    assert cost.of(10) == 170
    assert cost.rows_within(170) == 10
    assert cost.rows_within(50) < 0


def test_a_fit_by_hand():
    """4 features, 3 units, 2 classes: 23 weights; a row is mapped, an iteration has its pairs."""
    cost = fit_cost(Configuration((3,), 1.0), wide(4), n_iter=10)
    assert cost == Cost(10 * (23 + 22 * 4), 10 * 1400 * 23)
    watched = fit_cost(Configuration((3,), 1.0), wide(4), n_iter=10, watched=0.6)
    assert watched.a_row == pytest.approx(1.2 * cost.a_row)


def test_a_search_fits_each_row_in_all_folds_but_one():
    grid = [Configuration((), 1.0), Configuration((3,), 1.0)]
    fits = [fit_cost(c, wide(4), n_iter=40) for c in grid]
    cost = search_cost(grid, wide(4), 3)
    assert cost.a_row == 2 * sum(fit.a_row for fit in fits)
    assert cost.fixed == 3 * sum(fit.fixed for fit in fits)


@pytest.mark.parametrize(("kinds", "folds"), [(2, 4), (3, 4), (1, 10)])
def test_rows_of_a_curve_take_the_work_there_is(kinds, folds):
    """n rows in f folds make n²·(f − 1)/f distances a kind."""
    data = wide(64)
    n = rows_for_curve(1e9, data, kinds, folds)
    distances = [kinds * m * m * (folds - 1) / folds for m in (n, n + 1)]
    assert distances[0] * distance_cost(data) <= 1e9 < distances[1] * distance_cost(data)


def test_all_networks_are_affordable_on_few_features_and_the_largest_not_on_many():
    assert affordable(default_grid(), wide(64), 3, 2.5e12) == (default_grid(), ())
    kept, left_out = affordable(default_grid(), wide(50_000), 3, 2.5e12)
    assert set(kept) | set(left_out) == set(default_grid())
    assert {(), (16,), (16, 16)} <= {c.hidden_layer_sizes for c in kept}
    weights = [[c.n_weights(wide(50_000)) for c in part if c.depth] for part in (kept, left_out)]
    assert max(weights[0]) <= min(weights[1])


def test_no_hidden_layer_and_the_smallest_others_are_always_kept():
    kept, _ = affordable(default_grid(), wide(64), 3, 0.0)
    assert {c.hidden_layer_sizes for c in kept} == {(), (8,)}
    assert len(kept) == 4


def test_with_many_classes_softmax_regression_is_kept_though_it_is_large():
    data = Dataset.from_arrays(np.ones((60, 5)) * np.arange(60)[:, None], np.arange(60) % 30)
    kept, left_out = affordable(default_grid(), data, 3, 0.0)
    assert Configuration((), 1.0) in kept
    assert all(c.depth for c in left_out)


def test_networks_of_one_shape_are_left_out_together():
    kept, left_out = affordable(default_grid(), wide(30_000), 3, 2.5e12)
    assert not {c.hidden_layer_sizes for c in kept} & {c.hidden_layer_sizes for c in left_out}
