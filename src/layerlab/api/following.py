"""Who follows a training: its log, and whoever wants to be told of every epoch."""

from __future__ import annotations

import warnings
from dataclasses import replace
from math import isfinite
from threading import Lock
from time import perf_counter
from typing import Any

from layerlab._callbacks import Callback, Iteration, Snapshot, close_callback
from layerlab.errors import CheckpointWarning, RunFolderError
from layerlab.storage import RunFolder

__all__ = ["Follower", "Following"]

LOGGED = ("cost", "seconds", "learning_rate", "validation_cost", "validation_accuracy")


class Following:
    """Writes a line an epoch into a run's log, and tells a callback.

    Of several networks trained side by side the callback is told of all epochs
    together, as if they were one fit.

    Parameters
    ----------
    folder : RunFolder
    n_members : int
        Networks.
    callback : callable or None
        Returning True ends the training of all.
    """

    def __init__(self, folder: RunFolder, n_members: int, callback: Callback | None) -> None:
        self._folder, self._callback = folder, callback
        self._done = [0] * n_members  # epochs
        self._lock = Lock()
        self._began = perf_counter()
        self._stopped = self._warned = False

    def of_member(self, number: int) -> Follower:
        """Return what follows one of the networks."""
        return Follower(self, number)

    def begin(self, number: int, done: int) -> None:
        """Take note of how many epochs a network has behind it; later ones are done once more."""
        with self._lock:
            self._done[number] = done
            self._written(self._folder.keep_log, lambda line: not _later(line, number, done))

    def told(self, number: int, iteration: Iteration) -> bool:
        """Be told of an epoch of a network; return whether to end."""
        with self._lock:
            self._done[number] = iteration.n_iter
            self._written(self._folder.log, "epoch", **_fields(number, iteration))
            if self._callback is not None:
                self._stopped |= bool(self._callback(self._together(iteration)))
            return self._stopped

    def close(self) -> None:
        """Tell the callback that the training is over."""
        close_callback(self._callback)

    def _together(self, iteration: Iteration) -> Iteration:
        if len(self._done) == 1:
            return iteration
        most = iteration.max_iter
        return replace(
            iteration,
            n_iter=sum(self._done),
            max_iter=None if most is None else most * len(self._done),
            seconds=perf_counter() - self._began,
        )

    def _written(self, write: Any, *what: Any, **fields: Any) -> None:
        """Write to the log; where that fails, a full disk say, warn once and go on."""
        try:
            write(*what, **fields)
        except RunFolderError as error:
            if not self._warned:
                self._warned = True
                warnings.warn(f"{error} Training goes on.", CheckpointWarning, stacklevel=2)


class Follower:
    """The callback of one network; its state tells how many epochs are in the log.

    Parameters
    ----------
    following : Following
    number : int
        Of the network, from 0.
    """

    def __init__(self, following: Following, number: int) -> None:
        self._following, self._number = following, number
        self._done: int | None = None

    def __call__(self, iteration: Iteration) -> bool:
        """Pass an epoch on."""
        if self._done is None:
            self._following.begin(self._number, iteration.n_iter - 1)
        self._done = iteration.n_iter
        return self._following.told(self._number, iteration)

    def pack(self) -> Snapshot:
        """Return how many epochs are done."""
        return {"n_iter": self._done or 0}

    def unpack(self, packed: Snapshot) -> None:
        """Go on from there."""
        self._done = int(packed["n_iter"])
        self._following.begin(self._number, self._done)


def _later(line: dict[str, Any], number: int, done: int) -> bool:
    of_it = line.get("event") == "epoch" and line.get("network") == number + 1
    return of_it and line.get("epoch", 0) > done


def _fields(number: int, iteration: Iteration) -> dict[str, Any]:
    known = {name: getattr(iteration, name) for name in LOGGED}
    told = {name: value for name, value in known.items() if value is not None}
    finite = {name: float(v) if isfinite(v) else str(v) for name, v in told.items()}
    return {"network": number + 1, "epoch": iteration.n_iter, **finite}
