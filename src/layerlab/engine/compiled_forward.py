"""Rows through a network by the compiled kernel, its weights made ready once."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._typing import Array
from layerlab.engine.compiled import call_plan, kernel_for, readable_rows, worthwhile
from layerlab.network import InputMap, Network

__all__ = ["CompiledForward"]


class CompiledForward:
    """A kernel that holds a network's weights; several threads may call it at once.

    Parameters
    ----------
    kernel : Kernel
    n_weights, n_threads : int
    """

    def __init__(self, kernel: Any, n_weights: int, n_threads: int) -> None:
        self._kernel, self._n_weights, self._n_threads = kernel, n_weights, n_threads

    @classmethod
    def of(
        cls, network: Network, theta: Array, input_map: InputMap, n_threads: int = 1
    ) -> CompiledForward | None:
        """Return it with the weights loaded; None where there is no kernel for this network."""
        kernel = kernel_for(network, input_map, theta.dtype)
        if kernel is None:
            return None
        kernel.load(np.ascontiguousarray(theta, np.float64))
        return cls(kernel, len(theta), n_threads)

    def write_logits(self, X: Array, out: Array) -> bool:
        """Write the logits of the rows; False where the kernel cannot read them."""
        return self._write(self._kernel.logits, X, out)

    def write_probabilities(self, X: Array, out: Array) -> bool:
        """Write the probabilities of the classes; False where the kernel cannot read the rows."""
        return self._write(self._kernel.probabilities, X, out)

    def _write(self, method: Any, X: Array, out: Array) -> bool:
        rows = readable_rows(X)
        if rows is None:
            return False
        n = len(rows)
        if n:
            n_threads = worthwhile(self._n_threads, n * self._n_weights)
            method((rows, None, None, 1.0, None, *call_plan(n), n_threads), out)
        return True
