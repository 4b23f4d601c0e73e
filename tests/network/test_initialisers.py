"""Starting weights: their bounds, their spread, and that no two layers start out equal."""

import math

import numpy as np
import pytest

from layerlab.errors import ParameterError
from layerlab.network import INITIALISERS, Network, start_weights
from layerlab.network.initialisers import initialiser_for

# Worked by hand for the layer 64 → 36: n_in + n_out = 100.
BOUNDS = {
    "glorot": math.sqrt(6) / 10,
    "he": math.sqrt(6 / 64),
    "lecun": math.sqrt(3 / 64),
    "notebook": math.log(6) / math.log(100),
}


@pytest.mark.parametrize("name", INITIALISERS)
def test_bounds(name):
    network = Network.build(64, (36,), 10)
    theta = start_weights(network, name, seed=5)
    W, b = network.layout.split(theta)[0]
    bound = BOUNDS[name]
    assert 0.99 * bound < np.abs(W).max() <= bound
    assert W.min() < 0 < W.max()
    assert np.var(W) == pytest.approx(bound**2 / 3, rel=0.06)
    assert np.mean(W) == pytest.approx(0, abs=4 * bound / math.sqrt(3 * W.size))
    if INITIALISERS[name].draws_biases:
        assert 0 < np.abs(b).max() <= bound
    else:
        assert not b.any()


def test_notebook_bound_for_8_hidden_units_on_digits():
    assert INITIALISERS["notebook"].bound(64, 8) == pytest.approx(0.41896, abs=1e-5)
    assert INITIALISERS["glorot"].bound(64, 8) == pytest.approx(0.28868, abs=1e-5)


@pytest.mark.parametrize("name", INITIALISERS)
def test_layers_differ(name):
    """The notebook drew every layer from the same re-seeded stream."""
    network = Network.build(20, (20, 20, 20), 20)
    weights = [W for W, _ in network.layout.split(start_weights(network, name, seed=0))]
    for i, first in enumerate(weights):
        for second in weights[i + 1 :]:
            assert not np.intersect1d(first, second).size
            assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.2


def test_a_layer_does_not_depend_on_those_behind_it():
    short, long = Network.build(5, (4,), 3), Network.build(5, (4, 7), 3)
    first = [n.layout.split(start_weights(n, "glorot", seed=3))[0][0] for n in (short, long)]
    np.testing.assert_array_equal(*first)


def test_seeds():
    network = Network.build(5, (4,), 3)
    same = [start_weights(network, seed=3).tobytes() for _ in range(2)]
    assert same[0] == same[1]
    assert not np.intersect1d(start_weights(network, seed=3), start_weights(network, seed=4)).size


@pytest.mark.parametrize(
    ("activation", "suited"),
    [("tanh", "glorot"), ("sigmoid", "glorot"), ("relu", "he"), ("gelu", "he"), ("selu", "lecun")],
)
def test_auto_takes_what_suits_the_activation(activation, suited):
    network = Network.build(5, (4,), 3, activation)
    assert initialiser_for(network).name == suited
    np.testing.assert_array_equal(start_weights(network), start_weights(network, suited))


def test_auto_without_a_hidden_layer():
    assert initialiser_for(Network.build(5, (), 3, "relu")).name == "glorot"


def test_unknown_name_names_the_nearest():
    with pytest.raises(ParameterError, match="Did you mean 'glorot'"):
        start_weights(Network.build(5, (), 3), "xavier_glorot")
