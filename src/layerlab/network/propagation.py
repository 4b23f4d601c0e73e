"""Forward and backward over one block of rows.

For a block A₀ (n × n_features) of mapped inputs, layer l computes

    Z_l = A_{l-1} W_l + b_l,   A_l = g_l(Z_l),

the last Z being the logits. With delta_L the gradient of the cost with respect
to the logits, backpropagation (Rumelhart, Hinton & Williams, 1986) gives

    ∂W_l = A_{l-1}ᵀ delta_l,   ∂b_l = 1ᵀ delta_l,
    delta_{l-1} = (delta_l W_lᵀ) ⊙ g'_{l-1}(Z_{l-1}).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.network.layout import Layers
from layerlab.network.network import Network

__all__ = [
    "Workspace",
    "add_decay",
    "block_cost",
    "block_curvature",
    "block_gradient",
    "forward",
    "penalty",
    "workspace_floats",
]


class Workspace:
    """Buffers for blocks of up to ``n_rows`` rows, used again for every block.

    Attributes
    ----------
    A : list of ndarray of shape (n, width)
        Activations of each layer, inputs first; the last holds the logits.
    Z : list of ndarray
        Pre-activations of each layer but the inputs; the same memory as A
        where the derivative does not need them.
    delta : list of ndarray of shape (n, width)
        Error terms of each layer but the inputs.
    """

    def __init__(self, network: Network, n_rows: int, dtype: Any) -> None:
        keep_z = [a.uses_z for a in network.activations] + [False]
        self.A = [np.empty((n_rows, w), dtype) for w in network.widths]
        self.Z = [
            np.empty_like(A) if keep else A for A, keep in zip(self.A[1:], keep_z, strict=True)
        ]
        self.delta = [np.empty_like(A) for A in self.A[1:]]

    def rows(self, n: int) -> Workspace:
        """Return views of the first ``n`` rows of every buffer."""
        if n == len(self.A[0]):
            return self
        part = object.__new__(Workspace)
        part.A = [A[:n] for A in self.A]
        part.Z = [
            A if Z is whole else Z[:n]
            for Z, A, whole in zip(self.Z, part.A[1:], self.A[1:], strict=True)
        ]
        part.delta = [d[:n] for d in self.delta]
        return part


def forward(network: Network, layers: Layers, work: Workspace) -> Array:
    """Fill ``work`` from its inputs ``work.A[0]``, and return the logits (n, K)."""
    for i, (W, b) in enumerate(layers):
        np.matmul(work.A[i], W, out=work.Z[i])
        work.Z[i] += b
        if i < len(network.activations):
            network.activations[i].value(work.Z[i], work.A[i + 1])
    return work.A[-1]


def block_cost(
    network: Network, layers: Layers, work: Workspace, y: IndexArray, weights: Array
) -> Any:
    """Return the weighted cost of the block whose inputs are in ``work.A[0]``.

    Parameters
    ----------
    network : Network
    layers : pairs (W, b)
    work : Workspace
    y : ndarray of shape (n,)
        Class indices.
    weights : ndarray of shape (n,)
        Each row's share of the sum.

    Returns
    -------
    cost : float
        The data term of these rows, in double precision. ``work.delta[-1]``
        then holds its gradient with respect to the logits.
    """
    return network.output.cost(forward(network, layers, work), y, weights, work.delta[-1])


def block_gradient(
    network: Network,
    layers: Layers,
    work: Workspace,
    y: IndexArray,
    weights: Array,
    gradient: Layers,
) -> Any:
    """Return the cost of a block, as `block_cost` does, and write its gradient.

    ``gradient`` holds a pair of arrays (∂W, ∂b) a layer, which are overwritten.
    """
    cost = block_cost(network, layers, work, y, weights)
    _backward(network, layers, work, gradient)
    return cost


def _backward(network: Network, layers: Layers, work: Workspace, gradient: Layers) -> None:
    """Carry ``work.delta[-1]`` back through the layers; uses up ``work.A``."""
    for i in reversed(range(len(layers))):
        A, delta, (dW, db) = work.A[i], work.delta[i], gradient[i]
        np.matmul(A.T, delta, out=dW)
        np.add.reduce(delta, axis=0, out=db)
        if i > 0:
            np.matmul(delta, layers[i][0].T, out=work.delta[i - 1])
            # A has served its purpose above, so its memory takes the derivative.
            network.activations[i - 1].derivative(work.Z[i - 1], A, A)
            work.delta[i - 1] *= A


def block_curvature(
    network: Network,
    layers: Layers,
    direction: Layers,
    work: Workspace,
    weights: Array,
    product: Layers,
) -> None:
    """Write the block's Gauss–Newton matrix times ``direction`` into ``product``.

    J v by a forward pass of derivatives (Pearlmutter, 1994), then the output's
    Hessian H, then Jᵀ by the usual backward pass: Jᵀ H J v (Schraudolph, 2002,
    sec. 3.1).
    """
    forward(network, layers, work)
    RZ = _change(work.A[0], direction[0])
    for i, activation in enumerate(network.activations):
        RA = np.empty_like(RZ)
        activation.derivative(work.Z[i], work.A[i + 1], RA)
        RA *= RZ
        RZ = _change(work.A[i + 1], direction[i + 1])
        RZ += RA @ layers[i + 1][0]
    network.output.curvature(work.A[-1], weights, RZ, work.delta[-1])
    _backward(network, layers, work, product)


def _change(A: Array, moved: tuple[Array, Array]) -> Array:
    """Return how much Z changes as its own layer's weights move."""
    V, c = moved
    return np.asarray(A @ V + c)


def penalty(layers: Layers, decay: float) -> Any:
    """Return decay/2 · ΣW², biases left out; ``decay`` is α/m."""
    if decay == 0:
        return 0.0
    with np.errstate(over="ignore"):  # an infinite cost says it
        return decay / 2 * sum((W * W).sum() for W, _ in layers)


def add_decay(gradient: Layers, layers: Layers, decay: float) -> None:
    """Add the gradient of `penalty`, decay · W, in place."""
    if decay == 0:
        return
    for (dW, _), (W, _) in zip(gradient, layers, strict=True):
        dW += decay * W


def workspace_floats(widths: tuple[int, ...]) -> int:
    """Return how many numbers a `Workspace` holds a row, for choosing the size of blocks."""
    return widths[0] + sum(2 * n_out for _, n_out in pairwise(widths))
