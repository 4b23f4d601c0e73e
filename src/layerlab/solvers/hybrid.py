"""A start by mini-batches, and a finish on all rows at once."""

from __future__ import annotations

from typing import Any

from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper
from layerlab._typing import Objective, Vector
from layerlab._validation import check_integer
from layerlab.solvers.adam import Adam
from layerlab.solvers.lbfgs import LBFGS
from layerlab.solvers.loop import Stopping, check_solver
from layerlab.solvers.minibatch import matrices_of
from layerlab.solvers.phases import Phase, run_phases
from layerlab.solvers.solution import Solution

__all__ = ["Hybrid", "start_rate"]


class Hybrid(BaseEstimator):
    """A few epochs of mini-batches, then a minimiser that goes by all rows.

    Mini-batches come near a minimum in fewer passes over the rows; L-BFGS then
    reaches it, which they do not. The finish is on the clean cost: what a key
    draws (dropout, noise, deformations) is drawn in the start alone.

    Parameters
    ----------
    start : MiniBatchSolver, optional
        By default `Adam` at the rate of `start_rate`, with a short memory of
        squares (``beta2=0.99``): few epochs are to go far, and need not settle.
    finish : Solver, optional
        By default `LBFGS`.
    epochs : int
        Of the start; the finish has what ``max_iter`` leaves.
    """

    def __init__(self, start: Any = None, finish: Any = None, epochs: int = 5) -> None:
        self.start = start
        self.finish = finish
        self.epochs = epochs

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
        objective : RowSum
            An objective that is a mean over rows.
        theta : ndarray of shape (n_weights,)
            The starting point.
        stopping : Stopping
            Its ``max_iter`` counts epochs and iterations together.
        callback : callable, optional
            Called with an `Iteration` after each; True stops.
        keeper : Keeper, optional
            Asked after every step whether to keep the state.

        Returns
        -------
        solution : Solution
            The end of the finish.

        Raises
        ------
        ParameterError
            If an option is not allowed.
        """
        stopping = stopping or Stopping()
        epochs = min(check_integer("epochs", self.epochs, 1), stopping.max_iter)
        start = default_start(objective) if self.start is None else self.start
        finish = LBFGS() if self.finish is None else self.finish
        start, finish = check_solver("start", start), check_solver("finish", finish)
        phases = [Phase(start, objective, epochs)]
        if stopping.max_iter > epochs:
            phases.append(Phase(finish, objective, stopping.max_iter - epochs))
        return run_phases(phases, theta, stopping, callback, keeper)


def default_start(objective: Objective) -> Adam:
    """Return the minimiser by mini-batches where none is given."""
    return Adam(start_rate(objective), beta2=0.99)


def start_rate(objective: Objective) -> float:
    """Return a rate that was seen to go far within five epochs: 0.25 over the root of the inputs.

    Each step of Adam moves every weight by about the rate; the more inputs a unit has, the more
    it moves. Tried on digits (64 inputs: 0.02 to 0.05 were best) and MNIST's first 5,000 rows
    (784: 0.003 to 0.01).
    """
    matrices = matrices_of(objective)
    return float(0.25 / matrices[0][1][0] ** 0.5) if matrices else 0.01
