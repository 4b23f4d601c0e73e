import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.data.checks import Part
from layerlab.data.checks.row_facts import row_facts, row_keys


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64, np.bool_])
def test_keys_are_equal_for_equal_rows_alone(dtype):
    rows = np.random.default_rng(0).integers(0, 2, (500, 6)).astype(dtype)  # of 64 kinds
    keys = row_keys(rows)
    same_rows = (rows[:, None] == rows[None]).all(axis=2)
    np.testing.assert_array_equal(keys[:, None] == keys[None], same_rows)


def test_zero_has_no_sign():
    keys = row_keys(np.array([[0.0, 1.0], [-0.0, 1.0]]))
    assert keys[0] == keys[1]


def test_memory_order_does_not_matter():
    rows = np.random.default_rng(0).random((9, 5))
    np.testing.assert_array_equal(row_keys(rows), row_keys(np.asfortranarray(rows)))


def test_extremes_and_mean():
    rows = np.array([[1, 5, 3], [200, 200, 200]], np.uint8)
    facts = row_facts(Part.of(Dataset.from_arrays(rows, [0, 1]), None))
    assert facts.low.tolist() == [1, 200]
    assert facts.high.tolist() == [5, 200]
    assert facts.mean.tolist() == [3, 200]
