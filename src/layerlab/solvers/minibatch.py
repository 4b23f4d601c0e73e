"""Minimisers that go by mini-batches: shuffling, epochs, averaging, clipping."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import isfinite, nan, sqrt
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from layerlab._callbacks import Callback, Iteration, Keeper
from layerlab._guard import single_threaded_blas
from layerlab._random import Purpose, stream
from layerlab._typing import IndexArray, Layered, Objective, RowSum, Vector
from layerlab._validation import check_integer, check_real
from layerlab.errors import ParameterError
from layerlab.solvers.course import Course
from layerlab.solvers.loop import Stopping
from layerlab.solvers.schedules import Moment, schedule_named
from layerlab.solvers.solution import Point, Solution, Stats, Status
from layerlab.solvers.vectors import approach, largest

__all__ = ["MiniBatchSolver", "Span", "clipped", "matrices_of", "shuffled", "spans_of"]

NO_GRADIENT: Vector = np.zeros(0)
NO_ROWS: IndexArray = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Span:
    """A part of theta.

    Attributes
    ----------
    part : slice
    shape : (int, int) or None
        Of a weight matrix; None for biases.
    n_threads : int
        How many threads may share work on it.
    """

    part: slice
    shape: tuple[int, int] | None
    n_threads: int = 1


class MiniBatchSolver(BaseEstimator, ABC):
    """A minimiser that steps after each mini-batch; an iteration is an epoch.

    Every epoch goes through all rows once, in an order drawn from the
    objective's seed and the epoch. Its ``key`` is the epoch, so that dropout,
    noise and deformations are drawn anew in each.
    """

    learning_rate: float
    batch_size: int
    schedule: Any
    clip_norm: float | None
    average: float | None

    @abstractmethod
    def begin(self, theta: Vector, spans: tuple[Span, ...]) -> dict[str, Vector]:
        """Return what is remembered before the first step."""

    @abstractmethod
    def update(
        self,
        theta: Vector,
        gradient: Vector,
        arrays: dict[str, Vector],
        spans: tuple[Span, ...],
        rate: float,
        step: int,
    ) -> None:
        """Change theta and what is remembered in place; ``step`` counts from 1."""

    @abstractmethod
    def check(self) -> None:
        """Refuse options of its own that are not allowed.

        Raises
        ------
        ParameterError
        """

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
            Its ``max_iter`` counts epochs; the rest is not used.
        callback : callable, optional
            Called with an `Iteration` after each epoch; True stops.
        keeper : Keeper, optional
            Asked after every step whether to keep the state.

        Returns
        -------
        solution : Solution
            At the last theta, or at the running mean where one is kept. Its cost
            is the mean over the last epoch, its gradient that on some rows.

        Raises
        ------
        ParameterError
            If an option is not allowed, or the objective is no mean over rows.
        """
        rows = self.accept(objective)
        return _Run(self, rows, theta, stopping or Stopping(), callback, keeper).solution()

    def accept(self, objective: Objective) -> RowSum:
        """Return the objective, once it and the options are known to be in order.

        Raises
        ------
        ParameterError
            If an option is not allowed, or the objective is no mean over rows.
        """
        self._check()
        if not hasattr(objective, "n_rows") or not hasattr(objective, "seed"):
            raise ParameterError(
                f"{type(self).__name__} needs an objective that is a mean over rows, with n_rows "
                f"and seed. Got {type(objective).__name__} instead."
            )
        rows: Any = objective
        accepted: RowSum = rows
        return accepted

    def _check(self) -> None:
        check_real("learning_rate", self.learning_rate, 0, open_low=True)
        check_integer("batch_size", self.batch_size, 1)
        schedule_named(self.schedule).check()
        if self.clip_norm is not None:
            check_real("clip_norm", self.clip_norm, 0, open_low=True)
        if self.average is not None:
            check_real("average", self.average, 0, 1, open_high=True)
        self.check()


