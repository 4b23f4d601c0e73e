"""How rows are cut into blocks and blocks dealt to lanes: the fixed order of addition.

The plan is a function of the number of rows in the call and of the network,
never of the threads; so the same sum is added in the same order by one thread
or eight, and gives the same bits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerlab._typing import Array

__all__ = ["MANY_WEIGHTS", "MAX_LANES", "RowPlan", "add_tree", "kernel_plan", "plan_rows"]

MAX_LANES = 16
# A block's activations should stay in a core's second-level cache.
BLOCK_BYTES = 1 << 20
MIN_ROWS, MAX_ROWS = 64, 4096

# The kernel adds a block's gradient to a sum once a block, at a price that large blocks share. Its
# blocks begin with a panel (PANEL in native/network.hpp).
KERNEL_ROWS, KERNEL_PANEL = 512, 64
# A few smaller blocks, so that some threads can share few rows; not so small that the price shows.
# Where a mini-batch takes milliseconds, two threads gain more by smaller ones than one loses: with
# 784-800-800-10 and 128 rows 40 % against 15 %.
KERNEL_SHARES, KERNEL_MIN_ROWS = 4, 128
MANY_WEIGHTS, MIN_ROWS_OF_MANY = 1 << 19, 64


@dataclass(frozen=True)
class RowPlan:
    """Blocks of rows, and the lanes they are dealt to.

    Attributes
    ----------
    edges : tuple of int
        Block i holds rows ``edges[i]`` up to, not including, ``edges[i + 1]``.
    n_lanes : int
        Lane l takes blocks l, l + n_lanes, l + 2 n_lanes …, in that order.
    """

    edges: tuple[int, ...]
    n_lanes: int

    @property
    def block_rows(self) -> int:
        """Rows of the largest block."""
        return max(b - a for a, b in zip(self.edges, self.edges[1:], strict=False))

    def lane(self, index: int) -> Iterator[slice]:
        """Yield the blocks of one lane in their order."""
        for block in range(index, len(self.edges) - 1, self.n_lanes):
            yield slice(self.edges[block], self.edges[block + 1])


def plan_rows(n_rows: int, floats_per_row: int, itemsize: int) -> RowPlan:
    """Return the plan for a call on ``n_rows`` rows.

    Parameters
    ----------
    n_rows : int
    floats_per_row : int
        Numbers of work memory a row takes.
    itemsize : int
        Bytes of a number.

    Returns
    -------
    plan : RowPlan
        At least two blocks where there are two rows, so that a mini-batch too
        can be shared by two threads; blocks differ by at most one row.
    """
    fitting = int(np.clip(BLOCK_BYTES // (floats_per_row * itemsize), MIN_ROWS, MAX_ROWS))
    n_blocks = max(1, min(n_rows, max(2, -(-n_rows // fitting))))
    edges = tuple(n_rows * i // n_blocks for i in range(n_blocks + 1))
    return RowPlan(edges, min(n_blocks, MAX_LANES))


def kernel_plan(n_rows: int, n_weights: int = 0) -> RowPlan:
    """Return the plan for a call of the compiled kernel on ``n_rows`` rows.

    Blocks are whole panels but for the last. 256 rows and more make at least
    two of them, so that a mini-batch too can be shared by two threads; of a
    network of many weights 128 rows do.
    """
    least = KERNEL_MIN_ROWS if n_weights < MANY_WEIGHTS else MIN_ROWS_OF_MANY
    shares = int(np.clip(n_rows // least, 1, KERNEL_SHARES))
    n_panels = -(-n_rows // KERNEL_PANEL)
    n_blocks = max(shares, -(-n_rows // KERNEL_ROWS))
    starts = [n_panels * k // n_blocks * KERNEL_PANEL for k in range(n_blocks)]
    return RowPlan((*starts, n_rows), min(n_blocks, MAX_LANES))


def add_tree(lanes: Array) -> Array:
    """Add the lanes (axis 0) in a fixed tree, in place, and return the sum.

    Neighbours first, then pairs of pairs: the order depends on the number of
    lanes alone.
    """
    step = 1
    while step < len(lanes):
        for i in range(0, len(lanes) - step, 2 * step):
            lanes[i] += lanes[i + step]
        step *= 2
    return np.asarray(lanes[0])
