"""The callback contract: called once an iteration, may ask to stop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from layerlab._typing import Vector

__all__ = ["Callback", "Iteration", "ProgressSink", "Silent"]


@dataclass(frozen=True)
class Iteration:
    """What a callback is told after an iteration.

    Attributes
    ----------
    n_iter : int
        Iterations done.
    theta : ndarray of shape (n_weights,)
        The current point, read-only; copy it to keep it.
    cost : float
        The cost there, penalty included.
    gradient_norm : float
        Largest absolute component of the gradient there.
    evaluations : int
        Evaluations of cost and gradient so far.
    seconds : float
        Time since the minimiser began.
    """

    n_iter: int
    theta: Vector
    cost: float
    gradient_norm: float
    evaluations: int
    seconds: float


Callback: TypeAlias = Callable[[Iteration], bool | None]
"""Receives an `Iteration`; returning True ends the run with the status "stopped by callback"."""


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
