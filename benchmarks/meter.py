"""An objective that measures, from outside the minimiser, what it took to meet a cost."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from layerlab._typing import IndexArray, Vector
from layerlab.engine import RowObjective

__all__ = ["EVALUATION", "GAUSS_NEWTON", "LONE_COST", "Meter", "Over"]

# Work in forward-and-backward passes over the rows.
EVALUATION, LONE_COST, GAUSS_NEWTON = 1.0, 1 / 3, 1.2


class Over(Exception):
    """Every target is met, or the limit reached: leaves whatever minimiser is running."""


class Meter:
    """Counts every call in passes, and notes those at which each target is first met.

    A target counts as met at a point whose gradient was asked for too, as a
    minimiser could go on from there; a lone cost below it does not count.

    Parameters
    ----------
    objective : RowObjective
    targets : sequence of float
        Costs, falling.
    limit : float
        Passes after which the run is given up.
    score : callable (theta) -> float
        Taken at each target; not counted.

    Attributes
    ----------
    passes : float
    met : dict of float to (float, float)
        Passes and score by target.
    """

    def __init__(
        self,
        objective: RowObjective,
        targets: Sequence[float],
        limit: float,
        score: Callable[[Vector], float],
    ) -> None:
        self._objective, self._targets = objective, targets
        self._limit, self._score = limit, score
        self.passes = 0.0
        self.met: dict[float, tuple[float, float]] = {}

    def evaluate(
        self, theta: Vector, rows: IndexArray | None = None, key: int | None = None
    ) -> tuple[float, Vector]:
        """Return cost and gradient: one pass."""
        self._count(EVALUATION)
        cost, gradient = self._objective.evaluate(theta, rows, key)
        self._note(theta, cost)
        return cost, gradient

    def cost(self, theta: Vector) -> float:
        """Return the cost alone: a third of a pass."""
        self._count(LONE_COST)
        return self._objective.cost(theta)

    def curvature(self, theta: Vector, v: Vector) -> Vector:
        """Return a Gauss–Newton product: 1.2 passes."""
        self._count(GAUSS_NEWTON)
        return self._objective.curvature(theta, v)

    def _count(self, work: float) -> None:
        if self.passes >= self._limit:
            raise Over
        self.passes += work

    def _note(self, theta: Vector, cost: float) -> None:
        for target in self._targets:
            if cost <= target and target not in self.met:
                self.met[target] = (self.passes, self._score(theta))
        if len(self.met) == len(self._targets):
            raise Over
