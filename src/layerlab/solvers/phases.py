"""Several minimisers one after the other, each from where the last one ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from layerlab._callbacks import Callback, Iteration, Keeper, Snapshot
from layerlab._typing import Objective, Vector
from layerlab.solvers.loop import Solver, Stopping
from layerlab.solvers.solution import History, Solution, Stats, Status

__all__ = ["Phase", "run_phases"]

# A phase that ends so is the last. One that diverges leaves theta as it was before: from there the
# next may do better.
FINAL = (Status.CALLBACK, Status.INTERRUPTED, Status.NON_FINITE)


@dataclass(frozen=True)
class Phase:
    """A minimiser, what it minimises, and for how many iterations at most."""

    solver: Solver
    objective: Objective
    max_iter: int


def run_phases(
    phases: Sequence[Phase],
    theta: Vector,
    stopping: Stopping,
    callback: Callback | None,
    keeper: Keeper | None,
) -> Solution:
    """Run the phases, and return the end of the last with the work of all.

    Parameters
    ----------
    phases : sequence of Phase
        At least one.
    theta : ndarray of shape (n_weights,)
    stopping : Stopping
        For each phase, but for ``max_iter``.
    callback : callable or None
        Told iterations as they are counted over all phases.
    keeper : Keeper or None
    """
    place = _Place.begin(keeper, theta)
    while True:
        phase = phases[place.phase]
        inner = None if keeper is None else _Inner(keeper, place)
        solution = phase.solver.minimize(
            phase.objective,
            place.theta,
            stopping=replace(stopping, max_iter=phase.max_iter),
            callback=None if callback is None else _counted(callback, place.done, stopping),
            keeper=inner,
        )
        solution = replace(solution, stats=_joined(place.done, solution.stats))
        if solution.status is Status.NON_FINITE and place.phase:
            return _broken_off(solution, place)
        if solution.status in FINAL or place.phase + 1 == len(phases):
            return solution
        place = _Place(place.phase + 1, solution.theta, solution.stats)


def _broken_off(solution: Solution, place: _Place) -> Solution:
    """Return where a phase would have begun, were its cost finite there: the last one's end."""
    cost = place.done.history.cost[-1]
    return replace(solution, theta=place.theta, cost=cost, status=Status.NON_FINITE_AHEAD)


@dataclass
class _Place:
    """The phase that is running, where it began, what was done before, and its saved state."""

    phase: int
    theta: Vector
    done: Stats
    within: Snapshot | None = None

    @classmethod
    def begin(cls, keeper: Keeper | None, theta: Vector) -> _Place:
        saved = None if keeper is None else keeper.saved()
        if saved is None:
            return cls(0, theta, Stats(0, 0, 0, 0, 0.0, History()))
        done = Stats(**{**saved["done"], "history": History(**saved["done"]["history"])})
        return cls(saved["phase"], np.array(saved["theta"], np.float64), done, saved["within"])

    def pack(self, within: Snapshot) -> Snapshot:
        return {
            "phase": self.phase,
            "theta": self.theta.copy(),
            "done": asdict(self.done),
            "within": within,
        }


class _Inner:
    """The keeper as a phase sees it."""

    def __init__(self, keeper: Keeper, place: _Place) -> None:
        self.keeper, self.place = keeper, place

    def saved(self) -> Snapshot | None:
        return self.place.within

    def step(self, snapshot: Callable[[], Snapshot]) -> bool:
        return self.keeper.step(lambda: self.place.pack(snapshot()))


def _counted(callback: Callback, done: Stats, stopping: Stopping) -> Callback:
    def told(iteration: Iteration) -> bool | None:
        return callback(
            replace(
                iteration,
                n_iter=done.n_iter + iteration.n_iter,
                evaluations=done.evaluations + iteration.evaluations,
                seconds=done.seconds + iteration.seconds,
                max_iter=stopping.max_iter,
            )
        )

    return told


def _joined(done: Stats, stats: Stats) -> Stats:
    """Return the work of both; the second's starting point is the first's end."""
    a, b = done.history, stats.history
    skip = 1 if a.cost else 0
    history = History(
        a.cost + b.cost[skip:],
        a.gradient_norm + b.gradient_norm[skip:],
        a.passes + [(a.passes[-1] if a.passes else 0.0) + p for p in b.passes[skip:]],
        a.seconds + [done.seconds + s for s in b.seconds[skip:]],
    )
    return Stats(
        done.n_iter + stats.n_iter,
        done.evaluations + stats.evaluations,
        done.cost_evaluations + stats.cost_evaluations,
        done.curvature_products + stats.curvature_products,
        done.seconds + stats.seconds,
        history,
    )
