"""Arrays in memory that is used again."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from layerlab._compiled import KERNEL
from layerlab._typing import Array

__all__ = ["empty"]

# Arrays of fewer bytes are NumPy's: the system's allocator keeps such memory itself.
WORTH = 1 << 16


def empty(*shape: int, dtype: Any = np.float64) -> Array:
    """Return an array of this shape, of float64 by default, with whatever the memory holds.

    A minimiser makes several arrays as long as theta in an iteration. The
    system takes large ones back at once, and new ones cost a page fault every
    4 kB: a tenth and more of a short fit.
    """
    n_bytes = np.dtype(dtype).itemsize * prod(shape)
    if KERNEL is None or n_bytes < WORTH:
        return np.empty(shape, dtype)
    return np.ndarray(shape, dtype, KERNEL.Room(n_bytes))
