"""What a network is: its widths, its activations, its output."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from layerlab._validation import check_flag, check_integer, refuse
from layerlab.errors import ParameterError
from layerlab.network.activations import Activation, activation_named
from layerlab.network.layout import Layout
from layerlab.network.outputs import Output, output_named

__all__ = ["Network", "check_hidden_layer_sizes"]


@dataclass(frozen=True)
class Network:
    """A feedforward network without its weights.

    Attributes
    ----------
    widths : tuple of int
        Units of every layer, inputs and outputs included.
    activations : tuple of Activation
        One a hidden layer.
    output : Output
    layer_norm : bool
        Whether each hidden layer's pre-activations are normalised over its units.
    """

    widths: tuple[int, ...]
    activations: tuple[Activation, ...]
    output: Output
    layer_norm: bool = False

    @classmethod
    def build(
        cls,
        n_features: int,
        hidden_layer_sizes: Any,
        n_classes: int,
        activation: str | Sequence[str] = "tanh",
        output: str = "softmax",
        layer_norm: bool = False,
    ) -> Network:
        """Return the network for rows of ``n_features`` and ``n_classes`` classes.

        Parameters
        ----------
        n_features, n_classes : int
        hidden_layer_sizes : int or sequence of int
            Units of each hidden layer; ``()`` for none, which is softmax regression.
        activation : str or sequence of str
            One for all hidden layers, or one a layer.
        output : {"softmax", "sigmoid"}
        layer_norm : bool

        Raises
        ------
        ParameterError
            If a size is below 1, a name is unknown, or ``layer_norm`` is no bool.
        """
        hidden = check_hidden_layer_sizes(hidden_layer_sizes)
        names = _one_a_layer(activation, len(hidden))
        return cls(
            (n_features, *hidden, n_classes),
            tuple(activation_named(name) for name in names),
            output_named(output),
            check_flag("layer_norm", layer_norm),
        )

    @cached_property
    def layout(self) -> Layout:
        """Where each layer's weights stand in theta."""
        return Layout(self.widths)


def check_hidden_layer_sizes(sizes: Any) -> tuple[int, ...]:
    """Return the sizes of the hidden layers as a tuple.

    Raises
    ------
    ParameterError
        If a size is no integer or below 1.
    """
    if isinstance(sizes, np.ndarray):
        sizes = sizes.tolist()
    listed = sizes if isinstance(sizes, list | tuple | range) else [sizes]
    return tuple(check_integer("hidden_layer_sizes", size, 1) for size in listed)


def _one_a_layer(activation: str | Sequence[str], n_hidden: int) -> tuple[str, ...]:
    if isinstance(activation, str):
        activation_named(activation)  # refuse an unknown name even where no layer uses it
        return (activation,) * n_hidden
    if not isinstance(activation, list | tuple | np.ndarray):
        raise refuse("activation", "a name, or a sequence of one name a hidden layer", activation)
    if len(activation) != n_hidden:
        raise ParameterError(
            f"The 'activation' parameter must be one name, or one for each of the {n_hidden} "
            f"hidden layers. Got {len(activation)} names instead."
        )
    return tuple(activation)
