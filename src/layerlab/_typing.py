"""Array types and the protocols by which the rooms meet."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Costs",
    "Curves",
    "FloatArray",
    "ImageShape",
    "IndexArray",
    "Layered",
    "Objective",
    "RowSum",
    "Vector",
]

Array: TypeAlias = NDArray[Any]
FloatArray: TypeAlias = NDArray[np.floating[Any]]
Vector: TypeAlias = NDArray[np.float64]
IndexArray: TypeAlias = NDArray[np.intp]
ImageShape: TypeAlias = tuple[int, int] | tuple[int, int, int]
"""Height and width of grey images, with the channels of colour images behind them."""


class Objective(Protocol):
    """A cost to be minimised over a vector: where network, solvers and engine meet."""

    def evaluate(
        self, theta: Vector, rows: IndexArray | None = None, key: int | None = None
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient at ``theta``.

        ``rows`` restricts the sum to some rows; ``key`` fixes all randomness of the call.
        """
        ...


class RowSum(Objective, Protocol):
    """An objective that is a mean over rows, and so can be estimated from some of them.

    ``evaluate(theta, rows)`` is then an unbiased estimate of ``evaluate(theta)``.
    """

    @property
    def n_rows(self) -> int:
        """How many rows there are."""
        ...

    @property
    def seed(self) -> int:
        """From it all randomness derives."""
        ...


class Layered(Protocol):
    """An objective whose theta holds weight matrices, and biases between them."""

    @property
    def matrices(self) -> tuple[tuple[slice, tuple[int, int]], ...]:
        """Where each matrix stands in theta, and its shape (n_in, n_out)."""
        ...


@runtime_checkable
class Costs(Protocol):
    """An objective that can give the cost alone, for about a third of the work."""

    def cost(self, theta: Vector) -> float:
        """Return the cost at ``theta``."""
        ...


@runtime_checkable
class Curves(Protocol):
    """An objective that can multiply its Gauss–Newton matrix with a vector."""

    def curvature(self, theta: Vector, v: Vector) -> Vector:
        """Return the product of the Gauss–Newton matrix at ``theta`` with ``v``."""
        ...
