"""Operations on vectors as long as theta: compiled where that was done, else NumPy's.

What is compiled goes through its vectors once. NumPy's is the reference that it
is tested against.
"""

from __future__ import annotations

import numpy as np

from layerlab._compiled import KERNEL
from layerlab._memory import empty
from layerlab._typing import Vector

__all__ = ["approach", "largest", "moved"]


def moved(theta: Vector, direction: Vector, step: float) -> Vector:
    """Return theta + step · direction."""
    if KERNEL is None:
        return theta + step * direction
    out = empty(len(theta))
    KERNEL.moved(theta, direction, step, out)
    return out


def largest(x: Vector) -> float:
    """Return max |x_i|: 0 where there is none, NaN where one is NaN."""
    if KERNEL is None:
        return float(np.abs(x).max(initial=0.0))
    size: float = KERNEL.largest(np.ascontiguousarray(x, np.float64))
    return size


def approach(x: Vector, to: Vector, share: float, n_threads: int = 1) -> None:
    """Move x towards ``to`` by a share of the way, in place."""
    if KERNEL is None:
        x += share * (to - x)
    else:
        KERNEL.approach(x, to, share, n_threads)
