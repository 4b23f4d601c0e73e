"""The callback contract: called once an iteration, may ask to stop."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from layerlab._typing import Vector

__all__ = [
    "Callback",
    "Closing",
    "Iteration",
    "Keeper",
    "ProgressSink",
    "Resumable",
    "Silent",
    "Snapshot",
    "close_callback",
    "member_callback",
    "pack_callback",
    "unpack_callback",
]


@dataclass(frozen=True)
class Iteration:
    """What a callback is told after an iteration.

    Attributes
    ----------
    n_iter : int
        Iterations done; of a minimiser that goes by mini-batches, epochs.
    theta : ndarray of shape (n_weights,)
        The current point, read-only; copy it to keep it.
    cost : float
        The cost there, penalty included; of mini-batches the mean over the epoch.
    gradient_norm : float
        Largest absolute component of the gradient there; of mini-batches the last one's.
    evaluations : int
        Evaluations of cost and gradient so far.
    seconds : float
        Time since the minimiser began.
    learning_rate : float or None
        What the last step was taken with, where there is such a thing.
    max_iter : int or None
        Iterations, or epochs, that the run takes at most.
    validation_cost, validation_accuracy : float or None
        On the rows that are watched, where there are any.
    """

    n_iter: int
    theta: Vector
    cost: float
    gradient_norm: float
    evaluations: int
    seconds: float
    learning_rate: float | None = None
    max_iter: int | None = None
    validation_cost: float | None = None
    validation_accuracy: float | None = None


Callback: TypeAlias = Callable[[Iteration], bool | None]
"""Receives an `Iteration`; returning True ends the run with the status "stopped by callback".

It may offer more: `Resumable`, `Closing`, and an attribute ``score``, which says how well the
network does now, the lower the better, and so which weights are kept as the best.
"""


Snapshot: TypeAlias = dict[str, Any]
"""Where a run stands: nested dicts and lists of arrays, numbers, texts, None; all of it owned."""


@runtime_checkable
class Resumable(Protocol):
    """A callback whose state is kept with the minimiser's, so that a resumed run has it back."""

    def pack(self) -> Snapshot:
        """Return a copy of the state as plain data."""
        ...

    def unpack(self, packed: Snapshot) -> None:
        """Take over what was packed; called before the first iteration."""
        ...


@runtime_checkable
class Closing(Protocol):
    """A callback that is told when the run is over, however it ended."""

    def close(self) -> None:
        """Tidy up."""
        ...


def member_callback(callback: Callback | None, number: int) -> Callback | None:
    """Return what a member of an ensemble is given: its ``of_member(number)``, or a copy."""
    of_member = getattr(callback, "of_member", None)
    given: Callback | None = deepcopy(callback) if of_member is None else of_member(number)
    return given


def pack_callback(callback: object) -> Snapshot | None:
    """Return the callback's state, or None where it has none."""
    return callback.pack() if isinstance(callback, Resumable) else None


def unpack_callback(callback: object, packed: Snapshot | None) -> None:
    """Give a callback its state back, if there is one and it takes it."""
    if packed is not None and isinstance(callback, Resumable):
        callback.unpack(packed)


def close_callback(callback: object) -> None:
    """Tell a callback that the run is over, if it wants to know."""
    close = getattr(callback, "close", None)
    if callable(close):
        close()


class Keeper(Protocol):
    """What may keep a run's state after a step, and hand it back to begin from."""

    def saved(self) -> Snapshot | None:
        """Return the state to go on from; None to begin anew."""
        ...

    def step(self, snapshot: Callable[[], Snapshot]) -> bool:
        """Be told that a step is done; return True to end the run there.

        ``snapshot`` makes the state, which takes time: call it only to keep it.
        """
        ...


class ProgressSink(Protocol):
    """Where long work says how far it is: a bar in a terminal, or nothing."""

    def stage(self, title: str, total: int) -> None:
        """Begin a stage of ``total`` equal pieces."""
        ...

    def advance(self) -> None:
        """Say that a piece is done."""
        ...


class Silent:
    """A `ProgressSink` that says nothing."""

    def stage(self, title: str, total: int) -> None:
        """Say nothing."""

    def advance(self) -> None:
        """Say nothing."""
