import numpy as np
import pytest
from sklearn.datasets import load_digits

from layerlab.data.polarity import find_polarity, polarity_note


def test_digits_are_light_on_dark():
    rows = load_digits().data
    assert find_polarity(rows, (8, 8)) == "light on dark"
    assert find_polarity(16 - rows, (8, 8)) == "dark on light"
    assert polarity_note(rows, (8, 8)) == "Polarity: light on dark, by the images' borders."


@pytest.mark.parametrize("shape", [(9, 7), (9, 7, 3), (1, 1), (2, 2)])
def test_any_shape_is_looked_at(shape):
    rows = np.full((5, int(np.prod(shape))), 250.0)
    rows[0, 0] = 0
    assert find_polarity(rows, shape) == "dark on light"


def test_photographs_and_blanks_are_neither():
    noise = np.random.default_rng(0).integers(0, 256, (3000, 64), dtype=np.uint8)
    assert find_polarity(noise, (8, 8)) == "neither"
    assert find_polarity(np.zeros((4, 64)), (8, 8)) == "neither"
    assert "neither" in polarity_note(noise, (8, 8))
