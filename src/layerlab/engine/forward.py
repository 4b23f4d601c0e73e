"""Rows through a network, block by block: logits, and every layer's activations."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise

import numpy as np

from layerlab._guard import single_threaded_blas
from layerlab._typing import Array
from layerlab.engine.compiled_forward import CompiledForward
from layerlab.engine.plan import plan_rows
from layerlab.errors import DataError
from layerlab.network import InputMap, Network, Workspace
from layerlab.network.propagation import forward, workspace_floats

__all__ = ["finite_logits", "layer_activations", "logits"]


def logits(network: Network, theta: Array, X: Array, input_map: InputMap) -> Array:
    """Return the last layer's pre-activations.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_weights,)
        Its dtype is what is computed in.
    X : ndarray of shape (m, n_features)
        Rows as they came.
    input_map : InputMap

    Returns
    -------
    Z : ndarray of shape (m, K)
    """
    Z = np.empty((len(X), network.widths[-1]), theta.dtype)
    compiled = CompiledForward.of(network, theta, input_map)
    if compiled is not None and compiled.write_logits(X, Z):
        return Z
    with _quiet():
        for block, work in _blocks(network, theta, X, input_map):
            Z[block] = work.A[-1]
    return Z


def finite_logits(network: Network, theta: Array, X: Array, input_map: InputMap) -> Array:
    """Return `logits`, and refuse rows whose values are too large for the network.

    Raises
    ------
    DataError
        If a logit is not finite.
    """
    Z = logits(network, theta, X, input_map)
    lost = ~np.isfinite(Z).all(axis=1)
    if lost.any():
        row = int(lost.argmax())
        raise DataError(
            f"Row {row} (counted from 0) is too large for the network: its values reach "
            f"{np.abs(X[row]).max():g}, and what is computed from them in {Z.dtype} is not finite. "
            "Leave such rows out, or correct them."
        )
    return Z


def layer_activations(network: Network, theta: Array, X: Array, input_map: InputMap) -> list[Array]:
    """Return the mapped inputs, each hidden layer's activations, and the output units'.

    Parameters are those of `logits`.

    Returns
    -------
    layers : list of ndarray of shape (m, width)
    """
    layers = [np.empty((len(X), width), theta.dtype) for width in network.widths]
    with _quiet():
        for block, work in _blocks(network, theta, X, input_map):
            for layer, A in zip(layers, work.A, strict=True):
                layer[block] = A
    layers[-1] = network.output.units(layers[-1])
    return layers


def _blocks(
    network: Network, theta: Array, X: Array, input_map: InputMap
) -> Iterator[tuple[slice, Workspace]]:
    plan = plan_rows(len(X), workspace_floats(network.widths), theta.dtype.itemsize)
    work = Workspace(network, plan.block_rows, theta.dtype)
    layers = network.layout.split(theta)
    for start, stop in pairwise(plan.edges):
        block = work.rows(stop - start)
        input_map.write(X[start:stop], block.A[0])
        forward(network, layers, block)
        yield slice(start, stop), block


@contextmanager
def _quiet() -> Iterator[None]:
    """One BLAS thread, and no word about logits that overflow: they show in the result."""
    with single_threaded_blas(), np.errstate(over="ignore", under="ignore", invalid="ignore"):
        yield
