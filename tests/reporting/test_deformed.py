"""Pictures of deformed rows."""

import numpy as np
import pytest

from layerlab.data import DEFORMATIONS, Deformation, warp
from layerlab.errors import DataError, ParameterError
from layerlab.reporting import deformed_pictures

ROWS = np.random.default_rng(0).integers(0, 17, (3, 64))


def images(figure):
    return figure.axes[0].images


def test_each_row_stands_before_its_copies():
    shown = images(deformed_pictures(ROWS, "digits", (8, 8), copies=2, seed=5))
    assert len(shown) == 9
    for k in range(3):
        expected = ROWS
        if k:
            limits = (ROWS.min(), ROWS.max())
            expected = warp(
                ROWS, DEFORMATIONS["digits"], (8, 8), 5, k, np.arange(3), value_range=limits
            )
        for i in range(3):
            np.testing.assert_allclose(shown[3 * i + k].get_array(), expected[i].reshape(8, 8))


def test_columns_are_the_row_and_its_copies():
    corners = {i.get_extent()[0] for i in images(deformed_pictures(ROWS, "digits", (8, 8)))}
    assert len(corners) == 8


def test_colour():
    rows = np.random.default_rng(0).uniform(size=(2, 75))
    assert len(images(deformed_pictures(rows, Deformation(rotation=9), (5, 5, 3)))) == 16


def test_what_does_not_fit_is_refused():
    with pytest.raises(ParameterError, match="copies"):
        deformed_pictures(ROWS, "digits", (8, 8), copies=0)
    with pytest.raises(DataError, match="need rows of 81"):
        deformed_pictures(ROWS, "digits", (9, 9))
