"""What a sum over rows is made of: a network, rows with their labels and weights, a penalty."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from layerlab._typing import Array, FloatArray, IndexArray
from layerlab.network import NONE, Draws, InputMap, Network, Regularisation

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
        Class indices; or of shape (m, K), 0 or 1 for each class by itself.
    sample_weight : ndarray of shape (m,) or None
    alpha : float
    input_map : InputMap
    dtype : dtype
        What blocks are computed in.
    seed : int
        From it all randomness derives.
    regularisation : Regularisation
    """

    network: Network
    X: Array
    y: IndexArray
    sample_weight: FloatArray | None
    alpha: float
    input_map: InputMap
    dtype: Any
    seed: int = 0
    regularisation: Regularisation = NONE

    @property
    def n_hidden(self) -> int:
        """How many hidden layers there are."""
        return len(self.network.activations)

    @cached_property
    def total(self) -> float:
        """The sum of the weights of all rows."""
        w = self.sample_weight
        return float(len(self.X) if w is None else w.sum())

    def size(self, rows: IndexArray | None) -> tuple[int, float]:
        """Return how many rows a call sums over, and what their weights are divided by.

        Of some rows that is their share of the weight of all: so the mean over batches of
        equal size is the cost of all rows, which the sum of the weights drawn would not give.
        """
        n_rows = len(self.X) if rows is None else len(rows)
        return n_rows, self.total * n_rows / len(self.X)

    def draws(self, key: int | None, rows: IndexArray) -> Draws | None:
        """Return what is drawn for these row numbers; None where nothing is."""
        if key is None or not self.regularisation.draws:
            return None
        return Draws(self.regularisation, self.n_hidden, self.seed, int(key), rows)
