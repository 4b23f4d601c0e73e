"""The cost of a network over many rows, as a sum over blocks of rows."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np

from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab._validation import check_integer, check_real
from layerlab.engine.compiled_sums import CompiledSums
from layerlab.engine.numpy_sums import NumpySums
from layerlab.engine.terms import Terms
from layerlab.engine.threads import effective_threads
from layerlab.errors import DataError, ParameterError
from layerlab.network import NONE, InputMap, Network, Regularisation

__all__ = ["Deform", "RowObjective"]

Deform: TypeAlias = Callable[[Array, int, int, IndexArray], Array]


class RowObjective:
    """Cost, gradient and Gauss–Newton product of a network over rows.

    Cost = Σ w_i · cost_i / Σ w_i + α / (2 Σ w_i) · ΣW² + l1 / Σ w_i · Σ|W|, with
    w_i = 1 where no weights are given; biases carry no penalty.

    Parameters
    ----------
    network : Network
    X : ndarray of shape (m, n_features)
        Rows as they came, of any real dtype, which must not change meanwhile;
        they are cast and mapped block by block.
    y : ndarray of shape (m,)
        Class indices; or of shape (m, K), 0 or 1 for each class by itself, where
        the output is "sigmoid".
    sample_weight : ndarray of shape (m,), optional
    alpha : float
    input_map : InputMap, optional
        By default rows go in as they are.
    dtype : float32 or float64
        What blocks are computed in. Costs and sums over blocks are float64.
    n_threads : int or None
        The bits of every result are the same for any number.
    seed : int
        With a call's key it fixes all that is random in the call.
    regularisation : Regularisation, optional
        By default none.
    deform : callable, optional
        Called as ``deform(rows of X, seed, key, row numbers)`` in each call with
        a key; returns what is to stand in for these rows.

    Attributes
    ----------
    network : Network
    n_rows, seed, n_threads : int

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
        If a label is no class index, or where there are labels for each class, if one
        is neither 0 nor 1.
    ParameterError
        If an argument is out of its range, or does not fit the network.
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
        seed: int = 0,
        regularisation: Regularisation | None = None,
        deform: Deform | None = None,
    ) -> None:
        regularisation = NONE if regularisation is None else regularisation
        regularisation.check(len(network.activations))
        _check_labels(y, network)
        alpha = check_real("alpha", alpha, 0)
        self.network, self.n_rows, self.seed = network, len(X), check_integer("seed", seed, 0)
        input_map = InputMap.identity(X.shape[1]) if input_map is None else input_map
        dtype = np.dtype(dtype)
        terms = Terms(
            network, X, y, sample_weight, alpha, input_map, dtype, self.seed, regularisation
        )
        self.n_threads = effective_threads(n_threads)
        self._sums = CompiledSums.of(terms, self.n_threads) or NumpySums(terms, self.n_threads)
        self._X, self._deform = X, deform
        self._deformed: tuple[int, Array] | None = None

    @property
    def matrices(self) -> tuple[tuple[slice, tuple[int, int]], ...]:
        """Where each layer's weights stand in theta, and their shape (n_in, n_out)."""
        return self.network.layout.matrices

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None = None,
        key: int | None = None,
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient.

        Parameters
        ----------
        theta : ndarray of shape (n_weights,)
        rows : ndarray of int, optional
            The rows to sum over, for an unbiased estimate of the cost of all: a
            row's weight is divided by the batch's share of all weights, and the
            penalty is that of the whole. By default all.
        key : int, optional
            Fixes what is random in the call, dropout, noise and deformation: a function
            of the seed, the key and the row's number in X alone. By default there is
            none: the clean cost.

        Returns
        -------
        cost : float
        gradient : ndarray of shape (n_weights,), float64
        """
        return self._sums.evaluate(self._checked(theta), *self._call(rows, key))

    def cost(self, theta: Vector, rows: IndexArray | None = None, key: int | None = None) -> float:
        """Return the cost alone, for about a third of the work."""
        return self._sums.cost(self._checked(theta), *self._call(rows, key))

    def curvature(self, theta: Vector, v: Vector, rows: IndexArray | None = None) -> Vector:
        """Return the Gauss–Newton matrix of the clean cost at ``theta``, times ``v``.

        The L1 penalty has no curvature.
        """
        return self._sums.curvature(self._checked(theta), self._checked(v), rows)

    def _call(
        self, rows: IndexArray | None, key: int | None
    ) -> tuple[IndexArray | None, int | None, Array | None]:
        """Return the rows, the key, and what the rows are deformed to, if they are."""
        if key is None or self._deform is None:
            return rows, key, None
        if rows is None:
            return np.arange(self.n_rows), key, self._all_deformed(key)
        return rows, key, self._deform(self._X[rows], self.seed, key, rows)

    def _all_deformed(self, key: int) -> Array:
        """Return all rows deformed, kept for as long as the key stays."""
        if self._deformed is None or self._deformed[0] != key:
            assert self._deform is not None
            rows = np.arange(self.n_rows)
            self._deformed = key, self._deform(self._X, self.seed, key, rows)
        return self._deformed[1]

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


def _check_labels(y: Array, network: Network) -> None:
    n_classes = network.widths[-1]
    if y.ndim == 2:
        return _check_many_labels(y, n_classes, network.output.name)
    wrong = np.flatnonzero((y < 0) | (y >= n_classes))
    if len(wrong):
        row = int(wrong[0])
        raise DataError(
            f"y must hold class indices from 0 to {n_classes - 1}. Got {y[row]} in row {row}."
        )
    return None


def _check_many_labels(y: Array, n_classes: int, output: str) -> None:
    if output != "sigmoid":
        raise ParameterError(
            "The 'output' parameter must be 'sigmoid' where rows may belong to several classes. "
            f"Got {output!r} instead."
        )
    if y.shape[1] != n_classes:
        raise DataError(f"y must have {n_classes} columns, one a class. Got {y.shape[1]} instead.")
    wrong = np.argwhere((y != 0) & (y != 1))
    if len(wrong):
        row, column = wrong[0].tolist()
        raise DataError(f"y must hold 0 and 1. Got {y[row, column]} in row {row}, class {column}.")
