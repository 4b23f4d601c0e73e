"""The layout of theta: round trips, order, the notebook's matrices."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from layerlab.errors import ParameterError
from layerlab.network import Layout

widths = st.lists(st.integers(1, 6), min_size=2, max_size=6).map(tuple)


@given(widths)
def test_every_component_stands_in_exactly_one_place(widths):
    layout = Layout(widths)
    theta = np.arange(layout.n_weights, dtype=float)
    flat = np.concatenate([part.ravel() for layer in layout.split(theta) for part in layer])
    np.testing.assert_array_equal(flat, theta)


@given(widths)
def test_split_and_join_and_matrices_are_inverses(widths):
    layout = Layout(widths)
    theta = np.random.default_rng(0).normal(size=layout.n_weights)
    np.testing.assert_array_equal(layout.join(layout.split(theta)), theta)
    np.testing.assert_array_equal(layout.from_matrices(layout.to_matrices(theta)), theta)
    shapes = [(n_out, 1 + n_in) for n_in, n_out in pairwise(widths)]
    assert [M.shape for M in layout.to_matrices(theta)] == shapes


def test_layout_worked_by_hand():
    """2-3-1: W0 is 2 × 3 in C order, then b0, then W1 is 3 × 1, then b1."""
    layout = Layout((2, 3, 1))
    theta = np.arange(13.0)
    (W0, b0), (W1, b1) = layout.split(theta)
    assert W0.tolist() == [[0, 1, 2], [3, 4, 5]] and b0.tolist() == [6, 7, 8]
    assert W1.tolist() == [[9], [10], [11]] and b1.tolist() == [12]
    first, second = layout.to_matrices(theta)
    assert first.tolist() == [[6, 0, 3], [7, 1, 4], [8, 2, 5]]  # a row a unit, its bias in front
    assert second.tolist() == [[12, 9, 10, 11]]


def test_each_layer_begins_behind_the_previous_one():
    """The notebook cut every layer from the start of the vector."""
    assert Layout((64, 8, 8, 10)).starts == (0, 65 * 8, 65 * 8 + 9 * 8)


def test_split_returns_views():
    layout = Layout((2, 2, 2))
    theta = np.zeros(layout.n_weights)
    for W, b in layout.split(theta):
        W += 1
        b += 2
    assert theta.tolist() == [1] * 4 + [2] * 2 + [1] * 4 + [2] * 2


def test_matrices_of_unequal_shapes_stay_a_list():
    assert isinstance(Layout((64, 8, 10)).to_matrices(np.zeros(610)), list)


def test_wrong_lengths_and_shapes_are_refused():
    layout = Layout((2, 3, 1))
    with pytest.raises(ParameterError, match=r"shape \(13,\) for layers of \(2, 3, 1\) units"):
        layout.split(np.zeros(12))
    with pytest.raises(ParameterError, match=r"Layer 1 must have weights of shape \(3, 1\)"):
        layout.join([(np.zeros((2, 3)), np.zeros(3)), (np.zeros((1, 3)), np.zeros(1))])
