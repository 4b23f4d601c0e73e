"""Any method of ``scipy.optimize.minimize`` that uses gradients, as a solver of ours."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
from scipy.optimize import minimize
from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Keeper
from layerlab._guard import single_threaded_blas
from layerlab._typing import Objective, Vector
from layerlab._validation import check_choice
from layerlab.errors import ParameterError
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.loop import Recorder, Stopping, unevaluated
from layerlab.solvers.solution import Point, Solution, Status

__all__ = ["ScipyMinimizer"]

# SciPy's "as long as it takes" and "as strict as it goes", where 0 would be refused or ignored.
UNBOUNDED, TINY = 2**31 - 1, 1e-300

METHODS: dict[str, dict[str, Any]] = {
    "CG": {"gtol": 0, "maxiter": UNBOUNDED},
    "BFGS": {"gtol": 0, "maxiter": UNBOUNDED},
    "L-BFGS-B": {"gtol": 0, "ftol": 0, "maxiter": UNBOUNDED, "maxfun": UNBOUNDED},
    "TNC": {"gtol": 0, "ftol": 0, "xtol": 0, "maxfun": UNBOUNDED},
    "SLSQP": {"ftol": TINY, "maxiter": UNBOUNDED},
    "Newton-CG": {"xtol": TINY, "maxiter": UNBOUNDED},
}
"""What each method is told, so that it does not stop before `Stopping` says so."""

# SciPy's line searches step back from a wall but not from NaN, nor all of them from a number so
# large that its square overflows: where a cost is not finite, a wall this many costs high is put.
WALL = 1e3


class _Stop(Exception):
    """Leaves SciPy from within its callback: not every method lets itself be asked to stop."""


class ScipyMinimizer(BaseEstimator):
    """A minimiser of SciPy's behind our interface.

    Parameters
    ----------
    method : {"CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "Newton-CG"}
        ``"CG"`` is ``fmin_cg``, the notebook's.
    options : dict, optional
        Passed on to SciPy as they are. By default SciPy's own tests are as
        strict as they go, for `Stopping` alone says when to stop.
    """

    def __init__(self, method: str = "L-BFGS-B", options: dict[str, Any] | None = None) -> None:
        self.method = method
        self.options = options

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
            Asked after every iteration. SciPy keeps its state to itself: a run
            that is taken up again begins anew, and so ends with the same bits.

        Returns
        -------
        solution : Solution

        Raises
        ------
        ParameterError
            If the method is unknown, or an option would stop it: max_iter and tol do that.
        """
        method = check_choice("method", self.method, METHODS)
        _refuse_stopping(method, self.options or {})
        run = _Run(objective, theta, stopping or Stopping(), callback, keeper)
        return run.run(method, METHODS[method] | (self.options or {}))


def _refuse_stopping(method: str, options: dict[str, Any]) -> None:
    """Refuse options by which SciPy would stop before ours do, without saying why."""
    for name in sorted(METHODS[method].keys() & options.keys()):
        raise ParameterError(
            f"The 'options' parameter must not hold {name!r}. Set max_iter and tol, which hold for "
            "every solver."
        )


class _Run:
    """One call of SciPy's, watched from its evaluations and its callback."""

    def __init__(
        self,
        objective: Objective,
        theta: Vector,
        stopping: Stopping,
        callback: Callback | None,
        keeper: Keeper | None,
    ) -> None:
        self.keeper = keeper
        self.counted = CountedObjective(objective)
        self.recorder = Recorder(self.counted, stopping, callback)
        self.latest: dict[bytes, Point] = {}
        self.start = unevaluated(theta)
        self.status: Status | None = None

    def run(self, method: str, options: dict[str, Any]) -> Solution:
        try:
            with single_threaded_blas():
                status = self.minimise(method, options)
        except KeyboardInterrupt:
            status = Status.INTERRUPTED
        return self.recorder.solution(status, self.start)

    def minimise(self, method: str, options: dict[str, Any]) -> Status:
        self.start = self.point(self.start.theta)
        if not self.start.finite:
            return Status.NON_FINITE
        self.status = self.recorder.record(self.start)
        if self.status is None:
            self.search(method, options)
        return self.status or self.recorder.stuck()

    def search(self, method: str, options: dict[str, Any]) -> None:
        """Let SciPy search until it ends by itself, or a test of ours leaves its callback."""
        search: Any = minimize  # its stubs know each method by its literal name only
        theta = self.start.theta.copy()
        with suppress(_Stop):
            search(
                self.evaluate, theta, jac=True, method=method, options=options, callback=self.after
            )

    def evaluate(self, theta: Vector) -> tuple[float, Vector]:
        point = self.point(theta)
        return (point.cost, point.gradient.copy()) if point.finite else self.wall(theta)

    def wall(self, theta: Vector) -> tuple[float, Vector]:
        """Return a high cost whose gradient points back to the last iterate."""
        last = self.recorder.last or self.start
        return last.cost + WALL * (1 + abs(last.cost)), theta - last.theta

    def point(self, theta: Vector) -> Point:
        """Evaluate, remembering the last few points for the callback that follows."""
        known = self.latest.get(theta.tobytes())
        if known is not None:
            return known
        point = self.counted.at(np.array(theta, np.float64))
        self.latest[point.theta.tobytes()] = point
        if len(self.latest) > 8:
            del self.latest[next(iter(self.latest))]
        return point

    def after(self, theta: Vector) -> None:
        point = self.point(theta)
        if point.finite:  # SLSQP may step onto a wall
            self.status = self.recorder.record(point)
        if self.status is None and self.keeper is not None and self.keeper.step(dict):
            self.status = Status.CALLBACK
        if self.status is not None:
            raise _Stop
