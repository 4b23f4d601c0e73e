import numpy as np
import pytest

from layerlab.data.shapes import check_shape, default_names, flatten_images, shape_text
from layerlab.errors import DataError


def test_images_are_laid_out_row_by_row():
    images = np.arange(12).reshape(2, 2, 3)
    flat, shape = flatten_images(images, None, "here")
    assert flat.tolist() == [[0, 1, 2, 3, 4, 5], [6, 7, 8, 9, 10, 11]]
    assert shape == (2, 3)
    assert flatten_images(images, [2, 3], "here")[1] == (2, 3)
    assert flatten_images(flat, (3, 2), "here")[1] == (3, 2)
    assert flatten_images(flat, None, "here")[1] is None


@pytest.mark.parametrize(
    ("shape", "said"),
    [
        ((3, 2), "images are 2×3"),
        ((4, 4), "images are 2×3"),
        ((2,), "two positive"),
        ((2, 3, 3), "says 2×3×3"),
    ],
)
def test_image_shape_must_agree_with_the_images(shape, said):
    with pytest.raises(DataError, match=said):
        flatten_images(np.zeros((1, 2, 3)), shape, "here")


def test_image_shape_must_fit_the_features():
    with pytest.raises(DataError, match="8×8 needs 64 features a row, and the rows have 6"):
        flatten_images(np.zeros((1, 6)), (8, 8), "here")


@pytest.mark.parametrize(
    "shape", [(0, 8), (-8, -8), (8.0, 8), (True, 8), "88", 8, (1, 2, 5), (1, 2, 3, 4)]
)
def test_image_shape_is_two_positive_integers(shape):
    with pytest.raises(DataError, match="two positive integers"):
        check_shape(shape)


def test_colour_images_lie_pixel_by_pixel_with_their_channels_together():
    images = np.arange(24).reshape(2, 2, 2, 3)
    flat, shape = flatten_images(images, None, "here")
    assert flat[1].tolist() == list(range(12, 24))
    assert shape == (2, 2, 3)
    assert np.shares_memory(flat, images)
    assert flatten_images(flat, (2, 2, 3), "here")[1] == (2, 2, 3)
    assert shape_text(shape) == "2×2×3"


def test_one_channel_is_grey():
    assert flatten_images(np.zeros((5, 2, 3, 1)), None, "here")[1] == (2, 3)
    assert check_shape((2, 3, 1)) == (2, 3)


def test_names_of_features_that_have_none():
    assert default_names(2, None) == ("x0", "x1")
    assert default_names(2, (1, 2)) == ("pixel_0_0", "pixel_0_1")
    assert default_names(4, (1, 2, 2))[1:3] == ("pixel_0_0_1", "pixel_0_1_0")
