"""Rows to probabilities: what the logits give, and a word where they are not finite."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from layerlab._compiled import KERNEL
from layerlab.engine.compiled_forward import CompiledForward
from layerlab.engine.forward import logits
from layerlab.engine.predictor import Predictor
from layerlab.errors import DataError
from layerlab.network import InputMap, Network, start_weights


@pytest.fixture(params=["compiled", "numpy"])
def path(request, monkeypatch):
    if request.param == "numpy":
        monkeypatch.setattr(CompiledForward, "of", lambda *_: None)
    elif KERNEL is None:
        pytest.skip("the compiled kernel is not there, or switched off")
    return request.param


def fitted(output="softmax", dtype=np.float64, activation="tanh"):
    random = np.random.default_rng(0)
    network = Network.build(6, (5, 4), 3, activation, output)
    theta = (start_weights(network, seed=1) * 3).astype(dtype)
    return network, theta, InputMap(random.normal(size=6), random.uniform(0.5, 2, 6))


def rows(n):
    return np.random.default_rng(n).normal(size=(n, 6))


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("n", [0, 1, 15, 1500])
def test_probabilities_are_those_of_the_logits(n, output, dtype):
    network, theta, input_map = fitted(output, dtype)
    found = Predictor(network, theta, input_map)(rows(n))
    log_p = network.output.log_probabilities(logits(network, theta, rows(n), input_map))
    assert found.dtype == dtype and found.shape == (n, 3)
    np.testing.assert_allclose(found, np.exp(log_p), rtol=1e-5 if dtype == np.float32 else 1e-13)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
@pytest.mark.parametrize("worst", [np.nan, np.inf, -np.inf, 1e308])
def test_a_row_that_is_too_large_is_named(worst, output):
    network, theta, input_map = fitted(output, activation="identity")
    X = rows(40)
    X[17] = worst
    with pytest.raises(DataError, match="Row 17 "):
        Predictor(network, theta, input_map)(X)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_no_probability_is_zero(output, dtype):
    network = Network.build(1, (), 2, output=output)
    theta = np.array([1000, -1000, 0, 0], dtype)
    found = Predictor(network, theta, InputMap.identity(1))(np.ones((1, 1)))
    assert found.tolist() == [[1, np.finfo(dtype).tiny]]


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("X", [np.zeros(6), np.zeros((2, 5)), np.zeros((2, 6, 1))])
def test_another_shape_is_refused(X):
    with pytest.raises(DataError, match=r"shape \(n, 6\)"):
        Predictor(*fitted())(X)


@pytest.mark.usefixtures("path")
def test_several_threads_may_ask_at_once():
    predictor = Predictor(*fitted(), n_threads=2)
    alone = predictor(rows(70_000)).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(lambda _: predictor(rows(70_000)).tobytes(), range(12))) == {alone}
