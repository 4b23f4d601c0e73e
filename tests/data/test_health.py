import numpy as np
import pytest

from layerlab.data import Dataset, health_line, load_data, require_classes, require_groups
from layerlab.errors import DataError, ParameterError


def test_digits_in_one_line():
    # Class counts as scikit-learn's description of the data states: about 180 each.
    assert health_line(load_data("digits")) == (
        "digits: 1797 rows; 64 features (images of 8×8); values 0 to 16; 10 classes in 'target', "
        "174 to 183 rows each; 14 groups"
    )


def test_plain_rows_in_one_line():
    data = Dataset.from_arrays(np.array([[0.5], [1.0]]), ["u", "v"], name="two")
    assert health_line(data) == (
        "two: 2 rows; 1 feature; values 0.5 to 1; 2 classes in 'label', 1 row each"
    )


def test_two_classes_are_needed():
    data = Dataset.from_arrays(np.eye(3), ["u", "v", "u"], source="f.csv")
    require_classes(data)
    with pytest.raises(
        DataError, match=r"f.csv: all 2 rows are of the one class 'u'.*right column"
    ):
        require_classes(data.subset([0, 2]))


def test_groups_are_needed():
    data = Dataset.from_arrays(np.eye(2), ["u", "v"], source="f.csv", groups=["p", "q"])
    assert require_groups(data) is data.groups
    bare = Dataset.from_arrays(np.eye(2), ["u", "v"], source="f.csv")
    with pytest.raises(ParameterError, match=r"^f.csv: .*names none\. .*--groups on the command"):
        require_groups(bare)
