"""The cost of a network over many rows, as a sum over blocks of rows."""

from __future__ import annotations

from types import TracebackType
from typing import Any

import numpy as np

from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab._validation import check_real
from layerlab.engine.compiled_sums import CompiledSums
from layerlab.engine.numpy_sums import NumpySums
from layerlab.engine.terms import Terms
from layerlab.engine.threads import effective_threads
from layerlab.errors import DataError
from layerlab.network import InputMap, Network

__all__ = ["RowObjective"]


class RowObjective:
    """Cost, gradient and Gauss–Newton product of a network over rows.

    Cost = Σ w_i · cost_i / Σ w_i + α / (2 Σ w_i) · ΣW², with w_i = 1 where no
    weights are given; biases carry no penalty.

    Parameters
    ----------
    network : Network
    X : ndarray of shape (m, n_features)
        Rows as they came, of any real dtype, which must not change meanwhile;
        they are cast and mapped block by block.
    y : ndarray of shape (m,)
        Class indices.
    sample_weight : ndarray of shape (m,), optional
    alpha : float
    input_map : InputMap, optional
        By default rows go in as they are.
    dtype : float32 or float64
        What blocks are computed in. Costs and sums over blocks are float64.
    n_threads : int or None
        The bits of every result are the same for any number.

    Notes
    -----
    The compiled kernel computes where it was built, NumPy elsewhere; each gives
    the same bits again, and they agree to rounding. Work memory is a block's
    activations a thread and one gradient a lane, whatever m; the kernel keeps
    rows that take at most 8 MB as inputs in that form, and copies those that it
    cannot read, in half precision or another byte order. Use it as a context
    manager, or call `close`, to let the threads go.

    Raises
    ------
    DataError
        If a label is no class index.
    """

    def __init__(
        self,
        network: Network,
        X: Array,
        y: IndexArray,
        *,
        sample_weight: FloatArray | None = None,
        alpha: float = 0.0,
        input_map: InputMap | None = None,
        dtype: Any = np.float64,
        n_threads: int | None = None,
    ) -> None:
        self.network = network
        _check_labels(y, network.widths[-1])
        alpha = check_real("alpha", alpha, 0)
        input_map = InputMap.identity(X.shape[1]) if input_map is None else input_map
        terms = Terms(network, X, y, sample_weight, alpha, input_map, np.dtype(dtype))
        n_threads = effective_threads(n_threads)
        self._sums = CompiledSums.of(terms, n_threads) or NumpySums(terms, n_threads)

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None = None,
        key: int | None = None,  # noqa: ARG002
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient.

        Parameters
        ----------
        theta : ndarray of shape (n_weights,)
        rows : ndarray of int, optional
            The rows to sum over; by default all.
        key : int, optional
            Fixes the randomness of the call. This objective has none.

        Returns
        -------
        cost : float
        gradient : ndarray of shape (n_weights,), float64
        """
        return self._sums.evaluate(self._checked(theta), rows)

    def cost(self, theta: Vector, rows: IndexArray | None = None) -> float:
        """Return the cost alone, for about a third of the work."""
        return self._sums.cost(self._checked(theta), rows)

    def curvature(self, theta: Vector, v: Vector, rows: IndexArray | None = None) -> Vector:
        """Return the Gauss–Newton matrix of the cost at ``theta``, times ``v``."""
        return self._sums.curvature(self._checked(theta), self._checked(v), rows)

    def close(self) -> None:
        """Let the threads go."""
        self._sums.close()

    def __enter__(self) -> RowObjective:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

    def _checked(self, theta: Vector) -> Vector:
        self.network.layout.check(theta)
        return theta


def _check_labels(y: IndexArray, n_classes: int) -> None:
    wrong = np.flatnonzero((y < 0) | (y >= n_classes))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"y must hold class indices from 0 to {n_classes - 1}. Got {y[row]} in row {row}."
        )
