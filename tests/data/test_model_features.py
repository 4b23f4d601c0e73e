import numpy as np
import pytest

from layerlab.data import Dataset, load_data, take_features
from layerlab.errors import DataError

ROWS = np.arange(12.0).reshape(4, 3)


def dataset(names=None, **options):
    return Dataset.from_arrays(ROWS, [0, 1, 0, 1], source="here", feature_names=names, **options)


def test_what_fits_is_given_back():
    data = dataset(("a", "b", "c"), image_shape=(1, 3))
    assert take_features(data, n_features=3, feature_names=("a", "b", "c")) is data
    assert take_features(data, n_features=3, feature_names=("x0", "x1", "x2")) is data
    assert take_features(data, n_features=3, image_shape=(1, 3)) is data


def test_by_name_in_the_model_s_order():
    data = dataset(("a", "b", "c"), groups=[1, 1, 2, 2])
    taken = take_features(data, n_features=2, feature_names=("c", "a"))
    assert taken.rows.tolist() == ROWS[:, [2, 0]].tolist()
    assert (taken.feature_names, taken.source) == (("c", "a"), "here")
    assert not taken.rows.flags.writeable
    assert taken.groups is data.groups
    assert taken.fingerprint != data.fingerprint


def test_no_feature_is_taken_for_labels():
    data = dataset(("a", "class", "y"))
    assert take_features(data, n_features=3) is data
    with pytest.raises(DataError, match="here: the model takes 2 features, and there are 3 col"):
        take_features(data, n_features=2)


@pytest.mark.parametrize(
    ("names", "wanted", "said"),
    [
        (("a", "b", "c"), ("a", "bb", "c"), r"1 is missing: 'bb'\. For 'bb': Did you mean 'b'"),
        (None, ("a", "b", "c"), "3 are missing"),
        (("x0", "b", "c"), ("x0", "x1", "x2"), "2 are missing: 'x1', 'x2'"),
        (("x0", "x1", "x2"), ("x0", "x1"), "there are 3 such columns"),
    ],
)
def test_missing_names(names, wanted, said):
    with pytest.raises(DataError, match=f"^here: .*{said}"):
        take_features(dataset(names), n_features=len(wanted), feature_names=wanted)


def test_images_of_another_shape():
    digits = load_data("digits")
    names = digits.feature_names
    assert take_features(digits, n_features=64, feature_names=names, image_shape=(8, 8)) is digits
    with pytest.raises(DataError, match=r"digits: .* 4×16 = 64 values, and the images are 8×8"):
        take_features(digits, n_features=64, image_shape=(4, 16))
