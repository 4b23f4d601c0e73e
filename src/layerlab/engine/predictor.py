"""A fitted network as a function, everything that can be made ready made ready once."""

from __future__ import annotations

from math import isfinite

import numpy as np

from layerlab._typing import Array
from layerlab.engine.compiled_forward import CompiledForward
from layerlab.engine.forward import finite_logits
from layerlab.errors import DataError
from layerlab.network import InputMap, Network

__all__ = ["Predictor", "check_columns"]


class Predictor:
    """Rows to probabilities, with no checks but that of their shape and that results are finite.

    Parameters
    ----------
    network : Network
    theta : ndarray of shape (n_weights,)
        Its dtype is what is computed in.
    input_map : InputMap
    n_threads : int
    """

    def __init__(
        self, network: Network, theta: Array, input_map: InputMap, n_threads: int = 1
    ) -> None:
        self._parts = network, theta, input_map
        self._compiled = CompiledForward.of(network, theta, input_map, n_threads)
        self._columns, self._n_classes = network.widths[0], network.widths[-1]

    def __call__(self, X: Array) -> Array:
        """Return the probabilities of the classes.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Of any real dtype.

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Never 0: what is smaller is the smallest normal number of its type, so
            that its logarithm is finite.

        Raises
        ------
        DataError
            If the shape is another, or what is computed is not finite.
        """
        check_columns(X, self._columns)
        if self._compiled is None:
            return self._by_numpy(X)
        out = np.empty((len(X), self._n_classes), self._parts[1].dtype)
        known = self._compiled.write_probabilities(X, out)
        return out if known and isfinite(out.sum()) else self._by_numpy(X)

    def _by_numpy(self, X: Array) -> Array:
        """Compute the same, and say which row is at fault where one is."""
        network, theta, input_map = self._parts
        logits = finite_logits(network, theta, X, input_map)
        probabilities = np.exp(network.output.log_probabilities(logits))
        return np.asarray(np.maximum(probabilities, np.finfo(theta.dtype).tiny))


def check_columns(X: Array, n_columns: int) -> None:
    """Refuse what is no matrix with so many columns.

    Raises
    ------
    DataError
    """
    if X.ndim != 2 or X.shape[1] != n_columns:
        raise DataError(f"X must have shape (n, {n_columns}). Got {X.shape} instead.")
