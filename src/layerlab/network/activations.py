"""Activation functions, each beside its derivative.

Every function writes into ``out`` and accepts complex arrays, so that a
complex step through it is exact wherever it is analytic. A derivative may read
the pre-activation ``Z`` only where ``uses_z`` is set; otherwise the activation
``A`` is enough and ``Z`` need not be kept. ``out`` may be ``A`` itself.

At a kink the derivative is the one from the left.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import pi, sqrt
from typing import Any

import numpy as np
from scipy.special import ndtr

from layerlab._typing import Array
from layerlab._validation import check_choice

__all__ = ["ACTIVATIONS", "Activation", "activation_named", "sigmoid", "softplus"]

LEAKY_SLOPE = 0.01
# Klambauer et al. (2017), "Self-normalizing neural networks", eq. 14.
SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805


@dataclass(frozen=True)
class Activation:
    """An activation function g beside its derivative g'.

    Attributes
    ----------
    name : str
    value : callable (Z, out) -> None
        Writes g(Z); ``out`` may be ``Z``.
    derivative : callable (Z, A, out) -> None
        Writes g'(Z), given Z and A = g(Z); ``out`` may be ``A``.
    uses_z : bool
        Whether ``derivative`` reads Z.
    smooth : bool
        Whether g is analytic on the real line; if not, its one kink (or jump
        of the second derivative) is at 0.
    """

    name: str
    value: Callable[[Array, Array], Any]
    derivative: Callable[[Array, Array, Array], Any]
    uses_z: bool = False
    smooth: bool = True


def sigmoid(Z: Array, out: Array) -> None:
    """Write 1 / (1 + e^-Z), accurate to the last digits on both sides."""
    np.negative(Z, out=out)
    with np.errstate(over="ignore"):
        np.exp(out, out=out)  # inf where Z is very negative: then 1/inf is the limit, 0
    out += 1
    np.reciprocal(out, out=out)


def softplus(Z: Array, out: Array) -> None:
    """Write log(1 + e^Z) as max(Z, 0) + log(1 + e^-|Z|), which cannot overflow."""
    positive = np.maximum(Z, 0)
    np.subtract(Z, 2 * positive, out=out)  # -|Z|, analytic away from 0
    np.exp(out, out=out)
    np.log1p(out, out=out)
    out += positive


def _identity(Z: Array, out: Array) -> None:
    if out is not Z:
        np.copyto(out, Z)


def _identity_derivative(_Z: Array, _A: Array, out: Array) -> None:
    out.fill(1)


def _sigmoid_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.subtract(A, A * A, out=out)  # g' = g (1 - g)


def _tanh(Z: Array, out: Array) -> None:
    np.tanh(Z, out=out)


def _tanh_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.multiply(A, A, out=out)
    np.subtract(1, out, out=out)  # g' = 1 - g²


def _relu(Z: Array, out: Array) -> None:
    np.maximum(Z, 0, out=out)


def _relu_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.copyto(out, A > 0)


def _leaky_relu(Z: Array, out: Array) -> None:
    np.maximum(Z, LEAKY_SLOPE * Z, out=out)


def _leaky_relu_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.copyto(out, np.where(A > 0, A.dtype.type(1), A.dtype.type(LEAKY_SLOPE)))


def _elu(Z: Array, out: Array) -> None:
    np.add(np.maximum(Z, 0), np.expm1(np.minimum(Z, 0)), out=out)


def _elu_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.minimum(A, 0, out=out)
    out += 1  # g' = g + 1 = e^Z on the left, 1 on the right


def _selu(Z: Array, out: Array) -> None:
    left = SELU_ALPHA * np.expm1(np.minimum(Z, 0))
    np.multiply(np.maximum(Z, 0) + left, SELU_SCALE, out=out)


def _selu_derivative(_Z: Array, A: Array, out: Array) -> None:
    left = np.minimum(A, 0) + SELU_SCALE * SELU_ALPHA
    np.copyto(out, np.where(A > 0, A.dtype.type(SELU_SCALE), left))


def _softplus_derivative(_Z: Array, A: Array, out: Array) -> None:
    np.negative(A, out=out)
    np.expm1(out, out=out)
    np.negative(out, out=out)  # g' = sigmoid = 1 - e^-g


def _gelu(Z: Array, out: Array) -> None:
    np.multiply(Z, ndtr(Z), out=out)


def _gelu_derivative(Z: Array, _A: Array, out: Array) -> None:
    density = np.exp(-Z * Z / 2) / sqrt(2 * pi)
    np.add(ndtr(Z), Z * density, out=out)


def _silu(Z: Array, out: Array) -> None:
    gate = np.empty_like(Z)
    sigmoid(Z, gate)
    np.multiply(Z, gate, out=out)


def _silu_derivative(Z: Array, _A: Array, out: Array) -> None:
    gate = np.empty_like(Z)
    sigmoid(Z, gate)
    np.multiply(gate, 1 + Z * (1 - gate), out=out)


# ReLU: Nair & Hinton (2010); leaky: Maas et al. (2013), slope 0.01; ELU: Clevert et al. (2016),
# eq. 1, alpha = 1; SELU: Klambauer et al. (2017), eq. 2; softplus: Dugas et al. (2001);
# GELU: Hendrycks & Gimpel (2016), sec. 2, exact form; SiLU: Elfwing et al. (2018), eq. 5.
ACTIVATIONS: dict[str, Activation] = {
    a.name: a
    for a in (
        Activation("identity", _identity, _identity_derivative),
        Activation("sigmoid", sigmoid, _sigmoid_derivative),
        Activation("tanh", _tanh, _tanh_derivative),
        Activation("relu", _relu, _relu_derivative, smooth=False),
        Activation("leaky_relu", _leaky_relu, _leaky_relu_derivative, smooth=False),
        Activation("elu", _elu, _elu_derivative, smooth=False),
        Activation("selu", _selu, _selu_derivative, smooth=False),
        Activation("softplus", softplus, _softplus_derivative),
        Activation("gelu", _gelu, _gelu_derivative, uses_z=True),
        Activation("silu", _silu, _silu_derivative, uses_z=True),
    )
}
"""Every activation by its name."""


def activation_named(name: str) -> Activation:
    """Return the activation of that name.

    Raises
    ------
    ParameterError
        If there is none; the message names the nearest.
    """
    return ACTIVATIONS[check_choice("activation", name, ACTIVATIONS)]
