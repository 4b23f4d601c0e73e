"""The one loop that every stepwise minimiser runs in."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from math import inf
from time import perf_counter
from typing import Any, Protocol, TypeVar

import numpy as np

from layerlab._callbacks import Callback, Iteration, Keeper, Snapshot
from layerlab._guard import single_threaded_blas
from layerlab._typing import Objective, Vector
from layerlab._validation import refuse
from layerlab.solvers.counted import CountedObjective
from layerlab.solvers.solution import History, Point, Solution, Stats, Status

__all__ = [
    "Algorithm",
    "Recorder",
    "Solver",
    "Stopping",
    "check_solver",
    "run_steps",
    "unevaluated",
]

State = TypeVar("State")

# The share of a cost by which the line search too lets it rise as rounding.
ROUNDING = 1e-6


@dataclass(frozen=True)
class Stopping:
    """When to stop.

    Attributes
    ----------
    max_iter : int
    tol : float
        Stop when no component of the gradient exceeds it.
    min_decrease : float
        Stop when an iteration lowers the cost by no more than this share of it.
        0, the default, stops on no such account.
    """

    max_iter: int = 200
    tol: float = 1e-5
    min_decrease: float = 0.0

    def reason(self, previous: Point | None, point: Point, n_iter: int) -> Status | None:
        """Return which test holds at ``point``, or None.

        Parameters
        ----------
        previous : Point or None
            The iteration before; None at the start.
        point : Point
        n_iter : int
        """
        if point.gradient_norm <= self.tol:
            return Status.CONVERGED
        if self.min_decrease and previous is not None:
            decrease = abs(previous.cost - point.cost)
            if decrease <= self.min_decrease * abs(point.cost):
                return Status.FLAT
        return Status.MAX_ITER if n_iter >= self.max_iter else None


class Solver(Protocol):
    """Anything that minimises: ours, or SciPy's behind the adapter."""

    def minimize(
        self,
        objective: Objective,
        theta: Vector,
        *,
        stopping: Stopping | None = None,
        callback: Callback | None = None,
        keeper: Keeper | None = None,
    ) -> Solution:
        """Minimise ``objective`` from ``theta``."""
        ...


def check_solver(name: str, solver: Any) -> Solver:
    """Return a minimiser that is an object.

    Raises
    ------
    ParameterError
        If it is none: a name, a class, or what cannot minimise.
    """
    if not callable(getattr(solver, "minimize", None)) or isinstance(solver, type):
        raise refuse(name, "a solver object, such as LBFGS() or Adam(0.01)", solver)
    chosen: Solver = solver
    return chosen


class Algorithm(Protocol[State]):
    """A minimiser as a first state and a step."""

    def start(self, objective: CountedObjective, point: Point) -> State:
        """Return the state before the first step."""
        ...

    def step(self, objective: CountedObjective, point: Point, state: State) -> Point | None:
        """Return the next point, changing the state; None where no lower cost can be had."""
        ...

    def pack(self, state: State) -> Snapshot:
        """Return a copy of the state as plain data."""
        ...

    def unpack(self, packed: Snapshot, point: Point) -> State:
        """Return the state that was packed at that point."""
        ...


