"""What training needs, made from parameters and rows before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import Vector
from layerlab.engine import RowObjective
from layerlab.models.targets import TrainingRows
from layerlab.network import InputMap, Network

__all__ = ["Problem"]


@dataclass(frozen=True, eq=False)
class Problem:
    """A network, the rows it is to learn, and where it starts.

    Attributes
    ----------
    network : Network
    input_map : InputMap
    rows : TrainingRows
    start : ndarray of shape (n_weights,)
    dtype : dtype
        What is computed in.
    """

    network: Network
    input_map: InputMap
    rows: TrainingRows
    start: Vector
    dtype: Any

    def objective(self, alpha: float, n_threads: int | None) -> RowObjective:
        """Return the cost that training minimises."""
        return RowObjective(
            self.network,
            self.rows.X,
            self.rows.labels,
            sample_weight=self.rows.weights,
            alpha=alpha,
            input_map=self.input_map,
            dtype=self.dtype,
            n_threads=n_threads,
        )
