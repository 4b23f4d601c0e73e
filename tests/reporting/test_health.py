import numpy as np
import pytest

from layerlab.data import Dataset
from layerlab.data.checks import Finding, HealthReport
from layerlab.reporting import ReportContent, render_page
from layerlab.reporting.health import (
    health_content,
    health_facts,
    health_summary,
    health_table,
)

FACTS = {
    "rows": 8,
    "test_rows": 2,
    "features": 4,
    "image_shape": [2, 2],
    "value_range": [0.0, 1.0],
    "label": "kind",
    "classes": [["a", 4], ["b", 4]],
    "groups": 3,
    "notes": ["dark on light"],
    "looked_at": [{"rows": 8, "looked_at": 8, "searched": 8}],
}
PAIR = Finding("warning", "duplicate-rows", "1 row twice", 1, (3,), (1,), advice="Keep one.")
SEALED = Finding("note", "near-test-rows", "1 test row", 1, (9,), (2,), part="test")


@pytest.fixture
def report():
    return HealthReport.of("f.csv", FACTS, [SEALED, PAIR])


@pytest.fixture
def data():
    rows = np.random.default_rng(0).random((10, 4))
    return Dataset.from_arrays(rows, ["a", "b"] * 5, image_shape=(2, 2), value_range=(0, 1))


def test_table(report):
    table = health_table(report)
    assert [row[:3] for row in table.rows] == [
        ("warning", "1 row twice", "row 3 like 1"),
        ("note", "1 test row", "row 9 like 2"),
    ]
    assert table.rows[0][3] == "Keep one."


def test_summary(report):
    assert health_summary(report) == (
        "1 warning, 1 note found. Of test rows only features were looked at. "
        "Rows are counted from 0."
    )
    some = {"rows": 9000, "looked_at": 50, "searched": 9000}
    facts = {**FACTS, "rows": 9000, "looked_at": [some], "test_rows": 0}
    assert health_summary(HealthReport.of("f.csv", facts, [])) == (
        "Nothing odd found. Of 9,000 rows 50, drawn at random, were compared with 9,000, to find "
        "near-duplicates and wrong labels. Rows are counted from 0."
    )


def test_facts(report):
    assert dict(health_facts(report)) == {
        "Rows": "8 development, 2 test",
        "Features": "4 (images of 2×2)",
        "Values": "0 to 1",
        "Classes in 'kind'": "2 ('a': 4, 'b': 4)",
        "Groups": "3",
        "Note": "dark on light",
    }


def test_of_many_classes_the_fewest_and_the_most_are_told():
    counts = [[str(i), i] for i in range(1, 31)]
    told = dict(health_facts(HealthReport.of("f", {**FACTS, "classes": counts}, [])))
    assert told["Classes in 'kind'"] == "30 (from '1': 1 to '30': 30)"


def test_pictures_of_the_rows_stand_on_the_page(report, data):
    content = health_content(report, data)
    page = render_page(ReportContent("t", "a", health=content))
    assert page.count("<svg") == 2
    assert 'class="level warning"' in page
    assert "First: row 3 like 1" in page
    assert "dark on light" in page


def test_labels_of_test_rows_are_not_told(report, data):
    warning, note = health_content(report, data).findings
    assert ">3: b<" in warning.figure.svg
    assert ">9<" in note.figure.svg
    assert ">2: a<" in note.figure.svg


def test_rows_that_are_no_images_have_no_pictures(report, data):
    plain = Dataset.from_arrays(data.rows, data.y)
    assert [f.figure for f in health_content(report, plain).findings] == [None, None]
