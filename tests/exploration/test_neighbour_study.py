"""The k-NN curve: which k are asked, and on what scale."""

import numpy as np
import pytest

from layerlab.data import Dataset, make_folds
from layerlab.exploration import knn_curve
from layerlab.exploration.crew import Crew
from layerlab.exploration.neighbour_study import study_neighbours
from layerlab.models import NearestNeighbours


def mixed_units(n=60, groups=None):
    """Return rows of three columns in different units, one with a few rows far out."""
    random = np.random.default_rng(0)
    y = np.arange(n) % 2
    X = random.normal(size=(n, 3)) + y[:, None]
    X *= [1.0, 1000.0, 10.0]
    X[n // 2 :: 9, 1] *= 50
    return Dataset.from_arrays(X, y, name="mixed", groups=groups)


def test_groups_of_very_unequal_sizes_limit_k():
    """All 110 rows of the largest group are predicted from the other ten."""
    study = knn_curve(mixed_units(120, np.r_[np.zeros(110, int), 1 + np.arange(10) % 4]))
    assert study.ks == (1, 2, 3, 4, 5)
    assert {curve.shape for curve in study.curves.values()} == {(4, 5)}
    assert set(study.curves) == {"shuffled", "contiguous", "group"}


@pytest.mark.parametrize(("n", "largest"), [(4, 1), (10, 3), (13, 4), (39, 14), (40, 15), (99, 15)])
def test_with_few_rows_k_is_at_most_half_of_a_training_part(n, largest):
    assert knn_curve(mixed_units(n)).ks[-1] == largest


def test_columns_are_scaled_by_the_training_rows_of_each_fold():
    data = mixed_units()
    study = knn_curve(data, random_state=0)
    for kind, curve in study.curves.items():
        folds = make_folds(kind, data.labels, n_splits=4, random_state=0)
        for (train, test), accuracies in zip(folds, curve, strict=True):
            for k, accuracy in zip(study.ks, accuracies, strict=True):
                model = NearestNeighbours.fit(data.rows[train], data.labels[train], k)
                right = model.predict(data.rows[test]) == data.labels[test]
                assert accuracy == right.mean()


def test_three_threads_draw_the_same_curve():
    data = mixed_units(99, np.arange(99) % 7)
    one, three = (study_neighbours(data, 0, Crew(n)) for n in (1, 3))
    assert list(one.curves) == list(three.curves) == ["shuffled", "contiguous", "group"]
    for kind, curve in one.curves.items():
        np.testing.assert_array_equal(curve, three.curves[kind])
