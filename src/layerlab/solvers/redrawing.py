"""A minimiser that goes by all rows at once, on rows whose deformations are redrawn."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper
from layerlab._typing import IndexArray, Objective, Vector
from layerlab._validation import check_integer, refuse
from layerlab.solvers.lbfgs import LBFGS
from layerlab.solvers.loop import Stopping, check_solver
from layerlab.solvers.minibatch import MiniBatchSolver
from layerlab.solvers.phases import Phase, run_phases
from layerlab.solvers.solution import Solution

__all__ = ["Redrawing"]


class Redrawing(BaseEstimator):
    """Runs a minimiser in legs: in each, dropout, noise and deformations are drawn once.

    Within a leg the cost is a fixed function, as a line search needs it; with
    each new leg the minimiser forgets what it knew of the last one's.

    Parameters
    ----------
    solver : Solver, optional
        By default `LBFGS`.
    every : int
        Iterations a leg.
    """

    def __init__(self, solver: Any = None, every: int = 10) -> None:
        self.solver = solver
        self.every = every

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
            Its ``max_iter`` counts the iterations of all legs. A leg that has
            nothing left to gain ends; the run goes on with the next.
        callback : callable, optional
            Called with an `Iteration` after each; True stops.
        keeper : Keeper, optional
            Asked after every iteration whether to keep the state.

        Returns
        -------
        solution : Solution
            The end of the last leg.

        Raises
        ------
        ParameterError
            If an option is not allowed.
        """
        every = check_integer("every", self.every, 1)
        stopping = stopping or Stopping()
        solver = check_solver("solver", LBFGS() if self.solver is None else self.solver)
        if isinstance(solver, MiniBatchSolver):
            raise refuse("solver", "one that goes by all rows: mini-batches draw by epoch", solver)
        starts = range(0, max(stopping.max_iter, 1), every)
        legs = [
            Phase(solver, Drawn(objective, key), min(every, stopping.max_iter - start))
            for key, start in enumerate(starts)
        ]
        return run_phases(legs, theta, stopping, callback, keeper)


class Drawn:
    """An objective with one key for all its calls."""

    def __init__(self, objective: Objective, key: int) -> None:
        self.objective, self.key = objective, key

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None = None,
        key: int | None = None,  # noqa: ARG002
    ) -> tuple[float, Vector]:
        """Return cost and gradient for the key."""
        return self.objective.evaluate(theta, rows, self.key)
