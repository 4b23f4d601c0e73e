"""Forward and backward over one block of rows.

For a block A₀ (n × n_features) of mapped inputs, layer l computes

    Z_l = A_{l-1} W_l + b_l,   A_l = g_l(Z_l),

the last Z being the logits. With delta_L the gradient of the cost with respect
to the logits, backpropagation (Rumelhart, Hinton & Williams, 1986) gives

    ∂W_l = A_{l-1}ᵀ delta_l,   ∂b_l = 1ᵀ delta_l,
    delta_{l-1} = (delta_l W_lᵀ) ⊙ g'_{l-1}(Z_{l-1}).

With layer normalisation Z_l = LN(A_{l-1} W_l) + b_l in the hidden layers. Noise is
added to A₀ and to the Z of hidden layers, dropout applied to A₀ and to their A:
`Draws` in regularisation.py.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from layerlab._typing import Array
from layerlab.network.layout import Layers
from layerlab.network.network import Network
from layerlab.network.regularisation import Draws

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

# Added to the variance that layer normalisation divides by.
LAYER_NORM_EPSILON = 1e-5


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
    norms : list of pair of ndarray, of shape (n, width) and (n, 1)
        What layer normalisation made of each hidden layer's A W, and 1/σ.
    """

    def __init__(self, network: Network, n_rows: int, dtype: Any) -> None:
        keep_z = [a.uses_z for a in network.activations] + [False]
        self.A = [np.empty((n_rows, w), dtype) for w in network.widths]
        self.Z = [
            np.empty_like(A) if keep else A for A, keep in zip(self.A[1:], keep_z, strict=True)
        ]
        self.delta = [np.empty_like(A) for A in self.A[1:]]
        normed = self.A[1:-1] if network.layer_norm else []
        self.norms = [(np.empty_like(A), np.empty((n_rows, 1), dtype)) for A in normed]

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
        part.norms = [(unit[:n], share[:n]) for unit, share in self.norms]
        return part


def forward(network: Network, layers: Layers, work: Workspace, draws: Draws | None = None) -> Array:
    """Fill ``work`` from its inputs ``work.A[0]``, and return the logits (n, K).

    With ``draws``, noise is added and units are dropped, the inputs' among them.
    """
    if draws is not None:
        draws.add_noise(0, work.A[0])
        draws.drop(0, work.A[0])
    for i, (W, b) in enumerate(layers):
        np.matmul(work.A[i], W, out=work.Z[i])
        if i < len(work.norms):
            _normalise(work.Z[i], *work.norms[i])
        work.Z[i] += b
        if i < len(network.activations):
            _activate(network, work, i, draws)
    return work.A[-1]


def _activate(network: Network, work: Workspace, i: int, draws: Draws | None) -> None:
    if draws is not None:
        draws.add_noise(i + 1, work.Z[i])
    network.activations[i].value(work.Z[i], work.A[i + 1])
    if draws is not None:
        draws.drop(i + 1, work.A[i + 1])


def _normalise(Z: Array, unit: Array, share: Array) -> None:
    """Layer normalisation of ``Z`` in place, kept in ``unit``; 1/σ goes to ``share`` (n, 1).

    Ba, Kiros & Hinton (2016), "Layer normalization", eq. 4, without the gain: Xu et al.
    (2019), "Understanding and improving layer normalization", LayerNorm-simple.
    """
    Z -= Z.mean(axis=1, keepdims=True)
    variance = (Z * Z).mean(axis=1, keepdims=True)
    np.copyto(share, 1 / np.sqrt(variance + LAYER_NORM_EPSILON))
    Z *= share
    np.copyto(unit, Z)


def _through_norm(delta: Array, unit: Array, share: Array) -> None:
    """Multiply each row of ``delta`` by the Jacobian of `_normalise`, in place.

    It is symmetric, so that the same serves forwards and backwards.
    """
    along = (delta * unit).mean(axis=1, keepdims=True)
    delta -= delta.mean(axis=1, keepdims=True)
    delta -= along * unit
    delta *= share


