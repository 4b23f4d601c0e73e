import numpy as np
import pytest
from sklearn.datasets import load_digits

from layerlab.data import WRITER_STARTS, load_data
from layerlab.errors import DataError

BUNCH = load_digits()


def test_digits_are_scikit_learns():
    data = load_data("digits")
    np.testing.assert_array_equal(data.rows, BUNCH.data)
    np.testing.assert_array_equal(data.y, BUNCH.target)
    assert data.rows.dtype == BUNCH.data.dtype
    assert data.feature_names == tuple(BUNCH.feature_names)
    assert data.image_shape == (8, 8)
    assert data.value_range == (0.0, 16.0)
    assert (data.name, data.source, data.label_name) == ("digits", "digits", "target")
    assert data.classes.tolist() == list(range(10))


def test_writers_are_the_groups():
    data = load_data("digits")
    assert data.group_names == tuple(str(run) for run in range(1, 15))
    changes = np.flatnonzero(np.diff(data.groups)) + 1
    assert (0, *changes.tolist()) == WRITER_STARTS
    assert np.bincount(data.groups).sum() == 1797
    assert data.groups[0] == 0 and data.groups[-1] == 13


def test_groups_and_shape_can_be_replaced():
    data = load_data("digits", groups=np.arange(1797) % 2, image_shape=(4, 16))
    assert data.group_names == ("0", "1")
    assert data.image_shape == (4, 16)
    with pytest.raises(DataError, match="9×9 needs 81"):
        load_data("digits", image_shape=(9, 9))


def test_fingerprint_does_not_depend_on_the_way_in():
    data = load_data("digits")
    again = load_data(BUNCH.data, BUNCH.target, groups=data.groups + 1, image_shape=(8, 8))
    assert again.fingerprint == data.fingerprint
