"""The confusion matrix."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.reporting import confusion_matrix, svg

COUNTS = np.array([[8, 2], [0, 5]])


def words(figure):
    shown = [a.get_text() for a in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return [word.replace("\N{NO-BREAK SPACE}", " ").replace("\n", " ") for word in shown]


def test_counts_names_shares_and_n_are_written():
    shown = words(confusion_matrix(COUNTS, ["cat", "dog"]))
    assert {"8", "2", "5", "cat", "dog", "80 %", "100 %", "true class"} <= set(shown)
    assert "0" not in shown
    assert any("n = 15 rows: 13 right (blue), 2 mistakes (orange)." in word for word in shown)


def test_right_answers_are_blue_and_mistakes_orange():
    colours = confusion_matrix(COUNTS, "ab").axes[0].images[0].get_array()
    assert colours[0, 0, 2] > colours[0, 0, 0]
    assert colours[0, 1, 0] > colours[0, 1, 2]
    np.testing.assert_allclose(colours[1, 0], 1)


def test_a_class_without_rows():
    assert "no rows" in words(confusion_matrix([[3, 0], [0, 0]], "ab"))


@pytest.mark.parametrize("k", [1, 2, 3, 20, 21, 40, 150])
@pytest.mark.parametrize("name", ["{}", "a very long name, number {} of them all"])
def test_any_number_of_classes(k, name):
    figure = confusion_matrix(np.eye(k, dtype=int) * 7, [name.format(i) for i in range(k)])
    assert figure.get_figwidth() <= 9.5
    assert len(svg(figure)) < 40_000


def test_numbers_are_left_out_of_small_cells():
    assert "7" not in words(confusion_matrix(np.eye(40, dtype=int) * 7, ["x"] * 40))


@pytest.mark.parametrize("names", [[1, 2], [True, False], np.array([0.5, 1.5])])
def test_names_of_any_type(names):
    assert str(names[0]) in words(confusion_matrix(COUNTS, names))


@pytest.mark.parametrize("counts", [[[1, 2, 3]], [[1]], np.zeros((2, 2, 2))])
def test_a_wrong_shape_is_refused(counts):
    with pytest.raises(ParameterError, match=r"must have the shape \(2, 2\)"):
        confusion_matrix(counts, "ab")


def test_no_class_is_refused():
    with pytest.raises(ParameterError, match=r"\(0, 0\)"):
        confusion_matrix(np.zeros((0, 0)), [])
