"""Nonlinear conjugate gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper, Snapshot
from layerlab._typing import Objective, Vector
from layerlab._validation import check_choice, check_real
from layerlab.solvers.betas import BETAS
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.line_search import (
    Line,
    WolfeConditions,
    hager_zhang_search,
    interpolated_step,
    polyak_step,
)
from layerlab.solvers.loop import Stopping, run_steps
from layerlab.solvers.solution import Point, Solution

__all__ = ["NonlinearCG"]

# How much of the last decrease is expected of the next: mostly a little less. The step guessed
# from it is interpolated anyway, so that the number matters little.
EXPECTED = 0.85


@dataclass
class _State:
    """The next direction, and what the last line search found."""

    direction: Vector
    last_decrease: float | None = None
    since_restart: int = 0


class NonlinearCG(BaseEstimator):
    """Nonlinear conjugate gradient with the line search of Hager and Zhang.

    The step length is first interpolated from costs alone, each a third of the
    work of a gradient; so an iteration costs about 1⅓ passes.

    Parameters
    ----------
    beta : {"hager_zhang", "polak_ribiere", "hestenes_stiefel", "dai_yuan", "fletcher_reeves"}
        How much of the last direction is kept.
    curvature : float
        σ of the Wolfe conditions, between 0.1 and 1: smaller means a more
        exact line search.

    Notes
    -----
    The direction is reset to steepest descent after as many iterations as
    there are weights, and whenever it is no direction of descent.
    """

    def __init__(self, beta: str = "hager_zhang", curvature: float = 0.9) -> None:
        self.beta = beta
        self.curvature = curvature

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
            Gives cost and gradient; the cost alone where it can.
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
        check_choice("beta", self.beta, BETAS)
        check_real("curvature", self.curvature, 0.1, 1, open_high=True)
        return run_steps(self, objective, theta, stopping, callback, keeper)

    def start(self, objective: CountedObjective, point: Point) -> _State:  # noqa: ARG002
        """Return the state before the first step: steepest descent."""
        return _State(-point.gradient)

    def pack(self, state: _State) -> Snapshot:
        """Return the state as plain data."""
        return {**vars(state), "direction": state.direction.copy()}

    def unpack(self, packed: Snapshot, point: Point) -> _State:  # noqa: ARG002
        """Return the state that was packed."""
        return _State(**{**packed, "direction": np.array(packed["direction"], np.float64)})

    def step(self, objective: CountedObjective, point: Point, state: _State) -> Point | None:
        """Search along the direction, and turn it; once more downhill where that fails."""
        found = self._along(objective, point, state)
        if found is None and state.since_restart:
            _restart(state, point)
            found = self._along(objective, point, state)
        if found is None:
            return None
        self._turn(state, point, found)
        return found

    def _along(self, objective: CountedObjective, point: Point, state: _State) -> Point | None:
        line = Line(objective, point, state.direction)
        if line.start.slope == 0:
            return None
        conditions = WolfeConditions(curvature=self.curvature)
        step = interpolated_step(line, _first_step(line, state), conditions.precision)
        found = hager_zhang_search(line, step, conditions)
        return None if found is None else found.point

    def _turn(self, state: _State, old: Point, new: Point) -> None:
        state.last_decrease = old.cost - new.cost
        beta = BETAS[self.beta](new.gradient, old.gradient, state.direction)
        state.direction = beta * state.direction - new.gradient
        state.since_restart += 1
        downhill = float(state.direction @ new.gradient) < 0
        if not downhill or state.since_restart >= len(new.theta):
            _restart(state, new)


def _restart(state: _State, point: Point) -> None:
    state.direction, state.since_restart = -point.gradient, 0


def _first_step(line: Line, state: _State) -> float:
    """Return the step that would lower the cost nearly as the last one did, were it a parabola.

    Nocedal & Wright (2006), eq. 3.60. At the very start, and after a rise
    within rounding, Polyak's step.
    """
    if state.last_decrease is None or state.last_decrease <= 0:
        return polyak_step(line)
    return -2 * EXPECTED * state.last_decrease / line.start.slope