class Recorder:
    """Keeps the history and the best point, and tells the callback."""

    def __init__(
        self, objective: CountedObjective, stopping: Stopping, callback: Callback | None
    ) -> None:
        self.objective, self.stopping, self.callback = objective, stopping, callback
        self.history = History()
        self.began = perf_counter()
        self.last: Point | None = None

    @property
    def n_iter(self) -> int:
        """Iterations recorded, the starting point not counted."""
        return max(0, len(self.history.cost) - 1)

    def record(self, point: Point) -> Status | None:
        """Add a point; return why the run ends with it, or None where it goes on."""
        previous, self.last = self.last, point
        seconds = perf_counter() - self.began
        self.history.cost.append(point.cost)
        self.history.gradient_norm.append(point.gradient_norm)
        self.history.passes.append(self.objective.passes)
        self.history.seconds.append(seconds)
        if previous is None or point.cost != previous.cost:
            self.objective.costs_met.clear()
        if self._asked_to_stop(point, seconds):
            return Status.CALLBACK
        return self.stopping.reason(previous, point, self.n_iter)

    def pack(self) -> Snapshot:
        """Return what was recorded as plain data."""
        return {
            "history": asdict(self.history),
            "seconds": perf_counter() - self.began,
            "counted": self.objective.pack(),
        }

    def unpack(self, packed: Snapshot, last: Point) -> None:
        """Take over what was packed at that point."""
        self.history = History(**packed["history"])
        self.began -= packed["seconds"]
        self.objective.unpack(packed["counted"])
        self.last = last

    def stuck(self) -> Status:
        """Return why no further point could be had: rounding, or nothing but non-finite costs."""
        costs = self.objective.costs_met - {self.last.cost if self.last else inf}
        return Status.NON_FINITE_AHEAD if costs == {inf} else Status.STALLED

    def solution(self, status: Status, fallback: Point) -> Solution:
        """Return the end: the best point and what it took."""
        best = self._end(status) or fallback
        counted = self.objective
        stats = Stats(
            self.n_iter,
            counted.evaluations,
            counted.cost_evaluations,
            counted.curvature_products,
            perf_counter() - self.began,
            self.history,
        )
        return Solution(best.theta, best.cost, best.gradient, status, stats)

    def _end(self, status: Status) -> Point | None:
        """Return the lowest point met, or that which converged where rounding alone parts them."""
        best, last = self.objective.best, self.last
        if best is None or last is None or status is not Status.CONVERGED:
            return best
        return last if last.cost <= best.cost + ROUNDING * abs(best.cost) else best

    def _asked_to_stop(self, point: Point, seconds: float) -> bool:
        if self.callback is None or self.n_iter == 0:
            return False
        return bool(self.callback(self._iteration(point, seconds)))

    def _iteration(self, point: Point, seconds: float) -> Iteration:
        theta = point.theta.view()
        theta.flags.writeable = False
        return Iteration(
            self.n_iter,
            theta,
            point.cost,
            point.gradient_norm,
            self.objective.evaluations,
            seconds,
            max_iter=self.stopping.max_iter,
        )


def run_steps(
    algorithm: Algorithm[State],
    objective: Objective,
    theta: Vector,
    stopping: Stopping | None = None,
    callback: Callback | None = None,
    keeper: Keeper | None = None,
) -> Solution:
    """Run an algorithm until a stopping test holds, and return the best point met.

    Ctrl-C ends the run with the best point so far and the status INTERRUPTED.
    """
    counted = CountedObjective(objective)
    recorder = Recorder(counted, stopping or Stopping(), callback)
    saved = None if keeper is None else keeper.saved()
    start = unevaluated(theta) if saved is None else Point.unpack(saved["point"])
    try:
        with single_threaded_blas():
            if saved is None:
                start = counted.at(start.theta)
                status, state = _begin(algorithm, counted, start, recorder)
            else:
                recorder.unpack(saved["recorder"], start)
                status, state = None, algorithm.unpack(saved["state"], start)
            status = status or _iterate(algorithm, counted, start, recorder, state, keeper)
    except KeyboardInterrupt:
        status = Status.INTERRUPTED
    return recorder.solution(status, start)


def unevaluated(theta: Vector) -> Point:
    """Return a copy of theta as a point of infinite cost, for a run that is interrupted at once."""
    return Point(np.array(theta, np.float64), inf, np.zeros(len(theta)))


def _begin(
    algorithm: Algorithm[State], objective: CountedObjective, point: Point, recorder: Recorder
) -> tuple[Status | None, State]:
    """Return the first state, and why the run ends before its first step, if it does."""
    state = algorithm.start(objective, point)
    return (recorder.record(point) if point.finite else Status.NON_FINITE), state


def _iterate(
    algorithm: Algorithm[State],
    objective: CountedObjective,
    point: Point,
    recorder: Recorder,
    state: State,
    keeper: Keeper | None,
) -> Status:
    status: Status | None = None
    while status is None:
        found = algorithm.step(objective, point, state)
        if found is None:
            return recorder.stuck()
        point = found
        status = recorder.record(point)
        if status is None and keeper is not None:
            status = _keep(keeper, algorithm, point, recorder, state)
    return status


def _keep(
    keeper: Keeper,
    algorithm: Algorithm[State],
    point: Point,
    recorder: Recorder,
    state: State,
) -> Status | None:
    """Offer the state, and return that the run ends here where the keeper says so."""

    def snapshot() -> Snapshot:
        return {
            "point": point.pack(),
            "recorder": recorder.pack(),
            "state": algorithm.pack(state),
        }

    return Status.CALLBACK if keeper.step(snapshot) else None
