import numpy as np
import pytest

from layerlab.data.checks import part as part_module
from layerlab.data.checks.leaks import check_leaks

LABELS = np.arange(60) % 3


@pytest.fixture
def rows(noise):
    rows = noise(60, 5)
    rows[:, 2] = np.array([30, 10, 20])[LABELS]  # the label, by other numbers
    rows[:, 4] = 5 * LABELS + noise(60, seed=1)
    return rows


@pytest.mark.parametrize("block", [1 << 22, 5 * 8 * 7])
@pytest.mark.parametrize("at_once", [1 << 24, 6])
def test_columns_that_tell_the_label(part, rows, block, at_once, monkeypatch):
    monkeypatch.setattr(part_module, "BLOCK_BYTES", block)
    monkeypatch.setattr("layerlab.data.checks.leaks.AT_ONCE", at_once)
    same, telling = check_leaks(part(rows, LABELS))
    assert (same.level, same.kind, same.features) == ("warning", "label-in-columns", ("x2",))
    assert (telling.level, telling.kind, telling.features) == ("note", "telling-columns", ("x4",))


def test_rows_sorted_by_class(part, rows, monkeypatch):
    monkeypatch.setattr(part_module, "BLOCK_BYTES", 5 * 8 * 7)
    order = np.argsort(LABELS, kind="stable")
    assert len(list(check_leaks(part(rows[order], LABELS[order])))) == 2


def test_one_exception_is_enough(part, rows):
    rows[[0, 1], 2], rows[0, 4] = 20, 100
    assert not list(check_leaks(part(rows, LABELS)))


def test_few_rows_may_be_parted_by_luck(part):
    rows = np.array([[0.0], [1.0], [0.1], [1.1]])
    assert not list(check_leaks(part(rows, [0, 1, 0, 1])))


def test_one_class(part, noise):
    assert not list(check_leaks(part(noise(30, 2), [0] * 30)))
