import numpy as np
import pytest
from PIL import Image

from layerlab.data.image_fit import fitted
from layerlab.data.image_options import ImageOptions


def fit(values, size, how):
    options = ImageOptions(resize=size, fit=how)
    return np.asarray(fitted(Image.fromarray(np.asarray(values, np.uint8)), options))


def test_an_image_of_the_size_is_left_alone():
    image = Image.new("L", (5, 4))
    assert fitted(image, ImageOptions(resize=(4, 5))) is image
    assert fitted(image, ImageOptions()) is image


@pytest.mark.parametrize("ground", [255, 0, 117])
def test_padding_goes_around_the_middle_and_continues_the_border(ground):
    image = np.full((3, 6), ground)
    image[1, 2:5] = 100
    image[0, 3] = 50  # a stroke that reaches the border
    found = fit(image, (6, 6), "pad")
    assert found[1:4].tolist() == image.tolist()
    assert found[:1].tolist() == found[5:].tolist() == [[ground] * 6]
    assert fit(image.T, (6, 6), "pad").tolist() == found.T.tolist()


def test_padding_of_colour_and_of_16_bits():
    colour = np.full((2, 4, 3), (10, 200, 30))
    assert fit(colour, (4, 4), "pad")[0].tolist() == [[10, 200, 30]] * 4
    deep = Image.new("I", (2, 4), 40_000)
    assert np.asarray(fitted(deep, ImageOptions(resize=(4, 4)))).tolist() == [[40_000] * 4] * 4


def test_stretching_fills():
    assert fit([[10, 200]], (3, 4), "stretch").tolist() == [[10, 58, 153, 200]] * 3


def test_cropping_keeps_the_middle():
    wide = np.repeat([[1, 1, 50, 50, 9, 9]], 2, axis=0)
    assert fit(wide, (2, 2), "crop").tolist() == [[50, 50]] * 2
    assert fit(wide.T, (2, 2), "crop").tolist() == [[50, 50]] * 2


@pytest.mark.parametrize("how", ["pad", "stretch", "crop"])
@pytest.mark.parametrize("shape", [(1, 300), (300, 1), (7, 5), (2, 3, 3)])
def test_any_shape_becomes_the_size_without_new_values(how, shape):
    values = np.random.default_rng(0).integers(30, 220, shape)
    found = fit(values, (9, 8), how)
    assert found.shape == (9, 8, *shape[2:])
    assert found.min() >= 30
    assert found.max() < 220


def test_shrinking_averages_rather_than_picks():
    lines = np.zeros((64, 64))
    lines[::8] = 255
    found = fit(lines, (8, 8), "stretch")
    assert found.min() > 10  # every row has its line, paler
    assert abs(found.mean() - lines.mean()) < 3
