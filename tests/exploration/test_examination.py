import numpy as np
import pytest

from layerlab import FeedforwardClassifier, load_model, save_model
from layerlab.data import Dataset, load_data, split_rows
from layerlab.exploration import examine, examine_new_rows


@pytest.fixture
def pictures():
    """Light blots on black, in two places."""
    random = np.random.default_rng(0)
    pictures = np.zeros((60, 4, 4))
    for i, picture in enumerate(pictures):
        picture[1:3, i % 2 : i % 2 + 2] = 0.5 + 0.5 * random.random((2, 2))
    return pictures.reshape(60, 16)


@pytest.fixture
def model(pictures, tmp_path):
    fitted = FeedforwardClassifier((), random_state=0).fit(pictures, np.arange(60) % 2)
    save_model(fitted, tmp_path / "m", image_shape=(4, 4), value_range=(0, 1))
    return load_model(tmp_path / "m")


def kinds(model, rows):
    return [finding.kind for finding in examine_new_rows(model, rows)]


def test_wrong_labels_and_near_rows_are_found():
    data = load_data("digits")
    rows, labels = np.array(data.rows, float), np.array(data.labels)
    labels[[7, 800]] = (labels[[7, 800]] + 1) % 10
    rows[301] = rows[300] + 0.2
    found = examine(Dataset.from_arrays(rows, labels, image_shape=(8, 8)))
    by_kind = {finding.kind: finding for finding in found.findings}
    assert {7, 800} <= set(by_kind["suspect-labels"].rows)
    assert by_kind["near-duplicate-rows"].rows == (301,)
    assert by_kind["near-duplicate-rows"].others == (300,)


def test_the_same_again_and_labels_of_test_rows_sealed():
    data = load_data("digits")
    split = split_rows(data)
    found = examine(data, split.development, split.test)
    assert found == examine(data, split.development, split.test)
    labels = np.array(data.labels)
    labels[split.test] = 0
    other = Dataset.from_arrays(
        data.rows, labels, name="digits", source="digits", image_shape=(8, 8),
        value_range=(0, 16), groups=data.groups, label_name="target",
    )  # fmt: skip
    assert examine(other, split.development, split.test) == found


def test_rows_like_those_in_training_are_nothing_to_tell(model, pictures):
    assert kinds(model, pictures[:1]) == []
    assert kinds(model, pictures[:5] * 0.7) == []
    assert kinds(model, np.zeros((2, 16))) == []


def test_other_scale_and_turned_over(model, pictures):
    assert kinds(model, 255 * pictures) == ["other-range"]
    assert kinds(model, pictures / 255) == ["other-range"]
    assert kinds(model, 1 - pictures) == ["other-polarity"]
    assert kinds(model, 1 - pictures[:1]) == ["other-polarity"]


def test_a_model_that_knows_no_range_tells_nothing(pictures):
    fitted = FeedforwardClassifier((), random_state=0).fit(pictures, np.arange(60) % 2)
    assert kinds(fitted, 255 * pictures) == []
