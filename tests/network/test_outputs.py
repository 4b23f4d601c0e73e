"""Outputs: costs and deltas against exact reasoning, for logits up to ±1000."""

import math
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.errors import ParameterError
from layerlab.network import OUTPUTS
from layerlab.network.outputs import output_named

getcontext().prec = 950  # 1 + e^-1000 … e^1000 keeps its last digits
LOGITS = [
    [0.0, 0.0, 0.0],
    [1000.0, -1000.0, 0.0],
    [-1000.0, 1000.0, 999.0],
    [1000.0, 1000.0, 1000.0],
    [-1000.0, -1000.0, -1000.0],
    [40.0, 0.0, -40.0],
    [1e-12, -1e-12, 0.0],
    [800.0, 760.0, -1000.0],
]


def exact_row(output, z, label):
    """Return cost and its derivatives of one row, with 950 digits."""
    z = [Decimal(v) for v in z]
    if output == "softmax":
        total = sum(v.exp() for v in z)
        delta = [v.exp() / total - (k == label) for k, v in enumerate(z)]
        return total.ln() - z[label], delta
    terms = [(1 + (-v if k == label else v).exp()).ln() for k, v in enumerate(z)]
    return sum(terms), [1 / (1 + (-v).exp()) - (k == label) for k, v in enumerate(z)]


def cost_and_delta(output, Z, y, weights=None, dtype=np.float64):
    Z = np.array(Z, dtype)
    weights = np.ones(len(Z), dtype) if weights is None else np.asarray(weights, dtype)
    delta = np.empty_like(Z)
    value = OUTPUTS[output].cost(Z, np.array(y), weights, delta)
    return value, delta


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("z", LOGITS)
@pytest.mark.parametrize("label", [0, 1, 2])
def test_cost_and_delta_are_exact_for_logits_up_to_1000(output, z, label):
    value, delta = cost_and_delta(output, [z], [label])
    expected, slopes = exact_row(output, z, label)
    assert value == pytest.approx(float(expected), rel=1e-15, abs=1e-320)
    np.testing.assert_allclose(delta[0], [float(s) for s in slopes], rtol=1e-15, atol=1e-320)


@given(
    z=st.lists(st.floats(-700, 700), min_size=2, max_size=5),
    output=st.sampled_from(sorted(OUTPUTS)),
)
def test_cost_is_never_negative_and_delta_never_leaves_its_bounds(z, output):
    for label in range(len(z)):
        value, delta = cost_and_delta(output, [z], [label])
        assert math.isfinite(value) and value >= 0
        assert (np.abs(delta) <= 1).all() and delta[0, label] <= 0
        assert (np.delete(delta[0], label) >= 0).all()


def test_a_well_fitted_row_keeps_its_digits():
    """p rounds to 1 here, so 1 - p and log p would both be 0."""
    value, delta = cost_and_delta("softmax", [[40.0, 0.0]], [0])
    assert value == pytest.approx(math.exp(-40), rel=1e-15)
    assert delta[0].tolist() == pytest.approx([-math.exp(-40), math.exp(-40)], rel=1e-15)


def test_softmax_worked_by_hand():
    """z = (log 1, log 2, log 5): p = 1/8, 2/8, 5/8."""
    Z = [np.log([1.0, 2.0, 5.0])] * 2
    value, delta = cost_and_delta("softmax", Z, [1, 2], weights=[0.25, 0.75])
    assert value == pytest.approx(0.25 * math.log(4) + 0.75 * math.log(8 / 5), rel=1e-15)
    np.testing.assert_allclose(delta[0], 0.25 * np.array([1 / 8, -6 / 8, 5 / 8]), rtol=1e-15)
    np.testing.assert_allclose(delta[1], 0.75 * np.array([1 / 8, 2 / 8, -3 / 8]), rtol=1e-15)


def test_sigmoid_worked_by_hand():
    """z = (log 3, -log 3): the units are 3/4 and 1/4; natural logarithms, as in the gradient."""
    value, delta = cost_and_delta("sigmoid", [[math.log(3), -math.log(3)]], [1])
    assert value == pytest.approx(2 * math.log(4), rel=1e-15)
    np.testing.assert_allclose(delta[0], [0.75, -0.75], rtol=1e-15)


@pytest.mark.parametrize("output", OUTPUTS)
def test_cost_of_float32_logits_is_added_up_in_double(output):
    random = np.random.default_rng(1)
    Z, y = random.normal(size=(20_000, 4)).astype(np.float32), random.integers(0, 4, 20_000)
    single, delta = cost_and_delta(output, Z, y, dtype=np.float32)
    double, _ = cost_and_delta(output, Z, y)
    assert single == pytest.approx(double, rel=1e-8)
    assert delta.dtype == np.float32 and np.asarray(single).dtype == np.float64


@pytest.mark.parametrize("output", OUTPUTS)
def test_delta_may_be_written_over_the_logits(output):
    Z, y, w = np.random.default_rng(2).normal(size=(6, 3)), np.arange(6) % 3, np.full(6, 1 / 6)
    delta = np.empty_like(Z)
    value = OUTPUTS[output].cost(Z, y, w, delta)
    assert OUTPUTS[output].cost(Z, y, w, Z) == value
    np.testing.assert_array_equal(Z, delta)


@pytest.mark.parametrize("output", OUTPUTS)
@pytest.mark.parametrize("z", LOGITS)
def test_probabilities_of_a_row_sum_to_one_and_follow_the_logits(output, z):
    log_p = OUTPUTS[output].log_probabilities(np.array([z]))
    assert not np.isnan(log_p).any() and np.isfinite(log_p).all()
    assert np.exp(log_p).sum() == pytest.approx(1, abs=1e-14)
    order = np.argsort(z, kind="stable")
    assert (np.diff(log_p[0, order]) >= 0).all()


def test_sigmoid_probabilities_are_its_units_normalised():
    Z = np.array([[math.log(3), -math.log(3)]])
    np.testing.assert_allclose(OUTPUTS["sigmoid"].units(Z), [[0.75, 0.25]], rtol=1e-15)
    p = np.exp(OUTPUTS["sigmoid"].log_probabilities(Z))
    np.testing.assert_allclose(p, [[0.75, 0.25]], rtol=1e-14)
    Z = np.array([[0.0, 0.0, math.log(3)]])
    p = np.exp(OUTPUTS["sigmoid"].log_probabilities(Z))
    np.testing.assert_allclose(p, [[2 / 7, 2 / 7, 3 / 7]], rtol=1e-14)


@pytest.mark.parametrize("output", OUTPUTS)
def test_curvature_is_the_derivative_of_delta(output):
    """H·v by a complex step through delta, row by row."""
    random = np.random.default_rng(3)
    Z, V, y, w = (
        random.normal(size=(5, 4)),
        random.normal(size=(5, 4)),
        np.arange(5) % 4,
        random.random(5),
    )
    delta = np.empty((5, 4), complex)
    OUTPUTS[output].cost(Z + 1e-30j * V, y, w, delta)
    HV = np.empty_like(Z)
    OUTPUTS[output].curvature(Z, w, V, HV)
    np.testing.assert_allclose(HV, delta.imag / 1e-30, rtol=1e-12, atol=1e-16)
    OUTPUTS[output].curvature(Z, w, V, V)  # out may be RZ
    np.testing.assert_array_equal(V, HV)


def test_unknown_name_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'softmax'"):
        output_named("sofmax")
