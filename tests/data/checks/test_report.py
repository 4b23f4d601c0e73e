import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.data.checks import check_rows_of


@pytest.fixture
def rows(noise):
    rows = noise(100, 9)
    rows[74] = rows[3]
    return rows


def test_facts(rows):
    labels = np.array(["a", "b"])[np.arange(100) % 2]
    data = Dataset.from_arrays(
        rows, labels, image_shape=(3, 3), value_range=(0, 1), name="d", notes=("turned",)
    )
    report = check_rows_of(data, np.arange(70), np.arange(70, 100), test_start=70)
    assert report.to_dict() == {
        "name": "d",
        "rows": 70,
        "test_rows": 30,
        "features": 9,
        "image_shape": [3, 3],
        "value_range": [0.0, 1.0],
        "label": "label",
        "classes": [["a", 35], ["b", 35]],
        "groups": None,
        "notes": ["turned"],
        "looked_at": [],
        "test_start": 70,
        "findings": [finding.to_dict() for finding in report.findings],
    }
    assert [f.kind for f in report.findings] == ["test-rows-in-training"]
    assert report.places(report.findings[0]) == "row test 4 like 3"


def test_labels_of_test_rows_are_not_looked_at(rows):
    labels = np.arange(100) % 2
    one = check_rows_of(Dataset.from_arrays(rows, labels), np.arange(70), np.arange(70, 100))
    labels[70:] = 1 - labels[70:]
    other = check_rows_of(Dataset.from_arrays(rows, labels), np.arange(70), np.arange(70, 100))
    assert one == other


def test_all_rows_where_there_is_no_test_part(rows):
    report = check_rows_of(Dataset.from_arrays(rows, np.arange(100) % 2))
    assert report.facts["rows"] == 100
    assert [f.kind for f in report.findings] == ["two-labels", "duplicate-rows"]
