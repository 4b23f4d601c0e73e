"""Leaving groups out: how many at a time, and on how many rows."""

import pytest

from layerlab.exploration.groups import plan_groups
from layerlab.exploration.work import Cost

FIT = Cost(1.0, 10.0)


@pytest.mark.parametrize(
    ("n_groups", "work", "kind", "folds"),
    [
        (14, 1e9, "leave-one-group-out", 14),
        (20, 1e9, "leave-one-group-out", 20),
        (21, 1e9, "group", 10),
        (14, 13 * 1000 + 140, "leave-one-group-out", 14),  # just enough: 13 of 14 folds, 14 fits
        (14, 13 * 1000 + 139, "group", 5),
        (300, 5000, "group", 5),
        (4, 100, "leave-one-group-out", 4),  # fewer folds are no help
    ],
)
def test_folds(n_groups, work, kind, folds):
    plan = plan_groups(n_groups, 1000, FIT, work)
    assert (plan.kind, plan.n_folds) == (kind, folds)


def test_rows_that_the_work_allows():
    """Five folds of n rows fit 4 n of them, and five times what a fit takes anyway."""
    assert plan_groups(300, 10_000, FIT, 4 * 700 + 50).rows == 700
    assert plan_groups(300, 100, FIT, 1e6).rows >= 100
