import numpy as np

from layerlab.data.checks import Part
from layerlab.data.checks.repeated_rows import check_repeated_rows, check_test_rows
from layerlab.data.checks.row_facts import row_facts


def test_no_row_twice(part, noise):
    assert not list(check_repeated_rows(row_facts(part(noise(50, 3)))))


def test_copies_are_counted_beyond_the_first(part, noise):
    rows = noise(50, 3)
    rows[[10, 20]] = rows[4]
    (found,) = check_repeated_rows(row_facts(part(rows, [0] * 50)))
    assert (found.level, found.kind, found.count) == ("warning", "duplicate-rows", 2)
    assert (found.rows, found.others) == ((10, 20), (4, 4))


def test_few_copies_are_a_note(part, noise):
    rows = noise(500, 3)
    rows[10] = rows[4]
    (found,) = check_repeated_rows(row_facts(part(rows, [0] * 500)))
    assert found.level == "note"


def test_one_row_with_two_labels(part, noise):
    rows = noise(50, 3)
    rows[[10, 20, 31]] = rows[5]
    labels = ["u"] * 50
    labels[20] = "v"
    _, torn = check_repeated_rows(row_facts(part(rows, labels, numbers=range(2, 50))))
    assert (torn.level, torn.kind, torn.count) == ("warning", "two-labels", 1)
    assert (torn.rows, torn.others) == ((20,), (5,))
    assert torn.detail == "Row 20 is called 'v' and 'u'."


def test_test_rows_among_development_rows(part, noise):
    rows = noise(60, 3)
    rows[[42, 57]] = rows[[7, 3]]
    rows[55] = rows[54]  # of the test part alone
    development = part(rows, numbers=range(40))
    test = Part(development.data, np.arange(40, 60))
    (found,) = check_test_rows(row_facts(development), row_facts(test))
    assert (found.level, found.count, found.part) == ("warning", 2, "test")
    assert (found.rows, found.others) == ((42, 57), (7, 3))
    assert "10 %" in found.title


def test_no_test_row_known(part, noise):
    development = part(noise(60, 3), numbers=range(40))
    test = Part(development.data, np.arange(40, 60))
    assert not list(check_test_rows(row_facts(development), row_facts(test)))
