"""What training needs, made from parameters and rows before anything is fitted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from layerlab._typing import Vector
from layerlab.engine import RowObjective
from layerlab.engine.objective import Deform
from layerlab.models.targets import TrainingRows
from layerlab.network import NONE, InputMap, Network, Regularisation

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
    seed : int
        From it all that is random in training derives.
    regularisation : Regularisation
    deform : callable or None
        See `RowObjective`.
    """

    network: Network
    input_map: InputMap
    rows: TrainingRows
    start: Vector
    dtype: Any
    seed: int = 0
    regularisation: Regularisation = NONE
    deform: Deform | None = None

    @property
    def draws(self) -> bool:
        """Whether training is given other rows or units in each call, at random."""
        return self.regularisation.draws or self.deform is not None

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
            seed=self.seed,
            regularisation=self.regularisation,
            deform=self.deform,
        )
