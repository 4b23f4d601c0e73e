import json

import numpy as np
import pytest

from layerlab.data.image_options import ImageOptions
from layerlab.errors import ParameterError


def test_defaults_take_images_as_they_are():
    assert ImageOptions() == ImageOptions(None, "pad", False, "white")


def test_sizes_come_in_many_forms():
    assert ImageOptions(resize=[28, np.int64(20)]).resize == (28, 20)


def test_options_survive_json():
    options = ImageOptions((28, 20), "crop", True, "black")
    assert ImageOptions.from_dict(json.loads(json.dumps(options.to_dict()))) == options
    assert ImageOptions.from_dict({}) == ImageOptions()


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"resize": (0, 3)}, "'resize' parameter must be two integers from 1 to 16384"),
        ({"resize": (3,)}, "height and width"),
        ({"resize": 28}, "'resize'"),
        ({"resize": (2.5, 3)}, "'resize'"),
        ({"resize": (20_000, 3)}, "Got (20000, 3)"),
        ({"fit": "padd"}, "Did you mean 'pad'?"),
        ({"fit": None}, "'fit'"),
        ({"background": "red"}, "'white', 'black'"),
        ({"grey": 1}, "True or False"),
        ({"gray": True}, "Did you mean 'grey'?"),
    ],
)
def test_what_is_not_allowed_is_said(values, message):
    with pytest.raises(ParameterError) as error:
        ImageOptions.from_dict(values)
    assert message in str(error.value)
