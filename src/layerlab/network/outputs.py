"""Output layers, each with the cost that belongs to it, computed from logits.

No probability is ever clipped and none is formed before its logarithm is
taken, so no logit, however large, overflows or gives log 0. Labels are class
indices y (n,), or for units by themselves 0 or 1 for each class, (n, K);
``weights`` hold each row's share of the sum (1/m for equal rows). With label
smoothing ε a target t becomes (1 - ε) t + ε/K for the softmax, and for units by
themselves (1 - ε) t + ε/2: Szegedy et al. (2016), "Rethinking the Inception
architecture", sec. 7, with the uniform distribution over what one unit tells apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab._validation import check_choice
from layerlab.network.activations import sigmoid, softplus

__all__ = ["OUTPUTS", "Output", "output_named"]


@dataclass(frozen=True)
class Output:
    """An output layer with its cost.

    Attributes
    ----------
    name : str
    title : str
        As the attribute ``out_activation_`` of scikit-learn names it.
    cost : callable (Z, y, weights, delta, smoothing=0) -> float
        The weighted cost of a block, writing its gradient with respect to the
        logits Z (n, K) into ``delta`` (n, K), which may be Z.
    curvature : callable (Z, weights, RZ, out) -> None
        Writes H·RZ, with H each row's weighted Hessian with respect to its
        logits and RZ (n, K) the change of the logits; ``out`` may be RZ.
    units : callable Z -> ndarray (n, K)
        The activations of the output units themselves.
    log_probabilities : callable Z -> ndarray (n, K)
        Logarithms of class probabilities that sum to one in every row.
    """

    name: str
    title: str
    cost: Callable[..., Any]
    curvature: Callable[[Array, Array, Array, Array], None]
    units: Callable[[Array], Array]
    log_probabilities: Callable[[Array], Array]


def _softmax_cost(
    Z: Array, y: IndexArray, weights: Array, delta: Array, smoothing: float = 0.0
) -> Any:
    """Cross-entropy of softmax: Bishop (2006), eq. 4.108; delta = p - t, eq. 4.109.

    The label's own term is kept out of the sum of exponentials. Then neither
    log(1 + rest) nor 1 - p = rest/(1 + rest) loses digits on rows that are
    fitted well, where p rounds to 1.
    """
    if smoothing:
        return _smoothed_softmax_cost(Z, y, weights, delta, smoothing)
    at_label = np.arange(len(y)), y
    np.subtract(Z, Z.max(axis=1, keepdims=True), out=delta)
    z_label = delta[at_label]
    np.exp(delta, out=delta)
    e_label = delta[at_label]
    delta[at_label] = 0
    rest = delta.sum(axis=1)
    delta *= (weights / (rest + e_label))[:, None]
    delta[at_label] = -weights * (rest / (rest + e_label))
    return _weighted_sum(weights, np.log1p(_wide(rest) + (e_label - 1)) - z_label)


def _smoothed_softmax_cost(
    Z: Array, y: IndexArray, weights: Array, delta: Array, smoothing: float
) -> Any:
    """Cross-entropy with targets t = (1 - ε) onehot + ε/K: log Σ e^z - t·z, delta = p - t."""
    at_label = np.arange(len(y)), y
    centred = Z - Z.max(axis=1, keepdims=True)
    np.exp(centred, out=delta)
    total = delta.sum(axis=1)
    delta /= total[:, None]
    delta -= smoothing / Z.shape[1]
    delta[at_label] -= 1 - smoothing
    delta *= weights[:, None]
    on_targets = (1 - smoothing) * _wide(centred[at_label]) + smoothing * _wide(centred).mean(
        axis=1
    )
    return _weighted_sum(weights, np.log(_wide(total)) - on_targets)


def _sigmoid_cost(
    Z: Array, y: IndexArray, weights: Array, delta: Array, smoothing: float = 0.0
) -> Any:
    """Binary cross-entropy summed over K independent units: Bishop (2006), eq. 4.90.

    With sign s = -1 for the label's units and +1 for the others it is the sum
    of softplus(s z) - ε/2 · s z, and delta = s · (sigmoid(s z) - ε/2).
    """
    at_label = (np.arange(len(y)), y) if y.ndim == 1 else y.astype(bool)
    turned = Z.copy()
    turned[at_label] *= -1
    terms = np.empty_like(turned)
    softplus(turned, terms)
    sigmoid(turned, delta)
    if smoothing:
        terms -= smoothing / 2 * turned
        delta -= smoothing / 2
    delta[at_label] *= -1
    delta *= weights[:, None]
    return _weighted_sum(weights, _wide(terms).sum(axis=1))


def _weighted_sum(weights: Array, terms: Array) -> Any:
    return (_wide(weights) * terms).sum()


def _wide(values: Array) -> Array:
    """Return ``values`` in double precision: costs are always added up in it."""
    return values.astype(np.result_type(values.dtype, np.float64), copy=False)


def _softmax_curvature(Z: Array, weights: Array, RZ: Array, out: Array) -> None:
    """H = diag(p) - p pᵀ: Schraudolph (2002), "Fast curvature matrix-vector products", sec. 3."""
    P = np.exp(_softmax_log_probabilities(Z))
    P_RZ = (P * RZ).sum(axis=1, keepdims=True)
    np.subtract(RZ, P_RZ, out=out)
    out *= P
    out *= weights[:, None]


def _sigmoid_curvature(Z: Array, weights: Array, RZ: Array, out: Array) -> None:
    """H = diag(p (1 - p)), unit by unit."""
    P, Q = np.empty_like(Z), np.empty_like(Z)
    sigmoid(Z, P)
    sigmoid(-Z, Q)
    np.multiply(RZ, P * Q * weights[:, None], out=out)


def _softmax_log_probabilities(Z: Array) -> Array:
    centred = Z - Z.max(axis=1, keepdims=True)
    return np.asarray(centred - np.log(np.exp(centred).sum(axis=1, keepdims=True)))


def _sigmoid_log_probabilities(Z: Array) -> Array:
    """Normalise log sigmoid(z) = -softplus(-z) over the classes: one of them is the label."""
    log_p = np.empty_like(Z)
    softplus(-Z, log_p)
    return _softmax_log_probabilities(-log_p)


def _softmax_units(Z: Array) -> Array:
    return np.asarray(np.exp(_softmax_log_probabilities(Z)))


def _sigmoid_units(Z: Array) -> Array:
    units = np.empty_like(Z)
    sigmoid(Z, units)
    return units


SOFTMAX = Output(
    "softmax",
    "softmax",
    cost=_softmax_cost,
    curvature=_softmax_curvature,
    units=_softmax_units,
    log_probabilities=_softmax_log_probabilities,
)
SIGMOID = Output(
    "sigmoid",
    "logistic",
    cost=_sigmoid_cost,
    curvature=_sigmoid_curvature,
    units=_sigmoid_units,
    log_probabilities=_sigmoid_log_probabilities,
)
OUTPUTS: dict[str, Output] = {output.name: output for output in (SOFTMAX, SIGMOID)}
"""Every output layer by its name."""


def output_named(name: str) -> Output:
    """Return the output layer of that name.

    Raises
    ------
    ParameterError
        If there is none; the message names the nearest.
    """
    return OUTPUTS[check_choice("output", name, OUTPUTS)]
