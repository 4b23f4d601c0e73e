"""Where a run over mini-batches stands: all that going on from there takes."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._typing import Vector
from layerlab.solvers.solution import History

__all__ = ["Course"]


@dataclass
class Course:
    """The state of a run over mini-batches.

    Attributes
    ----------
    theta : ndarray of shape (n_weights,)
    arrays : dict of ndarray of shape (n_weights,)
        What the minimiser remembers: momentum, mean squares.
    average : ndarray of shape (n_weights,) or None
        The running mean of theta, where one is kept.
    settled : ndarray of shape (n_weights,)
        Where the last epoch began whose first cost was finite.
    epoch, step : int
        Epochs and steps done.
    position : int
        Rows of the present epoch that are done, in the order of its shuffle.
    total : float
        Cost of those rows, added up.
    seconds : float
        Time taken before the run was last begun.
    history : History
    """

    theta: Vector
    arrays: dict[str, Vector]
    average: Vector | None
    settled: Vector
    epoch: int = 0
    step: int = 0
    position: int = 0
    total: float = 0.0
    seconds: float = 0.0
    history: History = field(default_factory=History)

    @property
    def point(self) -> Vector:
        """What the run would return now."""
        return self.theta if self.average is None else self.average

    def pack(self, seconds: float) -> Snapshot:
        """Return a copy as plain data."""
        return {
            "theta": self.theta.copy(),
            "arrays": {name: array.copy() for name, array in self.arrays.items()},
            "average": None if self.average is None else self.average.copy(),
            "settled": self.settled.copy(),
            "epoch": self.epoch,
            "step": self.step,
            "position": self.position,
            "total": self.total,
            "seconds": seconds,
            "history": asdict(self.history),
        }

    @classmethod
    def unpack(cls, packed: Snapshot) -> Course:
        """Return the course that was packed."""
        columns = {name: list(column) for name, column in packed["history"].items()}
        fields: dict[str, Any] = {**packed, "history": History(**columns)}
        for name in ("theta", "settled"):
            fields[name] = np.array(packed[name], np.float64)
        fields["arrays"] = {name: np.array(array) for name, array in packed["arrays"].items()}
        average = packed["average"]
        fields["average"] = None if average is None else np.array(average, np.float64)
        return cls(**fields)
