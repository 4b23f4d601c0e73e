"""Sums over row blocks by the compiled kernel."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._memory import empty
from layerlab._typing import Array, IndexArray, Vector
from layerlab.engine.compiled import call_plan, kernel_for, readable_rows, worthwhile
from layerlab.engine.terms import Terms

__all__ = ["CompiledSums"]

# Rows that take no more than this as inputs are kept so, and not mapped again in every call.
KEPT_BYTES = 8 << 20


class CompiledSums:
    """Cost, gradient and Gauss–Newton product of the terms, in one call of the kernel each.

    Parameters
    ----------
    terms : Terms
    kernel : Kernel
    X : ndarray of shape (m, n_features)
        The rows of the terms as the kernel reads them.
    n_threads : int
    """

    def __init__(self, terms: Terms, kernel: Any, X: Array, n_threads: int) -> None:
        self.terms = terms
        self._kernel, self._X, self._n_threads = kernel, X, n_threads
        one = terms.y.ndim == 1
        self._y = np.require(terms.y, np.int64, ["C", "A"]) if one else None
        self._many = None if one else np.require(terms.y, np.uint8, ["C", "A"])
        w = terms.sample_weight
        self._w = None if w is None else np.require(w, np.float64, ["C", "A"])
        self._all = self._call(None)
        if X.size * terms.dtype.itemsize <= KEPT_BYTES:
            kernel.keep(self._all[0])
            self._all = (None, *self._all[0][1:]), self._all[1]

    @classmethod
    def of(cls, terms: Terms, n_threads: int) -> CompiledSums | None:
        """Return the sums of these terms; None where the kernel is not there or cannot."""
        X = readable_rows(terms.X)
        if X is None:
            return None
        kernel = kernel_for(terms.network, terms.input_map, terms.dtype, terms.regularisation)
        return None if kernel is None else cls(terms, kernel, X, n_threads)

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None,
        key: int | None = None,
        X: Array | None = None,
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient; ``X`` is what stands in for these rows, if anything."""
        call, decay = self._drawn(rows, key, X)
        gradient = empty(self.terms.network.layout.n_weights)
        l1 = self.terms.regularisation.l1 / self.terms.total
        return self._kernel.gradient(_vector(theta), call, decay, gradient, l1), gradient

    def cost(
        self,
        theta: Vector,
        rows: IndexArray | None,
        key: int | None = None,
        X: Array | None = None,
    ) -> float:
        """Return the cost alone."""
        call, decay = self._drawn(rows, key, X)
        l1 = self.terms.regularisation.l1 / self.terms.total
        cost: float = self._kernel.cost(_vector(theta), call, decay, l1)
        return cost

    def curvature(self, theta: Vector, v: Vector, rows: IndexArray | None) -> Vector:
        """Return the Gauss–Newton matrix of the cost at ``theta``, times ``v``."""
        call, decay = self._drawn(rows, None)
        product = empty(self.terms.network.layout.n_weights)
        self._kernel.curvature(_vector(theta), _vector(v), call, decay, product)
        return product

    def close(self) -> None:
        """Let the threads go."""
        self._kernel.close()

    def _drawn(
        self, rows: IndexArray | None, key: int | None, X: Array | None = None
    ) -> tuple[tuple[Any, ...], float]:
        """Return the call on these rows, with what fixes its dropout and noise."""
        call, decay = self._all if rows is None else self._call(rows, X)
        if key is None or not self.terms.regularisation.draws:
            return call, decay
        return (*call[:9], (self.terms.seed, int(key)), self._many), decay

    def _call(
        self, rows: IndexArray | None, X: Array | None = None
    ) -> tuple[tuple[Any, ...], float]:
        """Return what the kernel is to sum over, and the share of the penalty."""
        n_rows, m = self.terms.size(rows)
        index = None if rows is None else np.ascontiguousarray(rows, np.int64)
        n_weights = self.terms.network.layout.n_weights
        work = 3 * n_rows * n_weights
        n_threads = worthwhile(self._n_threads, work)
        of_rows = (self._X if X is None else X), self._y, self._w, m, index
        call = (*of_rows, *call_plan(n_rows, n_weights), n_threads, X is not None, None, self._many)
        return call, self.terms.alpha / self.terms.total


def _vector(theta: Vector) -> Vector:
    return np.ascontiguousarray(theta, np.float64)
