import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.data.checks import Part
from layerlab.data.checks import part as module


@pytest.fixture
def data():
    return Dataset.from_arrays(np.arange(60.0).reshape(20, 3), np.arange(20) % 2)


@pytest.mark.parametrize("numbers", [None, np.arange(5, 15), np.array([0, 3, 4, 9, 19])])
def test_blocks_are_the_rows_in_their_order(data, numbers, monkeypatch):
    monkeypatch.setattr(module, "BLOCK_BYTES", 3 * 8 * 4)  # four rows
    part = Part.of(data, numbers)
    starts, blocks = zip(*part.blocks(), strict=True)
    wanted = np.arange(20) if numbers is None else numbers
    np.testing.assert_array_equal(np.concatenate(blocks), data.rows[wanted])
    assert list(starts) == list(range(0, len(wanted), 4))
    assert len(part) == len(wanted)


def test_a_run_of_rows_is_not_copied(data):
    ((_, block),) = Part.of(data, np.arange(5, 15)).blocks()
    assert np.shares_memory(block, data.rows)


def test_a_sample_is_ascending_without_repeats_and_the_same_again(data):
    part = Part.of(data, np.arange(10, 20))
    drawn = part.sample(6, 1, 2)
    assert len(set(drawn.tolist())) == 6
    assert (np.diff(drawn) > 0).all()
    np.testing.assert_array_equal(drawn, part.sample(6, 1, 2))
    np.testing.assert_array_equal(part.sample(99, 1, 2), np.arange(10))
