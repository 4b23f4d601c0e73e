"""Describing a network: widths, names, what is refused."""

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.network import Network


def test_build():
    network = Network.build(64, (8, 16), 10, ["tanh", "relu"], "sigmoid")
    assert network.widths == (64, 8, 16, 10)
    assert [a.name for a in network.activations] == ["tanh", "relu"]
    assert network.output.name == "sigmoid"
    assert network.layout.n_weights == 65 * 8 + 9 * 16 + 17 * 10


@pytest.mark.parametrize("sizes", [8, [8], (8,), np.array([8]), np.int64(8), np.array(8)])
def test_one_hidden_layer_in_every_form(sizes):
    assert Network.build(4, sizes, 3).widths == (4, 8, 3)


@pytest.mark.parametrize("sizes", [(), [], np.array([], int)])
def test_no_hidden_layer(sizes):
    network = Network.build(4, sizes, 3, "tanh")
    assert network.widths == (4, 3) and network.activations == ()


@pytest.mark.parametrize(
    "sizes", [0, -1, (8, 0), 8.0, True, "8", (8, None), None, {8}, [[8], [8, 8]]]
)
def test_bad_sizes_are_refused_in_one_line(sizes):
    with pytest.raises(ParameterError, match="'hidden_layer_sizes' parameter must be an integer"):
        Network.build(4, sizes, 3)


def test_one_activation_a_layer_must_fit_the_layers():
    with pytest.raises(ParameterError, match=r"each of the 2 hidden layers\. Got 1 names"):
        Network.build(4, (8, 8), 3, ["tanh"])


@pytest.mark.parametrize("activation", [None, 5])
def test_an_activation_that_is_no_name_is_refused(activation):
    with pytest.raises(ParameterError, match="'activation' parameter must be a name"):
        Network.build(4, (8, 8), 3, activation)


def test_an_unknown_activation_is_refused_even_where_no_layer_uses_it():
    with pytest.raises(ParameterError, match="Did you mean 'tanh'"):
        Network.build(4, (), 3, "tahn")
