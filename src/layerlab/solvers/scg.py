"""Scaled conjugate gradient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper, Snapshot
from layerlab._typing import Objective, Vector
from layerlab._validation import check_real
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.loop import Stopping, run_steps
from layerlab.solvers.solution import Point, Solution

__all__ = ["ScaledCG"]

# Beyond this scale a step is shorter than rounding: there is nothing left to gain.
LARGEST_SCALE = 1e15
# Møller's λ grows with the misfit without bound, so that one step into a steep wall would end the
# run; from here on it grows as for this misfit, which at least doubles it.
WORST_FIT = -1.0


@dataclass
class _State:
    """Direction p, and the scale λ by which the curvature is raised."""

    direction: Vector
    scale: float
    since_restart: int = 0


class ScaledCG(BaseEstimator):
    """Scaled conjugate gradient: no line search, a trust in the curvature instead.

    MATLAB's users know it as ``trainscg``. The curvature along the direction
    comes from an exact Gauss–Newton product where the objective offers one
    (never negative), else from a difference of gradients.

    Parameters
    ----------
    scale : float
        λ at the start, by which the curvature is raised.

    References
    ----------
    M. F. Møller (1993), "A scaled conjugate gradient algorithm for fast
    supervised learning", Neural Networks 6, pp. 525–533; the numbers 1–9 in
    the code are the steps on p. 530.
    """

    def __init__(self, scale: float = 1e-6) -> None:
        self.scale = scale

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
        check_real("scale", self.scale, 0, open_low=True)
        return run_steps(self, objective, theta, stopping, callback, keeper)

    def start(self, objective: CountedObjective, point: Point) -> _State:  # noqa: ARG002
        """Return the state before the first step (step 1)."""
        return _State(-point.gradient, self.scale)

    def pack(self, state: _State) -> Snapshot:
        """Return the state as plain data."""
        return {**vars(state), "direction": state.direction.copy()}

    def unpack(self, packed: Snapshot, point: Point) -> _State:  # noqa: ARG002
        """Return the state that was packed."""
        return _State(**{**packed, "direction": np.array(packed["direction"], np.float64)})

    def step(self, objective: CountedObjective, point: Point, state: _State) -> Point | None:
        """Try steps, each with a larger scale, until the cost falls (steps 2–8)."""
        p = state.direction
        length2 = float(p @ p)
        bend = float(p @ objective.curvature(point, p))  # 2
        slope = -float(p @ point.gradient)
        while state.scale < LARGEST_SCALE and length2 > 0:
            delta = bend + state.scale * length2  # 3
            if delta <= 0:  # 4: a difference of gradients may find negative curvature
                state.scale = 2 * (state.scale - delta / length2)
                delta = bend + state.scale * length2
            found = objective.at(point.theta + (slope / delta) * p)  # 5
            fit = _fit(delta, slope, point.cost - found.cost) if found.finite else WORST_FIT  # 6
            if fit < 0.25:  # 8
                state.scale += delta * (1 - fit) / length2
            if fit > 0:  # 7
                self._turn(state, point, found, slope, fit)
                return found
        return None

    @staticmethod
    def _turn(state: _State, old: Point, new: Point, slope: float, fit: float) -> None:
        """Make the next direction conjugate, or restart after as many as there are weights."""
        if fit >= 0.75:
            state.scale = max(state.scale / 4, 1e-15)
        state.since_restart += 1
        beta = float(new.gradient @ (new.gradient - old.gradient)) / slope
        state.direction = beta * state.direction - new.gradient
        uphill = float(state.direction @ new.gradient) >= 0
        if uphill or state.since_restart >= len(new.theta):
            state.direction, state.since_restart = -new.gradient, 0


def _fit(delta: float, slope: float, decrease: float) -> float:
    """Return the decrease of the cost over that which the parabola foretold (Δ in the paper)."""
    return max(2 * delta / slope * (decrease / slope), WORST_FIT)
