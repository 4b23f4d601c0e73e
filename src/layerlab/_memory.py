"""Arrays in memory that is used again."""

from __future__ import annotations

from math import prod

import numpy as np

from layerlab._compiled import KERNEL
from layerlab._typing import Array

__all__ = ["empty"]

# Arrays of fewer bytes are NumPy's: the system's allocator keeps such memory itself.
WORTH = 1 << 16


def empty(*shape: int) -> Array:
    """Return an array of float64 of this shape, with whatever the memory holds.

    A minimiser makes several arrays as long as theta in an iteration. The
    system takes large ones back at once, and new ones cost a page fault every
    4 kB: a tenth and more of a short fit.
    """
    n_bytes = 8 * prod(shape)
    if KERNEL is None or n_bytes < WORTH:
        return np.empty(shape)
    return np.frombuffer(KERNEL.Room(n_bytes)).reshape(shape)
