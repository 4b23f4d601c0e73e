"""Rows through a trained network, block by block: what one block of all rows gives."""

import numpy as np
import pytest
from scipy.special import ndtr

from layerlab.engine.forward import layer_activations, logits
from layerlab.engine.predictor import Predictor
from layerlab.network import InputMap, Network, feedforward, start_weights


@pytest.mark.parametrize("m", [1, 7, 5003])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_equals_feedforward(m, output):
    random = np.random.default_rng(0)
    network = Network.build(6, (5, 4), 3, ["gelu", "relu"], output)
    theta, X = start_weights(network, seed=1), random.normal(size=(m, 6))
    input_map = InputMap(random.normal(size=6), random.uniform(0.5, 2, 6))
    mapped = (X - input_map.shift) * input_map.scale
    y = np.zeros(m, int)
    expected = feedforward(theta, (5, 4), 3, mapped, y, 0.0, ["gelu", "relu"], output)
    layers = layer_activations(network, theta, X, input_map)
    for layer, activations in zip(layers, expected.activations, strict=True):
        np.testing.assert_allclose(layer, activations, rtol=1e-12, atol=1e-15)
    log_p = network.output.log_probabilities(logits(network, theta, X, input_map))
    np.testing.assert_allclose(np.exp(log_p), expected.probabilities, rtol=1e-12)


@pytest.mark.parametrize("m", [1, 7, 5003])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_layer_normalisation_by_hand(m, output):
    random = np.random.default_rng(0)
    network = Network.build(6, (5, 4), 3, ["gelu", "relu"], output, layer_norm=True)
    theta, X = start_weights(network, seed=1), random.normal(size=(m, 6))
    A = [X]
    for i, (W, b) in enumerate(network.layout.split(theta)):
        U = A[-1] @ W
        U = (U - U.mean(axis=1)[:, None]) / np.sqrt(U.var(axis=1)[:, None] + 1e-5) if i < 2 else U
        Z = U + b
        A.append([Z * ndtr(Z), np.maximum(Z, 0), Z][i])
    identity = InputMap.identity(6)
    np.testing.assert_allclose(logits(network, theta, X, identity), A[-1], rtol=1e-10, atol=1e-13)
    layers = layer_activations(network, theta, X, identity)
    for layer, expected in zip(layers, [*A[:-1], network.output.units(A[-1])], strict=True):
        np.testing.assert_allclose(layer, expected, rtol=1e-10, atol=1e-13)
    probabilities = Predictor(network, theta, identity)(X)
    log_p = network.output.log_probabilities(A[-1])
    np.testing.assert_allclose(probabilities, np.exp(log_p), rtol=1e-10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_computes_in_the_dtype_of_theta(dtype):
    network = Network.build(2, (3,), 2)
    theta, rows = start_weights(network).astype(dtype), np.zeros((4, 2), np.uint8)
    assert logits(network, theta, rows, InputMap.identity(2)).dtype == dtype
    assert layer_activations(network, theta, rows, InputMap.identity(2))[-1].dtype == dtype


def test_saturated_units_raise_no_warning():
    network = Network.build(2, (), 2, output="sigmoid")
    theta = np.array([1e4, -1e4, 1e4, -1e4, 0, 0])
    units = layer_activations(network, theta, np.ones((3, 2)), InputMap.identity(2))[-1]
    assert units.tolist() == [[1, 0]] * 3
