"""Networks: activations, outputs with their costs, starts, theta, one block forward and back."""

from layerlab.network.activations import ACTIVATIONS, Activation
from layerlab.network.functions import Feedforward, cost, cost_and_gradient, feedforward, gradient
from layerlab.network.initialisers import INITIALISERS, start_weights
from layerlab.network.input_map import InputMap, fit_input_map
from layerlab.network.layout import Layers, Layout
from layerlab.network.network import Network
from layerlab.network.outputs import OUTPUTS, Output
from layerlab.network.propagation import (
    Workspace,
    add_decay,
    block_cost,
    block_curvature,
    block_gradient,
    penalty,
)
from layerlab.network.regularisation import NONE, Draws, Regularisation

__all__ = [
    "ACTIVATIONS",
    "INITIALISERS",
    "NONE",
    "OUTPUTS",
    "Activation",
    "Draws",
    "Feedforward",
    "InputMap",
    "Layers",
    "Layout",
    "Network",
    "Output",
    "Regularisation",
    "Workspace",
    "add_decay",
    "block_cost",
    "block_curvature",
    "block_gradient",
    "cost",
    "cost_and_gradient",
    "feedforward",
    "fit_input_map",
    "gradient",
    "penalty",
    "start_weights",
]
