"""Rows, weights and mistakes as pictures."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.reporting import mistakes, picture_grid, svg, weight_pictures
from layerlab.reporting.pictures import _averaged

ROWS = np.random.default_rng(0).integers(0, 17, (6, 64))


def words(figure):
    shown = [a.get_text() for a in figure.findobj(lambda a: hasattr(a, "get_text"))]
    return [word.replace("\N{NO-BREAK SPACE}", " ") for word in shown if word]


def images(figure):
    return figure.axes[0].images


def corners(figure):
    return [tuple(np.round(image.get_extent()[::3], 6)) for image in images(figure)]


def test_pictures_are_the_rows_dark_on_white_on_one_scale():
    shown = images(picture_grid(ROWS, (8, 8), value_range=(0, 16)))
    for image, row in zip(shown, ROWS, strict=True):
        np.testing.assert_allclose(image.get_array(), row.reshape(8, 8))
        assert image.get_clim() == (0, 16)
        assert image.cmap(0.0)[:3] == (1, 1, 1)
        assert image.cmap(1.0)[:3] == (0, 0, 0)


def test_the_scale_is_by_default_that_of_all_rows():
    assert images(picture_grid(ROWS, (8, 8)))[3].get_clim() == (ROWS.min(), ROWS.max())


def test_there_are_no_axes():
    assert not picture_grid(ROWS, (8, 8)).axes[0].axison


def test_the_grid_is_filled_row_by_row():
    places = corners(picture_grid(ROWS, (8, 8), columns=2))
    assert len({x for x, _ in places}) == 2
    assert len({y for _, y in places}) == 3
    assert places[0][1] == places[1][1] < places[2][1]


def test_titles_of_any_type_stand_below():
    assert words(picture_grid(ROWS, (8, 8), titles=np.arange(6))) == list("012345")


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.float32, np.float64])
def test_any_dtype(dtype):
    assert svg(picture_grid(ROWS.astype(dtype), (8, 8)))


@pytest.mark.parametrize(("shape", "n"), [((1, 64), 3), ((64, 1), 3), ((4, 16), 1), ((8, 8), 100)])
def test_odd_shapes_and_numbers(shape, n):
    rows = np.tile(ROWS, (17, 1))[:n]
    figure = picture_grid(rows, shape, titles=["a very long class name"] * n)
    assert svg(figure) == svg(picture_grid(rows, shape, titles=["a very long class name"] * n))


def test_a_row_of_one_value_is_drawn():
    assert svg(picture_grid(np.zeros((2, 4)), (2, 2)))


def test_stacked_images_are_rows_too():
    shown = images(picture_grid(ROWS.reshape(6, 8, 8), (8, 8)))
    np.testing.assert_allclose(shown[1].get_array(), ROWS[1].reshape(8, 8))


def test_large_pictures_are_averaged():
    picture = np.arange(130 * 3, dtype=float).reshape(1, 130, 3)
    small = _averaged(picture)
    assert small.shape == (1, 44, 3)
    np.testing.assert_allclose(small[0, 0, 0], picture[0, :3, 0].mean())
    np.testing.assert_allclose(small[0, -1, 1], picture[0, 129, 1])


def test_rows_of_another_size_are_refused():
    with pytest.raises(ParameterError, match=r"8 × 9 pixels must hold 72 values.*\(6, 64\)"):
        picture_grid(ROWS, (8, 9))


def test_no_row_and_the_wrong_number_of_titles_are_refused():
    with pytest.raises(ParameterError, match=r"\(0, 64\)"):
        picture_grid(ROWS[:0], (8, 8))
    with pytest.raises(ParameterError, match=r"6 pictures.*\[2\]"):
        picture_grid(ROWS, (8, 8), titles="ab")


@pytest.mark.parametrize("columns", [1, 6, 60])
def test_any_number_of_columns(columns):
    assert svg(picture_grid(ROWS, (8, 8), columns=columns))


def test_no_column_and_no_unit_are_refused():
    with pytest.raises(ParameterError, match="'columns' parameter must be an integer from 1"):
        picture_grid(ROWS, (8, 8), columns=0)
    with pytest.raises(ParameterError, match="'max_units' parameter"):
        weight_pictures(np.ones((64, 2)), (8, 8), max_units=0)


def test_mistakes_name_both_classes_and_the_probability():
    shown = words(mistakes(ROWS[:1], (8, 8), [3], [8], [0.934]))
    assert shown == ["is 3", "said 8, 93 %"]


def test_long_names_have_lines_of_their_own():
    shown = words(mistakes(ROWS[:1], (8, 8), ["a kitten"], ["a puppy"], [0.5]))
    assert shown == ["is a kitten", "said a puppy", "50 % sure"]


def test_no_mistakes():
    figure = mistakes(np.empty((0, 64)), (8, 8), [], [], [])
    assert words(figure) == ["No mistakes on these rows."]
    assert svg(figure)


def test_mistakes_of_unequal_lengths_are_refused():
    with pytest.raises(ParameterError, match="2 pictures"):
        mistakes(ROWS[:2], (8, 8), [1, 2], [1], [0.5, 0.5])
    with pytest.raises(ParameterError, match="2 pictures"):
        mistakes(ROWS[:2], (8, 8), [1, 2, 3], [1, 2, 3], [0.5, 0.5, 0.5])


def test_weights_are_on_one_symmetric_scale_largest_first():
    W = np.zeros((64, 3))
    W[5, 1], W[6, 0] = -2.0, 1.0
    figure = weight_pictures(W, (8, 8))
    first, second = images(figure)[:2]
    assert first.get_array()[0, 5] == -2
    assert second.get_array()[0, 6] == 1
    assert first.get_clim() == second.get_clim() == (-2, 2)
    np.testing.assert_allclose(first.cmap(0.5), 1)
    assert {"−2", "0", "2", "weights of 3 of 3 units"} <= set(words(figure))


def test_of_many_units_the_largest_are_shown():
    figure = weight_pictures(np.tile(np.arange(100.0), (64, 1)), (8, 8), max_units=10)
    assert [image.get_array()[0, 0] for image in images(figure)[:10]] == list(range(99, 89, -1))
    assert "weights of 10 of 100 units" in words(figure)


@pytest.mark.parametrize("shape", [(13, 64), (1, 1), (200, 5)])
def test_weights_of_rows_that_are_no_images(shape):
    figure = weight_pictures(np.ones(shape))
    assert images(figure)[0].get_array().shape[1] == min(shape[1], 32)
    assert figure.get_figheight() < 6
    assert svg(figure)


def test_weights_of_zero_are_drawn():
    assert svg(weight_pictures(np.zeros((64, 1)), (8, 8)))


def test_weights_of_another_size_are_refused():
    with pytest.raises(ParameterError, match="must hold 81 values"):
        weight_pictures(np.ones((64, 2)), (9, 9))
    with pytest.raises(ParameterError, match="'W' must have the shape"):
        weight_pictures(np.ones(64))


COLOURS = np.random.default_rng(1).integers(0, 256, (4, 5 * 6 * 3))


def test_pictures_in_colour_show_their_colours_from_black_to_full():
    shown = images(picture_grid(COLOURS, (5, 6, 3), value_range=(0, 255)))
    for image, row in zip(shown, COLOURS, strict=True):
        np.testing.assert_allclose(image.get_array(), row.reshape(5, 6, 3) / 255)


def test_colours_beyond_the_range_are_cut_off():
    (shown,) = images(picture_grid([[-1.0, 0.5, 2.0]], (1, 1, 3), value_range=(0, 1)))
    assert shown.get_array().tolist() == [[[0.0, 0.5, 1.0]]]


def test_of_grey_with_alpha_the_grey_is_shown():
    (shown,) = images(picture_grid([[7, 255, 9, 0]], (1, 2, 2)))
    assert shown.get_array().tolist() == [[7, 9]]


def test_large_pictures_in_colour_are_averaged_within_each_channel():
    pictures = np.zeros((1, 2, 128, 3))
    pictures[..., ::2, 0], pictures[..., 2] = 4.0, 6.0
    averaged = _averaged(pictures)
    assert averaged.shape == (1, 2, 64, 3)
    assert averaged[0, 1, 5].tolist() == [2.0, 0.0, 6.0]


def test_weights_of_a_pixel_s_channels_are_averaged():
    W = np.array([[1.0, 0.0], [2.0, 0.0], [6.0, 3.0]])  # one pixel, two units
    first, second = images(weight_pictures(W, (1, 1, 3)))[:2]  # the scale is behind them
    assert (first.get_array().item(), second.get_array().item()) == (3.0, 1.0)
    assert first.get_clim() == (-3.0, 3.0)


def test_mistakes_in_colour():
    figure = mistakes(COLOURS, (5, 6, 3), "abcd", "bcda", [0.9] * 4)
    assert images(figure)[0].get_array().shape == (5, 6, 3)


@pytest.mark.parametrize(("ground", "ink", "colours"), [(0, 9, "gray_r"), (9, 0, "gray")])
def test_ink_is_dark_whatever_the_values_of_the_ground(ground, ink, colours):
    rows = np.full((2, 5, 5), ground)
    rows[:, 2, 1:4] = ink
    (axes,) = picture_grid(rows.reshape(2, 25), (5, 5)).axes
    assert {image.get_cmap().name for image in axes.get_images()} == {colours}
