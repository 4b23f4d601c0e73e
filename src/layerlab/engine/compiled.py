"""The compiled kernel, where it is there and suits the network."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from layerlab._compiled import KERNEL, kernel_target
from layerlab._typing import Array
from layerlab.engine.plan import MAX_LANES, kernel_plan
from layerlab.network import NONE, InputMap, Network, Regularisation

__all__ = ["call_plan", "kernel_for", "readable_rows", "worthwhile"]

# Layers with at least so many units on both sides, by target, are left to the BLAS. With AVX2 and
# AVX-512 no width was found at which it wins (up to 1600 units were tried).
BLAS_WINS = {"generic": 128}
# Below this many multiplications a second thread costs more than it saves.
THREAD_WORTH = 1_000_000


def kernel_for(
    network: Network, input_map: InputMap, dtype: Any, regularisation: Regularisation = NONE
) -> Any:
    """Return a kernel of the compiled module for this network; None where NumPy is to be used.

    Parameters
    ----------
    network : Network
    input_map : InputMap
    dtype : dtype
        What it computes in.
    regularisation : Regularisation
    """
    target = kernel_target()
    if KERNEL is None or target is None or dtype not in (np.float32, np.float64):
        return None
    if _widest(network) >= BLAS_WINS.get(target, np.inf):
        return None
    return KERNEL.Kernel(
        network.widths,
        tuple(activation.name for activation in network.activations),
        network.output.name,
        dtype == np.float32,
        np.ascontiguousarray(input_map.shift, np.float64),
        np.ascontiguousarray(input_map.scale, np.float64),
        target,
        _of_layers(regularisation, len(network.activations)),
        network.layer_norm,
    )


def _of_layers(options: Regularisation, n_hidden: int) -> tuple[Any, ...]:
    """Return what is dropped and added a layer, the inputs first, and the share of smoothing."""
    return options.drop_rates(n_hidden), options.deviations(n_hidden), options.label_smoothing


def readable_rows(X: Any) -> Array | None:
    """Return rows as the kernel reads them; None where it cannot.

    It reads integers and floats where they lie, with any strides. Rows in
    another byte order, out of line or in half precision are copied once.
    """
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf" or X.dtype.itemsize > 8:
        return None
    if X.dtype == np.float16:
        return X.astype(np.float32)
    if not X.dtype.isnative:
        return X.astype(X.dtype.newbyteorder("="))
    return X if X.flags.aligned else X.copy()


@lru_cache(maxsize=256)
def call_plan(n_rows: int, n_weights: int = 0) -> tuple[Array, int]:
    """Return the edges of the blocks of a call on ``n_rows`` rows, and the number of lanes."""
    plan = kernel_plan(n_rows, n_weights)
    return np.array(plan.edges, np.int64), plan.n_lanes


def worthwhile(n_threads: int, multiplications: float) -> int:
    """Return how many threads to use for so much work: one where a second would cost more."""
    return min(n_threads, MAX_LANES) if multiplications >= THREAD_WORTH else 1


def _widest(network: Network) -> int:
    """Return the largest number of units that a layer has on both sides."""
    return max(map(min, zip(network.widths, network.widths[1:], strict=False)))
