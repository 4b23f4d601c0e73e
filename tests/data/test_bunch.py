import numpy as np
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.utils import Bunch

from layerlab.data import load_data, load_labelled_rows, load_rows


def test_digits():
    data, ours = load_data(load_digits()), load_data("digits")
    np.testing.assert_array_equal(data.rows, ours.rows)
    np.testing.assert_array_equal(data.y, ours.y)
    assert data.feature_names == ours.feature_names
    assert (data.image_shape, data.source, data.label_name) == ((8, 8), "bunch", "target")


def test_classes_have_their_names():
    data = load_data(load_iris())
    assert data.classes.tolist() == ["setosa", "versicolor", "virginica"]
    assert data.feature_names[0] == "sepal length (cm)"
    assert data.image_shape is None


def test_frames_in_bunches():
    pytest.importorskip("pandas")
    data, arrays = load_data(load_iris(as_frame=True)), load_data(load_iris())
    assert data.y.tolist() == arrays.y.tolist()
    assert data.feature_names == arrays.feature_names
    np.testing.assert_array_equal(data.rows, arrays.rows)


def test_target_names_that_are_columns_are_no_classes():
    """As OpenML has them."""
    bunch = Bunch(data=np.eye(2), target=np.array(["u", "v"]), target_names=["class"])
    assert load_data(bunch).y.tolist() == ["u", "v"]
    bunch = Bunch(data=np.eye(2), target=np.array([0, 5]), target_names=["kind", "more"])
    assert load_data(bunch).y.tolist() == [0, 5]


def test_faces_in_colour():
    images = np.random.default_rng(0).random((4, 3, 2, 3))
    bunch = {"data": images.reshape(4, -1), "images": images, "target": np.array([0, 1, 0, 1])}
    assert load_data(bunch).image_shape == (3, 2, 3)


def test_a_model_takes_them_by_name():
    names = load_iris().feature_names
    takes = {"n_features": 2, "feature_names": (names[3], names[1])}
    loaded = load_rows(load_iris(), **takes)
    np.testing.assert_array_equal(loaded.rows, load_iris().data[:, [3, 1]])
    assert loaded.ignored == (names[0], names[2], "target")
    data = load_labelled_rows(load_iris(), **takes)
    assert data.rows.tolist() == loaded.rows.tolist()
    assert data.y[0] == "setosa"
