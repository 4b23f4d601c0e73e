"""Activations: values against independent formulas, derivatives, far tails, kinks."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.errors import ParameterError
from layerlab.network import ACTIVATIONS
from layerlab.network.activations import activation_named

getcontext().prec = 50
POINTS = [-750.0, -37.5, -3.0, -1.0, -0.1, -1e-9, 1e-9, 0.1, 1.0, 3.0, 37.5, 750.0]


def exact(name, x):
    """Return g(x) and g'(x) worked out with fifty digits (GELU: with math.erfc)."""
    z = Decimal(x)
    up, down = z.exp(), (-z).exp()
    scale, a = Decimal("1.0507009873554805"), Decimal("1.6732632423543772")
    gate = 1 / (1 + down)
    left = z <= 0
    formulas = {
        "identity": (z, Decimal(1)),
        "sigmoid": (gate, gate * (down / (1 + down))),
        "tanh": ((up - down) / (up + down), 4 / (up + down) ** 2),
        "relu": (Decimal(0) if left else z, Decimal(0) if left else Decimal(1)),
        "leaky_relu": (z * Decimal("0.01") if left else z, Decimal("0.01") if left else Decimal(1)),
        "elu": (up - 1 if left else z, up if left else Decimal(1)),
        "selu": (scale * (a * (up - 1) if left else z), scale * (a * up if left else 1)),
        "softplus": ((1 + up).ln(), gate),
        "silu": (z * gate, gate * (1 + z * (down / (1 + down)))),
    }
    if name == "gelu":
        normal = math.erfc(-x / math.sqrt(2)) / 2
        return x * normal, normal + x * math.exp(-x * x / 2) / math.sqrt(2 * math.pi)
    return tuple(float(part) for part in formulas[name])


def value_and_slope(activation, Z):
    A, slope = np.empty_like(Z), np.empty_like(Z)
    activation.value(Z, A)
    activation.derivative(Z, A, slope)
    return A, slope


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("x", POINTS)
def test_values_and_derivatives_are_exact(name, x):
    A, slope = value_and_slope(ACTIVATIONS[name], np.array([x]))
    value, derivative = exact(name, x)
    assert A[0] == pytest.approx(value, rel=4e-15, abs=1e-300)
    # Where a derivative is read off A, digits near A = 1 are gone: absolute, not relative.
    assert slope[0] == pytest.approx(derivative, rel=1e-14, abs=3e-16)


def test_sigmoid_at_zero_as_the_notebook_checks_it():
    A, slope = value_and_slope(ACTIVATIONS["sigmoid"], np.zeros(1))
    assert (A[0], slope[0]) == (0.5, 0.25)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_nothing_overflows_or_warns_far_out(name):
    Z = np.array([-1e6, -1000.0, 1000.0, 1e6])
    for dtype in (np.float32, np.float64):
        A, slope = value_and_slope(ACTIVATIONS[name], Z.astype(dtype))
        assert np.isfinite(A).all() and np.isfinite(slope).all()
        assert A.dtype == slope.dtype == dtype


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_value_may_be_written_over_its_input_and_derivative_over_the_value(name):
    activation = ACTIVATIONS[name]
    Z = np.linspace(-3, 3, 61)
    A, slope = value_and_slope(activation, Z)
    in_place = Z.copy()
    activation.value(in_place, in_place)
    np.testing.assert_array_equal(in_place, A)
    activation.derivative(Z if activation.uses_z else np.full_like(Z, np.nan), in_place, in_place)
    np.testing.assert_array_equal(in_place, slope)


@pytest.mark.parametrize("name", [n for n, a in ACTIVATIONS.items() if a.smooth])
@given(x=st.floats(-8, 8))
def test_smooth_derivatives_agree_with_a_complex_step(name, x):
    activation = ACTIVATIONS[name]
    _, slope = value_and_slope(activation, np.array([x]))
    Z = np.array([x + 1e-30j])
    A = np.empty_like(Z)
    activation.value(Z, A)
    assert slope[0] == pytest.approx(A[0].imag / 1e-30, rel=1e-12, abs=1e-13)


@pytest.mark.parametrize(
    ("name", "slope"),
    [
        ("relu", 0.0),
        ("leaky_relu", 0.01),
        ("elu", 1.0),
        ("selu", 1.0507009873554805 * 1.6732632423543772),
    ],
)
def test_derivative_at_the_kink_is_the_one_from_the_left(name, slope):
    assert not ACTIVATIONS[name].smooth
    A, at_zero = value_and_slope(ACTIVATIONS[name], np.zeros(1))
    assert (A[0], at_zero[0]) == (0.0, pytest.approx(slope, rel=1e-15))


@pytest.mark.parametrize("name", [n for n, a in ACTIVATIONS.items() if not a.smooth])
def test_a_kinked_activation_is_positive_exactly_where_its_input_is(name):
    Z = np.array([-1e300, -1.0, -1e-200, -1e-310, 0.0, 1e-310, 1e-200, 1.0])
    A = np.empty_like(Z)
    ACTIVATIONS[name].value(Z, A)
    np.testing.assert_array_equal(A > 0, Z > 0)


def test_selu_keeps_mean_zero_and_variance_one():
    """Its two constants are those for which N(0, 1) is a fixed point (Klambauer et al., 2017)."""
    z = np.linspace(-12, 12, 2_000_001)
    density = np.exp(-z * z / 2) / np.sqrt(2 * np.pi)
    A = np.empty_like(z)
    ACTIVATIONS["selu"].value(z, A)
    mean = np.trapezoid(A * density, z)
    assert mean == pytest.approx(0, abs=1e-9)
    assert np.trapezoid(A * A * density, z) == pytest.approx(1, abs=1e-9)


def test_unknown_name_names_the_nearest():
    with pytest.raises(ParameterError, match=r"Got 'Relu' instead\. Did you mean .*'relu'"):
        activation_named("Relu")
