"""A run whose state is kept: what a minimiser asks after a step, and tells after an iteration."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Any

import numpy as np

from layerlab._callbacks import Callback, Iteration, Snapshot, pack_callback, unpack_callback
from layerlab._checkpoint.folder import CheckpointFolder
from layerlab._checkpoint.record import Record
from layerlab._checkpoint.signals import NotedSignals, Stopped
from layerlab._typing import Vector
from layerlab.errors import CheckpointWarning

__all__ = ["KeptRun"]

SHARE = 0.01  # of the time that writing may take
SLOW = 0.5  # seconds; after a step that takes longer the state is held in memory


class KeptRun:
    """A `Keeper`, and the callback that goes with it.

    Parameters
    ----------
    folder : CheckpointFolder
    every : float
        Seconds.
    context : dict
    callback : callable or None
        Told each iteration once, however often the run is resumed.
    record : Record or None
        To go on from.
    stop : callable () -> bool, optional
        Asked after every step, as a signal would be.

    Attributes
    ----------
    end : dict or None
        What the run ended with, where it is finished.
    signals : NotedSignals
        Asked after every step.
    """

    def __init__(
        self,
        folder: CheckpointFolder,
        every: float,
        context: Snapshot,
        callback: Callback | None,
        record: Record | None,
        stop: Callable[[], bool] | None = None,
    ) -> None:
        self._folder, self._every, self._context = folder, every, context
        self._callback, self._record, self._stop = callback, record, stop
        self.signals = NotedSignals()
        self._step = self._told = 0
        self._best: Record | None = None  # made, but not yet written
        self._best_score = inf
        self._best_theta: Vector = np.empty(0)
        self._held: Snapshot | None = None
        self._warned = False
        self._last = monotonic()
        self._due = self._last + every
        self._restore()

    @property
    def end(self) -> Snapshot | None:
        """What the run ended with, where it is finished."""
        record = self._record
        return record.state["end"] if record is not None and record.done else None

    def saved(self) -> Snapshot | None:
        """Return the minimiser's state to go on from; None to begin anew."""
        return None if self._record is None else self._record.state["minimiser"]

    def step(self, snapshot: Callable[[], Snapshot]) -> bool:
        """Write the state if it is time.

        Raises
        ------
        Stopped
            If a signal, or ``stop``, has asked to, after writing.
        """
        self._step += 1
        self._record = self._held = None
        now, last = monotonic(), self._last
        self._last = now
        if self.signals.came is not None or (self._stop is not None and self._stop()):
            self.signals.in_time()
            self._save(self._state(snapshot()))
            raise Stopped
        if now >= self._due:
            self._save(self._state(snapshot()))
        elif now - last > SLOW:
            self._held = self._state(snapshot())
        return False

    def told(self, iteration: Iteration) -> bool:
        """Pass an iteration on to the callback, and remember the best weights.

        A run that begins anew, or a phase that does, repeats iterations that the callback
        knows: they are not told again.
        """
        if iteration.n_iter <= self._told:
            return False
        self._told = iteration.n_iter
        stop = self._callback is not None and bool(self._callback(iteration))
        score = getattr(self._callback, "score", None)
        self.best(iteration, iteration.cost if score is None else score)
        return stop

    def best(self, iteration: Iteration, score: float) -> None:
        """Remember the weights where the score is lower than ever; they are written in time."""
        if not score < self._best_score:
            return
        self._best_score = float(score)
        if len(self._best_theta) != len(iteration.theta):
            self._best_theta = np.empty_like(iteration.theta)
        np.copyto(self._best_theta, iteration.theta)
        told = {"score": float(score), "n_iter": iteration.n_iter}
        self._best = self._made({"theta": self._best_theta, **told})

    def finish(self, end: Snapshot) -> None:
        """Write the end of the run, in place of a state to go on from."""
        self._step += 1
        self._write(self._made({"end": end, **self._watched()}, done=True))

    def save_held(self) -> None:
        """Write the state before the step that was broken off, where one is held."""
        if self._held is not None:
            self._save(self._held)

    def _restore(self) -> None:
        if self._record is None:
            return
        best = self._folder.best()
        self._best_score = inf if best is None else best.state["score"]
        self._step, self._told = self._record.step, self._record.state["told"]
        unpack_callback(self._callback, self._record.state["callback"])

    def _state(self, minimiser: Snapshot) -> Snapshot:
        return {"minimiser": minimiser, **self._watched()}

    def _watched(self) -> Snapshot:
        return {"told": self._told, "callback": pack_callback(self._callback)}

    def _made(self, state: Snapshot, *, done: bool = False) -> Record:
        return Record(self._step, done, self._context, state)

    def _save(self, state: Snapshot) -> None:
        """Write a state to go on from, but none that holds numbers which are not finite."""
        began = monotonic()
        if _finite(state["minimiser"]):
            self._write(self._made(state))
        now = monotonic()
        self._due = now + (self._every and max(self._every, (now - began) / SHARE))

    def _write(self, record: Record) -> None:
        """Write; where the disk is full, say, warn once and go on."""
        try:
            if self._best is not None:
                self._folder.write_best(self._best)
                self._best = None
            self._folder.write(record)
        except OSError as error:
            self._warn(error)

    def _warn(self, error: OSError) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"The state could not be kept in {self._folder.path}: "
                f"{error.strerror or type(error).__name__}. The fit goes on, and what was kept "
                "before stays. Make room, and it is kept again.",
                CheckpointWarning,
                stacklevel=2,
            )


def _finite(value: Any) -> bool:
    """Return whether every array in nested plain data is finite."""
    if isinstance(value, np.ndarray):
        return value.dtype.kind != "f" or bool(np.isfinite(value).all())
    if isinstance(value, dict):
        return all(map(_finite, value.values()))
    return not isinstance(value, list) or all(map(_finite, value))
