import numpy as np
import pytest

from layerlab.data import load_data
from layerlab.errors import DataError, ParameterError
from layerlab.exploration import knn_curve
from layerlab.reporting.drawings import draw_knn_curve, draw_rows
from layerlab.reporting.svg import svg


def test_chosen_rows_are_drawn_with_their_labels():
    figure = draw_rows(load_data("digits"), range(0, 1600, 100))
    pictures = [image for ax in figure.axes for image in ax.images]
    assert len(pictures) == 16
    first = np.asarray(pictures[0].get_array())
    expected = load_data("digits").rows[0].reshape(8, 8)
    assert first.shape == (8, 8)
    assert abs(np.corrcoef(first.ravel(), expected.ravel())[0, 1]) == pytest.approx(1)
    shown = [text.get_text() for ax in figure.axes for text in ax.texts]
    assert [t for t in shown if t] == [str(n) for n in load_data("digits").y[:1600:100]]
    assert not any(ax.axison for ax in figure.axes)


def test_random_rows_depend_on_the_seed_alone():
    digits = load_data("digits")
    one, same, other = (svg(draw_rows(digits, random_state=seed)) for seed in (1, 1, 2))
    assert one == same != other


def test_rows_that_are_no_images_and_rows_that_are_not_there():
    numbers = load_data(np.eye(4), np.array([0, 0, 1, 1]))
    with pytest.raises(DataError, match="image_shape"):
        draw_rows(numbers)
    with pytest.raises(ParameterError):
        draw_rows(load_data("digits"), [5000])


def test_the_curve_has_a_line_a_kind_of_folds():
    figure = draw_knn_curve(knn_curve(load_data("digits").subset(range(400))), "writer")
    words = " ".join(text.get_text() for ax in figure.axes for text in ax.texts)
    assert "shuffled" in words
    assert "contiguous" in words