class _Run:
    """One run of a minimiser over the mini-batches of an objective."""

    def __init__(
        self,
        solver: MiniBatchSolver,
        objective: RowSum,
        theta: Vector,
        stopping: Stopping,
        callback: Callback | None,
        keeper: Keeper | None,
    ) -> None:
        self.solver, self.objective, self.stopping = solver, objective, stopping
        self.callback, self.keeper = callback, keeper
        self.schedule = schedule_named(solver.schedule)
        self.epoch_costs: list[float] = []
        self.spans = spans_of(objective, len(theta))
        self.course = self._begin(theta)
        self.batch = min(solver.batch_size, objective.n_rows)
        self.epoch_steps = -(-objective.n_rows // self.batch)
        self.n_steps = stopping.max_iter * self.epoch_steps
        self.began = perf_counter() - self.course.seconds
        self.gradient: Vector = NO_GRADIENT
        self.last_rate = 0.0
        self.order, self.order_of = NO_ROWS, -1
        self.without_step = 0  # evaluations that led to no step

    def solution(self) -> Solution:
        """Go through the epochs, and return what they ended with."""
        with single_threaded_blas():
            try:
                status = self._epochs()
            except KeyboardInterrupt:
                status = Status.INTERRUPTED
            return self._solution(status)

    def _begin(self, theta: Vector) -> Course:
        saved = None if self.keeper is None else self.keeper.saved()
        if saved is not None:
            return self._going_on(Course.unpack(saved))
        theta = np.array(theta, np.float64)
        average = None if self.solver.average is None else theta.copy()
        return Course(theta, self.solver.begin(theta, self.spans), average, theta.copy())

    def _going_on(self, course: Course) -> Course:
        """Return the course, if the solver remembers what that one did."""
        fresh = self.solver.begin(course.theta, self.spans)
        averages = self.solver.average is not None
        if fresh.keys() != course.arrays.keys() or averages != (course.average is not None):
            raise ParameterError(
                f"{self.solver!r} cannot go on from another kind of solver: the last one "
                f"remembered {_memory(course.arrays, course.average is not None)}, and this one "
                f"remembers {_memory(fresh, averages)}. Keep the solver (its learning rate may "
                "change), or begin anew with fit."
            )
        return course

    def _epochs(self) -> Status:
        course = self.course
        while course.epoch < self.stopping.max_iter:
            self.epoch_costs = course.history.cost[1:]
            status = self._epoch(self._order(course.epoch))
            if status is not None:
                return status
            if self._end_epoch():
                return Status.CALLBACK
            if self._kept_and_stopped():
                return Status.CALLBACK
        return Status.EPOCHS

    def _order(self, epoch: int) -> IndexArray:
        if self.order_of != epoch:
            self.order, self.order_of = shuffled(self.objective, epoch), epoch
        return self.order

    def _epoch(self, order: IndexArray) -> Status | None:
        """Go through what is left of the epoch; return why the run ends within, if it does."""
        # What overflows in a step is seen in the next cost.
        with np.errstate(over="ignore", invalid="ignore"):
            while self.course.position < len(order):
                status = self._step(order)
                if status is not None:
                    return status
        return None

    def _step(self, order: IndexArray) -> Status | None:
        """Take a step on the next rows; return why the run ends there, if it does."""
        course = self.course
        rows = order[course.position : course.position + self.batch]
        self.gradient = NO_GRADIENT  # the next one then gets its memory, which the cache still has
        cost, self.gradient = self.objective.evaluate(course.theta, rows, course.epoch)
        if not isfinite(cost):
            self.without_step += 1
            return Status.DIVERGED if course.step else Status.NON_FINITE
        if not course.history.cost:
            self._record(cost)
        if course.position == 0:
            np.copyto(course.settled, course.point)
        self._update()
        course.total += cost * len(rows)
        course.position += len(rows)
        # Between epochs the state is kept once the epoch is recorded.
        within = course.position < len(order)
        return Status.CALLBACK if within and self._kept_and_stopped() else None

    def _update(self) -> None:
        course, solver = self.course, self.solver
        moment = Moment(course.step, self.n_steps, self.epoch_steps, self.epoch_costs)
        self.last_rate = rate = solver.learning_rate * self.schedule.factor(moment)
        course.step += 1
        gradient = clipped(self.gradient, solver.clip_norm)
        solver.update(course.theta, gradient, course.arrays, self.spans, rate, course.step)
        if course.average is not None:
            share = 1 - _remembered(solver.average or 0.0, course.step)
            approach(course.average, course.theta, share, self.spans[0].n_threads)

    def _kept_and_stopped(self) -> bool:
        if self.keeper is None:
            return False
        return self.keeper.step(lambda: self.course.pack(perf_counter() - self.began))

    def _end_epoch(self) -> bool:
        """Record the epoch, tell the callback, and return whether it asks to stop."""
        course = self.course
        cost = course.total / self.objective.n_rows
        course.epoch, course.position, course.total = course.epoch + 1, 0, 0.0
        self._record(cost)
        return self.callback is not None and bool(self.callback(self._iteration(cost)))

    def _record(self, cost: float) -> None:
        history, course = self.course.history, self.course
        history.cost.append(cost)
        history.gradient_norm.append(largest(self.gradient))
        history.passes.append(float(course.epoch))
        history.seconds.append(perf_counter() - self.began)

    def _iteration(self, cost: float) -> Iteration:
        theta = self.course.point.view()
        theta.flags.writeable = False
        return Iteration(
            self.course.epoch,
            theta,
            cost,
            self.course.history.gradient_norm[-1],
            self.course.step,
            self.course.history.seconds[-1],
            self.last_rate,
            self.stopping.max_iter,
        )

    def _solution(self, status: Status) -> Solution:
        course = self.course
        back = status in (Status.DIVERGED, Status.NON_FINITE)
        point = self._at(course.settled if back else course.point)
        if not (back or point.finite):
            point = self._at(course.settled)
            status = status if status is Status.INTERRUPTED else Status.DIVERGED
        seconds = perf_counter() - self.began
        evaluations = course.step + self.without_step
        stats = Stats(course.epoch, evaluations, 0, 0, seconds, course.history)
        return Solution(point.theta, point.cost, point.gradient, status, stats)

    def _at(self, theta: Vector) -> Point:
        """Return theta with the last epoch's cost, and the gradient on some of its rows.

        Another pass over all rows would take nearly as long as an epoch. Some tell whether
        theta has any use.
        """
        self.without_step += 1
        rows = self._order(max(self.course.epoch - 1, 0))[: self.batch]
        cost, gradient = self.objective.evaluate(theta, rows)
        costs = self.course.history.cost[1:]
        finite = isfinite(cost) and bool(np.isfinite(theta).all())
        told = costs[-1] if costs else float(cost)
        return Point(theta, told if finite else nan, np.array(gradient, np.float64))


def shuffled(objective: RowSum, epoch: int) -> IndexArray:
    """Return the order in which an epoch goes through the rows, drawn from the seed."""
    return stream(objective.seed, Purpose.SHUFFLE, epoch).permutation(objective.n_rows)


def spans_of(objective: Objective, n_weights: int) -> tuple[Span, ...]:
    """Return matrices and what lies between them; all of theta as biases where none are known."""
    n_threads = int(getattr(objective, "n_threads", 1))
    spans, end = [], 0
    for part, shape in matrices_of(objective):
        if part.start > end:
            spans.append(Span(slice(end, part.start), None, n_threads))
        spans.append(Span(part, shape, n_threads))
        end = part.stop
    if end < n_weights:
        spans.append(Span(slice(end, n_weights), None, n_threads))
    return tuple(spans)


def matrices_of(objective: Objective) -> tuple[tuple[slice, tuple[int, int]], ...]:
    """Return where theta's matrices stand, and their shapes; none where the objective is silent."""
    known: Any = objective
    layered: Layered | None = known if hasattr(known, "matrices") else None
    return () if layered is None else layered.matrices


def clipped(gradient: Vector, clip_norm: float | None) -> Vector:
    """Return a gradient no longer than allowed: Pascanu, Mikolov & Bengio (2013), algorithm 1."""
    if clip_norm is None:
        return gradient
    norm = sqrt(float(gradient @ gradient))
    factor = clip_norm / (norm + 1e-6)  # the small number is PyTorch's
    return gradient if factor >= 1 else factor * gradient


def _memory(arrays: dict[str, Vector], averages: bool) -> str:
    names = [*sorted(arrays), *(["a running mean of the weights"] if averages else [])]
    return ", ".join(names) or "nothing"


def _remembered(decay: float, step: int) -> float:
    """Return how much of the running mean is kept; less at first, or it would remember the start.

    Polyak & Juditsky (1992) average; the exponential form with this beginning is TensorFlow's.
    """
    return min(decay, (1 + step) / (10 + step))
