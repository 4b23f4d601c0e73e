"""Where a network starts: random weights, drawn layer by layer from streams of their own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import Vector
from layerlab._validation import check_choice
from layerlab.network.network import Network

__all__ = ["INITIALISERS", "Initialiser", "initialiser_for", "start_weights"]


@dataclass(frozen=True)
class Initialiser:
    """Weights uniform in [-ε, ε].

    Attributes
    ----------
    name : str
    bound : callable (n_in, n_out) -> float
        ε.
    draws_biases : bool
        Whether biases are drawn as the weights are; if not, they start at zero.
    """

    name: str
    bound: Callable[[int, int], float]
    draws_biases: bool


def _glorot(n_in: int, n_out: int) -> float:
    """√6/√(n_in + n_out): Glorot & Bengio (2010), eq. 16; the notebook's text."""
    return sqrt(6 / (n_in + n_out))


def _he(n_in: int, _n_out: int) -> float:
    """Variance 2/n_in: He et al. (2015), eq. 10."""
    return sqrt(6 / n_in)


def _lecun(n_in: int, _n_out: int) -> float:
    """Variance 1/n_in: LeCun et al. (1998), "Efficient BackProp", eq. 16."""
    return sqrt(3 / n_in)


def _notebook(n_in: int, n_out: int) -> float:
    """Return log 6 / log(n_in + n_out): the notebook's code, where its text says √6/√(…)."""
    return log(6) / log(n_in + n_out)


# The notebook, and scikit-learn's MLPClassifier after it, draw biases as they draw weights.
INITIALISERS: dict[str, Initialiser] = {
    i.name: i
    for i in (
        Initialiser("glorot", _glorot, draws_biases=True),
        Initialiser("he", _he, draws_biases=False),
        Initialiser("lecun", _lecun, draws_biases=False),
        Initialiser("notebook", _notebook, draws_biases=True),
    )
}
"""Every initialiser by its name."""

SUITED = {"relu": "he", "leaky_relu": "he", "elu": "he", "gelu": "he", "silu": "he"}
SUITED |= {"selu": "lecun"}


def initialiser_for(network: Network, name: str = "auto") -> Initialiser:
    """Return the initialiser of that name, or for ``"auto"`` the one that suits the network.

    He's for rectifiers and their smooth kin, LeCun's for SELU, else Glorot's.

    Raises
    ------
    ParameterError
        If the name is unknown.
    """
    chosen = check_choice("init", name, ["auto", *INITIALISERS])
    if chosen == "auto":
        first = network.activations[0].name if network.activations else "identity"
        chosen = SUITED.get(first, "glorot")
    return INITIALISERS[chosen]


def start_weights(network: Network, init: str = "auto", *, seed: int = 0) -> Vector:
    """Return a random theta to start from.

    Parameters
    ----------
    network : Network
    init : {"auto", "glorot", "he", "lecun", "notebook"}
    seed : int
        Each layer draws from a stream of its own under this seed, so no two
        layers begin with equal weights.

    Returns
    -------
    theta : ndarray of shape (n_weights,), float64
    """
    initialiser = initialiser_for(network, init)
    parts = []
    for layer, (n_in, n_out) in enumerate(pairwise(network.widths)):
        random = stream(seed, Purpose.START_WEIGHTS, layer)
        bound = initialiser.bound(n_in, n_out)
        parts.append(random.uniform(-bound, bound, n_in * n_out))
        parts.append(random.uniform(-bound, bound, n_out) * initialiser.draws_biases)
    return np.concatenate(parts)
