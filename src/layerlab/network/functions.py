"""The network as plain functions of theta, in the form SciPy's minimisers take.

``scipy.optimize.minimize(cost_and_gradient, theta, args=(hidden, n_labels, X, y, alpha),
jac=True)`` trains the notebook's network. Everything is computed in double
precision, or in complex numbers where theta is complex (a complex step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_blas
from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab._validation import check_real
from layerlab.errors import DataError
from layerlab.network.layout import Layers
from layerlab.network.network import Network
from layerlab.network.propagation import (
    Workspace,
    add_decay,
    block_cost,
    block_gradient,
    penalty,
)

__all__ = ["Feedforward", "cost", "cost_and_gradient", "feedforward", "gradient"]


@dataclass(frozen=True)
class Feedforward:
    """What `feedforward` returns.

    Attributes
    ----------
    cost : float
        Data term plus penalty.
    probabilities : ndarray of shape (m, K)
        Class probabilities; each row sums to one.
    predictions : ndarray of shape (m,)
        Class indices, the most probable class of each row.
    activations : list of ndarray of shape (m, width)
        Inputs, every hidden layer, and the output units' own activations.
    weights : list of ndarray of shape (n_out, 1 + n_in)
        The notebook's matrices, the bias in column 0.
    """

    cost: float
    probabilities: Array
    predictions: IndexArray
    activations: list[Array]
    weights: list[Array]


def cost(
    theta: Array,
    hidden_layer_sizes: Sequence[int],
    n_labels: int,
    X: Array,
    y: Array,
    alpha: float = 0.0,
    activation: str | Sequence[str] = "sigmoid",
    output: str = "sigmoid",
    sample_weight: FloatArray | None = None,
) -> Any:
    """Return the cost: data term plus α/(2m) · ΣW², biases left out.

    Parameters
    ----------
    theta : ndarray of shape (n_weights,)
        Layer by layer W (n_in × n_out, C order) and then b.
    hidden_layer_sizes : sequence of int
        Units of each hidden layer; ``()`` for none.
    n_labels : int
        Number of classes K.
    X : ndarray of shape (m, n_features)
        Inputs, already scaled.
    y : ndarray of shape (m,)
        Class indices 0 … K - 1.
    alpha : float
        Strength of the penalty.
    activation : str or sequence of str
        One for all hidden layers, or one a layer.
    output : {"sigmoid", "softmax"}
        K independent units with binary cross-entropy summed over them
        (the notebook's), or softmax with cross-entropy.
    sample_weight : ndarray of shape (m,), optional
        m in the formulas is then the sum of weights.

    Returns
    -------
    cost : float

    Raises
    ------
    ParameterError, DataError
        If sizes or names do not fit.
    """
    problem = _Problem(
        theta, hidden_layer_sizes, n_labels, X, y, alpha, activation, output, sample_weight
    )
    return problem.cost()


def cost_and_gradient(
    theta: Array,
    hidden_layer_sizes: Sequence[int],
    n_labels: int,
    X: Array,
    y: Array,
    alpha: float = 0.0,
    activation: str | Sequence[str] = "sigmoid",
    output: str = "sigmoid",
    sample_weight: FloatArray | None = None,
) -> tuple[Any, Array]:
    """Return the cost and its exact gradient, for ``scipy.optimize.minimize(…, jac=True)``.

    Parameters are those of `cost`.

    Returns
    -------
    cost : float
    gradient : ndarray of shape (n_weights,)
    """
    problem = _Problem(
        theta, hidden_layer_sizes, n_labels, X, y, alpha, activation, output, sample_weight
    )
    return problem.cost_and_gradient()


def gradient(
    theta: Array,
    hidden_layer_sizes: Sequence[int],
    n_labels: int,
    X: Array,
    y: Array,
    alpha: float = 0.0,
    activation: str | Sequence[str] = "sigmoid",
    output: str = "sigmoid",
    sample_weight: FloatArray | None = None,
) -> Array:
    """Return the exact gradient of `cost`, unrolled as theta is."""
    return cost_and_gradient(
        theta, hidden_layer_sizes, n_labels, X, y, alpha, activation, output, sample_weight
    )[1]


def feedforward(
    theta: Array,
    hidden_layer_sizes: Sequence[int],
    n_labels: int,
    X: Array,
    y: Array,
    alpha: float = 0.0,
    activation: str | Sequence[str] = "sigmoid",
    output: str = "sigmoid",
    sample_weight: FloatArray | None = None,
) -> Feedforward:
    """Carry rows through the network and keep everything on the way.

    Parameters are those of `cost`.

    Returns
    -------
    result : Feedforward
    """
    problem = _Problem(
        theta, hidden_layer_sizes, n_labels, X, y, alpha, activation, output, sample_weight
    )
    cost = problem.cost()
    logits = problem.work.A[-1]
    probabilities = np.exp(problem.network.output.log_probabilities(logits))
    return Feedforward(
        cost,
        probabilities,
        logits.argmax(axis=1),
        [*problem.work.A[:-1], problem.network.output.units(logits)],
        problem.network.layout.to_matrices(problem.theta),
    )


class _Problem:
    """The arguments of a plain function, checked, with one block that holds every row."""

    def __init__(
        self,
        theta: Array,
        hidden_layer_sizes: Sequence[int],
        n_labels: int,
        X: Array,
        y: Array,
        alpha: float,
        activation: str | Sequence[str],
        output: str,
        sample_weight: FloatArray | None,
    ) -> None:
        X = _rows(X)
        self.y = _class_indices(y, n_labels, len(X))
        self.theta = np.asarray(theta, np.result_type(theta, np.float64))
        self.network = Network.build(X.shape[1], hidden_layer_sizes, n_labels, activation, output)
        self.layers: Layers = self.network.layout.split(self.theta)
        self.alpha = check_real("alpha", alpha, 0)
        counts = _row_weights(sample_weight, len(X))
        self.m = counts.sum()
        self.weights = counts / self.m
        self.work = Workspace(self.network, len(X), self.theta.dtype)
        np.copyto(self.work.A[0], X)

    def cost(self) -> Any:
        with single_threaded_blas():
            data = block_cost(self.network, self.layers, self.work, self.y, self.weights)
        return data + penalty(self.layers, self.alpha / self.m)

    def cost_and_gradient(self) -> tuple[Any, Array]:
        out = np.empty_like(self.theta)
        parts = self.network.layout.split(out)
        with single_threaded_blas():
            data = block_gradient(self.network, self.layers, self.work, self.y, self.weights, parts)
        add_decay(parts, self.layers, self.alpha / self.m)
        return data + penalty(self.layers, self.alpha / self.m), out


def _rows(X: Array) -> Array:
    X = np.asarray(X)
    if X.ndim != 2 or not len(X):
        raise DataError(f"X must have shape (m, n_features). Got {X.shape} instead.")
    return X


def _row_weights(sample_weight: FloatArray | None, m: int) -> Vector:
    if sample_weight is None:
        return np.ones(m)
    weights = np.asarray(sample_weight, np.float64)
    if weights.shape != (m,) or not weights.min() >= 0 or not 0 < weights.sum() < np.inf:
        raise DataError(
            f"sample_weight must hold a weight that is not negative for each of the {m} rows of X, "
            f"not all zero. Got values of shape {weights.shape} instead."
        )
    return weights


def _class_indices(y: Array, n_labels: int, m: int) -> IndexArray:
    y = np.asarray(y)
    whole = y.ndim == 1 and len(y) == m and y.dtype.kind in "iu"
    if not whole or (m and not 0 <= y.min() <= y.max() < n_labels):
        raise DataError(
            f"y must hold a class index from 0 to {n_labels - 1} for each of the {m} rows of X. "
            f"Got {y.dtype} values of shape {y.shape} instead."
        )
    return y.astype(np.intp)
