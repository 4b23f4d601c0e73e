"""What a sum over rows is made of: a network, rows with their labels and weights, a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.network import InputMap, Network

__all__ = ["Terms"]


@dataclass(frozen=True, eq=False)
class Terms:
    """The terms of a cost.

    Attributes
    ----------
    network : Network
    X : ndarray of shape (m, n_features)
        Rows as they came, of any real dtype.
    y : ndarray of shape (m,)
        Class indices.
    sample_weight : ndarray of shape (m,) or None
    alpha : float
    input_map : InputMap
    dtype : dtype
        What blocks are computed in.
    """

    network: Network
    X: Array
    y: IndexArray
    sample_weight: FloatArray | None
    alpha: float
    input_map: InputMap
    dtype: Any

    def size(self, rows: IndexArray | None) -> tuple[int, float]:
        """Return how many rows a call sums over, and the sum of their weights."""
        n_rows = len(self.X) if rows is None else len(rows)
        w = self.sample_weight
        if w is None:
            return n_rows, float(n_rows)
        return n_rows, float((w if rows is None else w[rows]).sum())
