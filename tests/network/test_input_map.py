"""The input map: rules worked by hand, weights, dtypes, constant features."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.network import InputMap, fit_input_map


def mapped(rows, input_map, dtype=np.float64):
    out = np.empty(rows.shape, dtype)
    input_map.write(rows, out)
    return out


PIXELS = np.array([[0, 16, 4], [8, 0, 4], [16, 8, 4]], np.uint8)


def test_range_worked_by_hand():
    """One range for all, 0–16, and each feature's own mean, 8, 8 and 4."""
    out = mapped(PIXELS, fit_input_map(PIXELS, "range"))
    np.testing.assert_array_equal(out, [[-0.5, 0.5, 0], [0, -0.5, 0], [0.5, 0, 0]])


def test_standard_worked_by_hand():
    X = np.array([[1.0, -10.0, 3.0], [3.0, 30.0, 3.0]])
    input_map = fit_input_map(X, "standard")
    np.testing.assert_array_equal(input_map.shift, [2, 10, 3])
    np.testing.assert_array_equal(input_map.scale, [1, 1 / 20, 1])
    np.testing.assert_array_equal(mapped(X, input_map), [[-1, -1, 0], [1, 1, 0]])


@pytest.mark.parametrize("scaling", [None, "none"])
def test_none_leaves_rows_alone(scaling):
    np.testing.assert_array_equal(mapped(PIXELS, fit_input_map(PIXELS, scaling)), PIXELS)


def test_auto_takes_range_for_pixels_and_standard_for_columns_of_different_units():
    random = np.random.default_rng(0)
    pixels = random.integers(0, 256, (50, 9), dtype=np.uint8)
    pixels[:, :3] = 0  # a border that is never inked does not make it a table
    assert len(np.unique(fit_input_map(pixels).scale)) == 1
    table = random.normal(size=(50, 3)) * [1, 100, 10_000]
    spread = mapped(table, fit_input_map(table)).std(axis=0)
    np.testing.assert_allclose(spread, 1, rtol=1e-12)


@pytest.mark.parametrize("scaling", ["auto", "range", "standard"])
def test_constant_features_become_zero_and_nothing_divides_by_zero(scaling):
    X = np.full((4, 2), 7.25)
    np.testing.assert_array_equal(mapped(X, fit_input_map(X, scaling)), np.zeros((4, 2)))
    X = np.column_stack([np.full(5, 0.1), np.arange(5.0)])  # the mean of 0.1s is not quite 0.1
    out = mapped(X, fit_input_map(X, scaling))
    assert np.abs(out[:, 0]).max() < 1e-15


@pytest.mark.parametrize("scaling", ["range", "standard"])
def test_weights_are_repeated_rows_and_zero_is_absent(scaling):
    random = np.random.default_rng(1)
    X, counts = random.normal(size=(5000, 3)), random.integers(0, 4, 5000)
    X[counts == 0] += 1000
    weighted = fit_input_map(X, scaling, counts.astype(float))
    repeated = fit_input_map(np.repeat(X, counts, axis=0), scaling)
    np.testing.assert_allclose(weighted.shift, repeated.shift, rtol=1e-11)
    np.testing.assert_allclose(weighted.scale, repeated.scale, rtol=1e-12)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int64, np.float16, np.float32])
def test_rows_of_any_dtype(dtype):
    X = np.random.default_rng(2).integers(0, 2, (40, 3)).astype(dtype)
    for scaling in ("range", "standard"):
        input_map = fit_input_map(X, scaling)
        expected = fit_input_map(X.astype(float), scaling)
        np.testing.assert_allclose(input_map.scale, expected.scale, rtol=1e-12)
        np.testing.assert_allclose(
            mapped(X, input_map), mapped(X.astype(float), expected), atol=1e-15
        )


def test_whole_ranges_of_integers_do_not_wrap_around():
    X = np.array([[-128, -128], [127, 127]], np.int8)
    np.testing.assert_array_equal(mapped(X, fit_input_map(X, "range")), [[-0.5, -0.5], [0.5, 0.5]])


def test_maps_into_the_dtype_that_is_computed_in():
    input_map = InputMap(np.array([1.0]), np.array([0.5]))
    out = mapped(np.array([[3]], np.uint8), input_map, np.float32)
    assert out.dtype == np.float32 and out[0, 0] == 1


def test_unknown_name_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'standard'"):
        fit_input_map(PIXELS, "standart")


def test_two_columns_of_different_units_are_no_pixels():
    rows = np.random.default_rng(0).random((50, 2)) * [1, 1000]
    rows[0] = 0  # both begin at the same value
    assert len(np.unique(fit_input_map(rows).scale)) == 2