def block_cost(
    network: Network,
    layers: Layers,
    work: Workspace,
    y: Array,
    weights: Array,
    smoothing: float = 0.0,
    draws: Draws | None = None,
) -> Any:
    """Return the weighted cost of the block whose inputs are in ``work.A[0]``.

    Parameters
    ----------
    network : Network
    layers : pairs (W, b)
    work : Workspace
    y : ndarray of shape (n,) or (n, K)
        Class indices, or 0 or 1 for each class.
    weights : ndarray of shape (n,)
        Each row's share of the sum.
    smoothing : float
        Share of the targets that is spread over the classes.
    draws : Draws, optional
        Of these rows; ``work.A[0]`` then changes.

    Returns
    -------
    cost : float
        The data term of these rows, in double precision. ``work.delta[-1]``
        then holds its gradient with respect to the logits.
    """
    logits = forward(network, layers, work, draws)
    return network.output.cost(logits, y, weights, work.delta[-1], smoothing)


def block_gradient(
    network: Network,
    layers: Layers,
    work: Workspace,
    y: Array,
    weights: Array,
    gradient: Layers,
    smoothing: float = 0.0,
    draws: Draws | None = None,
) -> Any:
    """Return the cost of a block, as `block_cost` does, and write its gradient.

    ``gradient`` holds a pair of arrays (∂W, ∂b) a layer, which are overwritten.
    """
    cost = block_cost(network, layers, work, y, weights, smoothing, draws)
    _backward(network, layers, work, gradient, draws)
    return cost


def _backward(
    network: Network,
    layers: Layers,
    work: Workspace,
    gradient: Layers,
    draws: Draws | None = None,
) -> None:
    """Carry ``work.delta[-1]`` back through the layers; uses up ``work.A``."""
    for i in reversed(range(len(layers))):
        A, delta, (dW, db) = work.A[i], work.delta[i], gradient[i]
        np.add.reduce(delta, axis=0, out=db)
        if i < len(work.norms):
            _through_norm(delta, *work.norms[i])
        np.matmul(A.T, delta, out=dW)
        if i > 0:
            np.matmul(delta, layers[i][0].T, out=work.delta[i - 1])
            _through_activation(network, work, i, draws)


def _through_activation(network: Network, work: Workspace, i: int, draws: Draws | None) -> None:
    """Make of ``work.delta[i - 1]``, so far with respect to A_i, that with respect to Z_i."""
    A, delta = work.A[i], work.delta[i - 1]
    if draws is not None:
        draws.drop(i, delta)
        draws.undo_scale(i, A)
    # A has served its purpose, so its memory takes the derivative.
    network.activations[i - 1].derivative(work.Z[i - 1], A, A)
    delta *= A


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
    RZ = work.A[0] @ direction[0][0]
    for i, activation in enumerate(network.activations):
        if work.norms:
            _through_norm(RZ, *work.norms[i])
        RZ += direction[i][1]
        RA = np.empty_like(RZ)
        activation.derivative(work.Z[i], work.A[i + 1], RA)
        RA *= RZ
        RZ = work.A[i + 1] @ direction[i + 1][0]
        RZ += RA @ layers[i + 1][0]
    RZ += direction[-1][1]
    network.output.curvature(work.A[-1], weights, RZ, work.delta[-1])
    _backward(network, layers, work, product)


def penalty(layers: Layers, decay: float, l1: float = 0.0) -> Any:
    """Return decay/2 · ΣW² + l1 · Σ|W|, biases left out; both are shares, α/m and l1/m."""
    with np.errstate(over="ignore"):  # an infinite cost says it
        squares = decay / 2 * sum((W * W).sum() for W, _ in layers) if decay else 0.0
        sizes = l1 * sum((W * _sign(W)).sum() for W, _ in layers) if l1 else 0.0
        return squares + sizes


def add_decay(gradient: Layers, layers: Layers, decay: float, l1: float = 0.0) -> None:
    """Add the gradient of `penalty`, decay · W + l1 · sign(W), in place; sign(0) = 0."""
    for (dW, _), (W, _) in zip(gradient, layers, strict=True):
        if decay:
            dW += decay * W
        if l1:
            dW += l1 * _sign(W)


def _sign(W: Array) -> Array:
    return np.asarray(np.sign(W.real))


def workspace_floats(widths: tuple[int, ...]) -> int:
    """Return how many numbers a `Workspace` holds a row, for choosing the size of blocks."""
    return widths[0] + sum(2 * n_out for _, n_out in pairwise(widths))
