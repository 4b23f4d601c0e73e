"""The k-NN curve and the learning curve."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.reporting import learning_curve, neighbour_lines, svg


def words(figure):
    return [t.get_text().replace("\N{NO-BREAK SPACE}", " ") for t in figure.findobj(match=_is_text)]


def _is_text(artist):
    return hasattr(artist, "get_text") and artist.get_text() != ""


def test_the_line_is_the_mean_and_the_label_names_the_best_k():
    folds = np.array([[0.90, 0.96, 0.92], [0.92, 0.98, 0.94]])
    figure = neighbour_lines({"shuffled": folds}, [1, 3, 5], n_rows=120)
    line = figure.axes[0].lines[0]
    np.testing.assert_allclose(line.get_xdata(), [1, 3, 5])
    np.testing.assert_allclose(line.get_ydata(), [0.91, 0.97, 0.93])
    assert "shuffled\n97.0 % at k = 3" in words(figure)
    assert any("n = 120 rows. Folds: 2 shuffled." in word for word in words(figure))


def test_the_band_is_one_standard_error():
    # By hand: deviations 0.01, standard deviation 0.01·√2, over √2 folds.
    folds = np.array([[0.90, 0.96], [0.92, 0.98]])
    band = neighbour_lines({"a": folds}, [1, 2]).axes[0].collections[0]
    y = band.get_paths()[0].vertices[:, 1]
    assert (y.min(), y.max()) == pytest.approx((0.90, 0.98))


def test_of_equals_the_smallest_k_is_best():
    assert "a\n90.0 % at k = 1" in words(neighbour_lines({"a": [[0.9, 0.9]]}, [1, 2]))


def test_one_fold_has_no_band():
    figure = neighbour_lines({"a": [0.9, 0.8]}, [1, 2])
    assert not figure.axes[0].collections
    assert not any("Band" in word for word in words(figure))


@pytest.mark.parametrize("n_lines", [1, 3, 9])
@pytest.mark.parametrize("ks", [[1], range(1, 16)])
def test_odd_numbers_of_lines_and_ks(n_lines, ks):
    curves = {f"kind {i} of very many folds": np.ones((2, len(ks))) for i in range(n_lines)}
    assert svg(neighbour_lines(curves, ks)) == svg(neighbour_lines(curves, ks))


@pytest.mark.parametrize("values", [[[0.9, 0.8]], np.ones((0, 3)), np.ones((2, 2, 3))])
def test_a_curve_of_the_wrong_shape_is_refused(values):
    with pytest.raises(ParameterError, match=r"'a' must have the shape \(n_folds, 3\)"):
        neighbour_lines({"a": values}, [1, 2, 3])


def test_no_curve_is_refused():
    with pytest.raises(ParameterError, match="at least one curve"):
        neighbour_lines({}, [1])


def test_learning_curve_panels_and_last_values():
    figure = learning_curve([2.0, 1.0, 0.5], [2.1, 1.5, 1.25], [0.5, 0.7, 0.9], n_train=10)
    cost, accuracy = figure.axes
    assert cost.get_yscale() == "log"
    np.testing.assert_allclose(cost.lines[0].get_xdata(), [1, 2, 3])
    assert {"training\n0.5", "validation\n1.25", "validation\n90.0 %"} <= set(words(figure))
    assert accuracy.get_xlabel() == "iteration"
    assert any("n = 10 training rows." in word for word in words(figure))


def test_cost_alone_is_one_panel():
    figure = learning_curve([2.0, 1.0], first_iteration=0)
    assert len(figure.axes) == 1
    np.testing.assert_allclose(figure.axes[0].lines[0].get_xdata(), [0, 1])


def test_what_was_not_measured_is_passed_over():
    line = learning_curve([3.0, 2.0, 1.0], [3.0, np.nan, 2.0]).axes[0].lines[1]
    np.testing.assert_allclose(line.get_xdata(), [1, 3])


@pytest.mark.parametrize("cost", [[1.0], [0.0, 0.0], [-1.0, 2.0], [1e12, 1e-12], [5.0] * 500])
def test_odd_costs_are_drawn(cost):
    assert svg(learning_curve(cost))


def test_unequal_lengths_are_refused():
    with pytest.raises(ParameterError, match=r"lengths \[1, 2\]"):
        learning_curve([1.0, 2.0], [1.0])


@pytest.mark.parametrize("cost", [[], [np.nan], [[1.0]]])
def test_no_cost_is_refused(cost):
    with pytest.raises(ParameterError, match="'cost_train'"):
        learning_curve(cost)
