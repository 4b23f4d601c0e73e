import pytest

from layerlab.cli.shapes import parse_shape, parse_size
from layerlab.errors import ParameterError


def test_shapes_and_sizes():
    assert parse_shape("28x20") == (28, 20)
    assert parse_shape("28X20x3") == (28, 20, 3)
    assert parse_shape(" 8×8 ") == (8, 8)
    assert parse_size("28x20") == (28, 20)
    assert parse_shape(None) is parse_size(None) is None


@pytest.mark.parametrize("text", ["", "28", "28x", "0x3", "-1x3", "1x2x3x4", "2.5x2", "axb"])
def test_what_is_no_shape(text):
    with pytest.raises(ParameterError, match="--shape must be"):
        parse_shape(text)
    with pytest.raises(ParameterError, match="--resize must be"):
        parse_size(text)


def test_a_size_has_no_channels():
    with pytest.raises(ParameterError, match="Got '28x28x3' instead"):
        parse_size("28x28x3")
