"""Limited-memory BFGS."""

from __future__ import annotations

from math import sqrt

import numpy as np
from scipy.linalg import solve_triangular
from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback
from layerlab._typing import Array, IndexArray, Objective, Vector
from layerlab._validation import check_integer
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.line_search import (
    Line,
    WolfeConditions,
    hager_zhang_search,
    polyak_step,
)
from layerlab.solvers.loop import Stopping, run_steps
from layerlab.solvers.solution import Point, Solution

__all__ = ["LBFGS", "Pairs"]


class Pairs:
    """The last steps s and changes of gradient y, and their product with the inverse Hessian.

    Parameters
    ----------
    memory : int
    n_weights : int

    Notes
    -----
    Each pair stays in the slot it was written to, so that nothing as long as
    theta is ever moved; only vectors as long as the memory are put in order.
    """

    def __init__(self, memory: int, n_weights: int) -> None:
        self._S = np.empty((memory, n_weights))
        self._Y = np.empty((memory, n_weights))
        self._SY = np.zeros((memory, memory))  # s_i · y_j, where j is not older than i
        self._added = 0

    def __len__(self) -> int:
        return min(self._added, len(self._S))

    @property
    def order(self) -> IndexArray:
        """The slots in use, the oldest pair first."""
        return np.arange(self._added - len(self), self._added) % len(self._S)

    @property
    def S(self) -> Array:
        """The steps, an ndarray of shape (n_pairs, n_weights), the oldest first."""
        return self._S[self.order]

    @property
    def Y(self) -> Array:
        """The changes of gradient, likewise."""
        return self._Y[self.order]

    def add(self, s: Vector, y: Vector) -> None:
        """Add a pair, in place of the oldest of a full memory, if its curvature is positive."""
        lengths = sqrt(float(s @ s)) * sqrt(float(y @ y))
        if not lengths or s @ y <= np.finfo(float).eps * lengths:
            return
        slot = self._added % len(self._S)
        self._S[slot], self._Y[slot] = s, y
        self._added += 1
        used = len(self)
        self._SY[:used, slot] = self._S[:used] @ y

    def times(self, g: Vector) -> Vector:
        """Return H g: the two-loop recursion of Nocedal (1980), each loop as one triangular solve.

        Going back, the loop α_i = ρ_i s_i·q, q -= α_i y_i solves R α = S g, with
        R the upper triangle of s_i·y_j. Going forth, c_i = α_i - β_i solves
        Rᵀ c = diag(R) α - Y r, with r = γ q (γ as in Nocedal & Wright, eq. 7.20).
        """
        used, order = len(self), self.order
        if not used:
            return g.copy()
        S, Y = self._S[:used], self._Y[:used]
        R = self._SY[np.ix_(order, order)]
        alpha = solve_triangular(R, (S @ g)[order], check_finite=False)
        q = g - _placed(alpha, order) @ Y
        newest = Y[order[-1]]
        r = (R[-1, -1] / (newest @ newest)) * q
        right = np.diag(R) * alpha - (Y @ r)[order]
        c = solve_triangular(R, right, trans="T", check_finite=False)
        return np.asarray(r + _placed(c, order) @ S)

    def clear(self) -> None:
        """Forget every pair."""
        self._added = 0


def _placed(values: Array, order: IndexArray) -> Array:
    """Return values that go from the oldest pair to the newest in the order of the slots."""
    slots = np.empty_like(values)
    slots[order] = values
    return slots


class LBFGS(BaseEstimator):
    """Limited-memory BFGS with the line search of Hager and Zhang.

    Parameters
    ----------
    memory : int
        Pairs of steps and gradient changes kept. At the sizes of our networks
        a long memory costs little and saves evaluations.

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

    def __init__(self, memory: int = 50) -> None:
        self.memory = memory

    def minimize(
        self,
        objective: Objective,
        theta: Vector,
        *,
        stopping: Stopping | None = None,
        callback: Callback | None = None,
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

        Returns
        -------
        solution : Solution

        Raises
        ------
        ParameterError
            If an option is not allowed.
        """
        check_integer("memory", self.memory, 1)
        return run_steps(self, objective, theta, stopping, callback)

    def start(self, objective: CountedObjective, point: Point) -> Pairs:  # noqa: ARG002
        """Return the state before the first step: an empty memory."""
        return Pairs(self.memory, len(point.theta))

    def step(self, objective: CountedObjective, point: Point, state: Pairs) -> Point | None:
        """Search along -H g and remember what was found."""
        found = _along(objective, point, -state.times(point.gradient), 1.0 if len(state) else None)
        if found is None and len(state):
            state.clear()
            found = _along(objective, point, -point.gradient, None)
        if found is None:
            return None
        state.add(found.theta - point.theta, found.gradient - point.gradient)
        return found


def _along(
    objective: CountedObjective, point: Point, direction: Vector, step: float | None
) -> Point | None:
    line = Line(objective, point, direction)
    if line.start.slope >= 0:
        return None
    first = step or polyak_step(line)
    found = hager_zhang_search(line, first, WolfeConditions(decrease=1e-4))
    return None if found is None else found.point
