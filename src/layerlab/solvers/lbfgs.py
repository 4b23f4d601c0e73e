"""Limited-memory BFGS."""

from __future__ import annotations

from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper, Snapshot
from layerlab._typing import Objective, Vector
from layerlab._validation import check_integer
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.line_search import (
    Line,
    WolfeConditions,
    hager_zhang_search,
    polyak_step,
)
from layerlab.solvers.loop import Stopping, run_steps
from layerlab.solvers.pairs import Pairs
from layerlab.solvers.solution import Point, Solution

__all__ = ["LBFGS"]

CONDITIONS = WolfeConditions(decrease=1e-4)

# By default so many numbers of all steps are kept, and as many of all changes of gradient: together
# 0.96 MB, about the cache that a core has to itself. Beyond it, reading a longer memory takes about
# long as the evaluations it saves; within it, 50 pairs were seen to save up to a quarter.
KEPT = 60_000
FEWEST, MOST = 12, 50


class LBFGS(BaseEstimator):
    """Limited-memory BFGS with the line search of Hager and Zhang.

    Parameters
    ----------
    memory : int, optional
        Pairs of steps and gradient changes kept. By default from 50, at up to
        1,200 weights, to 12, from 5,000 weights on: a long memory saves
        evaluations, but is read twice an iteration.

    Notes
    -----
    Polyak's step is tried first at the start, afterwards the step 1. Where no
    lower cost can be had the memory is cleared once and the search goes
    downhill; where that fails too, it ends.

    References
    ----------
    J. Nocedal (1980), "Updating quasi-Newton matrices with limited storage",
    Math. Comp. 35; J. Nocedal, S. J. Wright (2006), Numerical Optimization,
    algorithms 7.4 and 7.5.
    """

    def __init__(self, memory: int | None = None) -> None:
        self.memory = memory

    def minimize(
        self,
        objective: Objective,
        theta: Vector,
        *,
        stopping: Stopping | None = None,
        callback: Callback | None = None,
        keeper: Keeper | None = None,
    ) -> Solution:
        """Minimise ``objective`` from ``theta``.

        Parameters
        ----------
        objective : Objective
        theta : ndarray of shape (n_weights,)
            The starting point.
        stopping : Stopping
        callback : callable, optional
            Called with an `Iteration` after each; True stops.
        keeper : Keeper, optional
            Asked after every iteration whether to keep the state.

        Returns
        -------
        solution : Solution

        Raises
        ------
        ParameterError
            If an option is not allowed.
        """
        if self.memory is not None:
            check_integer("memory", self.memory, 1)
        return run_steps(self, objective, theta, stopping, callback, keeper)

    def start(self, objective: CountedObjective, point: Point) -> Pairs:  # noqa: ARG002
        """Return the state before the first step: an empty memory."""
        n_weights = len(point.theta)
        return Pairs(self.memory or default_memory(n_weights), n_weights)

    def pack(self, state: Pairs) -> Snapshot:
        """Return the memory as plain data."""
        return state.pack()

    def unpack(self, packed: Snapshot, point: Point) -> Pairs:
        """Return the memory that was packed."""
        n_weights = len(point.theta)
        pairs = Pairs(self.memory or default_memory(n_weights), n_weights)
        pairs.unpack(packed)
        return pairs

    def step(self, objective: CountedObjective, point: Point, state: Pairs) -> Point | None:
        """Search along -H g and remember what was found."""
        direction = state.downhill(point.gradient)
        found = _along(objective, point, direction, 1.0 if len(state) else None)
        if found is None and len(state):
            state.clear()
            found = _along(objective, point, -point.gradient, None)
        if found is None:
            return None
        state.add(point, found)
        return found


def default_memory(n_weights: int) -> int:
    """Return how many pairs are kept where nobody said."""
    return min(max(KEPT // max(n_weights, 1), FEWEST), MOST)


def _along(
    objective: CountedObjective, point: Point, direction: Vector, step: float | None
) -> Point | None:
    line = Line(objective, point, direction)
    if line.start.slope >= 0:
        return None
    first = step or polyak_step(line)
    found = hager_zhang_search(line, first, CONDITIONS)
    return None if found is None else found.point
