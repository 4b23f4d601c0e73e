import numpy as np

from layerlab.data.checks import NearestRows
from layerlab.data.checks.near_rows import check_near_rows, check_near_test_rows


def nearest(closest, others, spread=10.0, k=2):
    """Rows 0, 1, … with one near row each, and one far."""
    n = len(closest)
    distances = np.c_[closest, np.full(n, 9.0)]
    neighbours = np.c_[others, np.full(n, n)]
    return NearestRows(np.arange(n), neighbours, distances, spread, n, n)


def test_a_pair_is_told_once(part):
    found = nearest([4.0, 0.5, 4.0, 0.5, 4.0], [9, 3, 9, 1, 9])
    (told,) = check_near_rows(found, 10)
    assert (told.level, told.kind, told.count) == ("note", "near-duplicate-rows", 1)
    assert (told.rows, told.others) == ((3,), (1,))
    assert "All 5 rows looked at." in told.detail


def test_copies_are_not_near(part):
    assert not list(check_near_rows(nearest([4.0, 0.0, 4.0], [9, 2, 9]), 10))


def test_a_copy_does_not_hide_a_near_row():
    distances = np.array([[0.0, 0.4], [4.0, 5.0], [4.0, 5.0], [4.0, 5.0]])
    found = NearestRows(np.arange(4), np.full((4, 2), [7, 8]), distances, 10.0, 4, 9)
    (told,) = check_near_rows(found, 10)
    assert (told.rows, told.others) == ((0,), (8,))


def test_many_are_a_warning():
    (told,) = check_near_rows(nearest([4.0] * 60 + [0.1] * 20, [99] * 80), 10)
    assert (told.level, told.count) == ("warning", 20)


def test_with_few_columns_rows_come_near_by_chance():
    assert not list(check_near_rows(nearest([4.0, 0.5, 4.0], [9, 9, 9]), 4))


def test_test_rows():
    found = NearestRows(
        np.array([50, 51, 52]), np.array([[1], [2], [3]]), np.array([[4.0], [0.1], [4.0]]), 10.0,
        30, 40,
    )  # fmt: skip
    (told,) = check_near_test_rows(found, 10)
    assert (told.rows, told.others, told.part) == ((51,), (2,), "test")
    assert "3 of 30 rows looked at" in told.detail
    assert "10 times as many" in told.detail


def test_no_other_row():
    found = NearestRows(np.array([0]), np.empty((1, 0), int), np.empty((1, 0)), 0.0, 1, 1)
    assert not list(check_near_rows(found, 10))
