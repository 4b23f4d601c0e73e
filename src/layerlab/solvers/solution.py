"""What a minimiser returns: outcomes are values, and each carries its remedy."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from math import isfinite

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._typing import Vector
from layerlab.solvers.vectors import largest

__all__ = ["History", "Point", "Solution", "Stats", "Status"]


class Status(Enum):
    """How a minimisation ended; the value says what to do about it."""

    CONVERGED = "The gradient is below tol."
    FLAT = "The cost no longer falls by more than min_decrease."
    STALLED = (
        "No lower cost was found along the last direction: the cost is as low as its precision "
        "allows. For more digits compute in float64 (dtype='float64')."
    )
    MAX_ITER = (
        "The maximum number of iterations was reached before the gradient was below tol. "
        "Raise max_iter, scale the inputs, or accept the result where its score suffices."
    )
    NON_FINITE_AHEAD = (
        "Every step from here, however short, led to a cost or gradient that is not finite; theta "
        "is the best point so far. Scale the inputs, start from smaller weights, or compute in "
        "float64 (dtype='float64')."
    )
    EPOCHS = "All epochs were done."
    DIVERGED = (
        "The cost was no longer finite; theta is where the last epoch began at which it was. "
        "Lower the learning rate, set clip_norm, or scale the inputs."
    )
    CALLBACK = "A callback asked to stop."
    INTERRUPTED = "Interrupted; theta is the best point so far."
    NON_FINITE = (
        "The cost or its gradient is not finite at the starting point. Look for very large inputs "
        "or starting weights, or scale the inputs."
    )

    @property
    def converged(self) -> bool:
        """Whether there was nothing left to gain."""
        return self in (Status.CONVERGED, Status.FLAT, Status.STALLED)


@dataclass(frozen=True)
class Point:
    """A theta with its cost and gradient.

    Attributes
    ----------
    theta : ndarray of shape (n_weights,)
    cost : float
    gradient : ndarray of shape (n_weights,)
    """

    theta: Vector
    cost: float
    gradient: Vector

    @cached_property
    def gradient_norm(self) -> float:
        """Largest absolute component of the gradient."""
        return largest(self.gradient)

    @property
    def finite(self) -> bool:
        """Whether cost and gradient are finite."""
        return isfinite(self.cost) and isfinite(self.gradient_norm)

    def pack(self) -> Snapshot:
        """Return a copy as plain data."""
        return {
            "theta": self.theta.copy(),
            "cost": self.cost,
            "gradient": self.gradient.copy(),
        }

    @classmethod
    def unpack(cls, packed: Snapshot) -> Point:
        """Return the point that was packed."""
        theta, gradient = (np.array(packed[name], np.float64) for name in ("theta", "gradient"))
        return cls(theta, packed["cost"], gradient)


@dataclass
class History:
    """What each iteration left behind, the starting point first.

    Attributes
    ----------
    cost : list of float
    gradient_norm : list of float
        Largest absolute component.
    passes : list of float
        Work so far, in evaluations of cost and gradient.
    seconds : list of float
    """

    cost: list[float] = field(default_factory=list)
    gradient_norm: list[float] = field(default_factory=list)
    passes: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Stats:
    """What a minimisation cost.

    Attributes
    ----------
    n_iter : int
    evaluations : int
        Of cost and gradient together.
    cost_evaluations : int
        Of the cost alone.
    curvature_products : int
        Gauss–Newton products.
    seconds : float
    history : History
    """

    n_iter: int
    evaluations: int
    cost_evaluations: int
    curvature_products: int
    seconds: float
    history: History


@dataclass(frozen=True)
class Solution:
    """The end of a minimisation.

    Attributes
    ----------
    theta : ndarray of shape (n_weights,)
        The best point that was met.
    cost : float
        The cost there.
    gradient : ndarray of shape (n_weights,)
        The gradient there.
    status : Status
        Why it ended; ``status.value`` says what to do.
    stats : Stats
    """

    theta: Vector
    cost: float
    gradient: Vector
    status: Status
    stats: Stats
