"""What L-BFGS remembers of the curvature."""

from __future__ import annotations

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._typing import Array, Vector
from layerlab.solvers.solution import Point
from layerlab.solvers.two_loops import keep, no_pairs, two_loops

__all__ = ["Pairs"]


class Pairs:
    """The last steps s and changes of gradient y, and the direction that follows from them.

    Parameters
    ----------
    memory : int
    n_weights : int

    Notes
    -----
    Each pair stays in the slot it was written to, so that nothing as long as
    theta is ever moved; only vectors as long as the memory are put in order.
    """

    def __init__(self, memory: int, n_weights: int) -> None:
        self._pairs = no_pairs(memory, n_weights)
        self._SY, self._YY = np.zeros((2, memory, memory))
        self._added = 0
        self._entered = 0  # those whose products SY and YY hold: `downhill` enters the newest's

    def __len__(self) -> int:
        return min(self._added, len(self._pairs))

    @property
    def kept(self) -> Array:
        """The pairs as they are used, (n_pairs, 2, n_weights), the oldest first."""
        order = np.arange(self._added - len(self), self._added) % len(self._pairs)
        return self._pairs[order]

    def add(self, old: Point, new: Point) -> None:
        """Add the pair of a step, in place of the oldest of a full memory.

        Where the curvature along it is not positive it is left out.
        """
        if self._entered < self._added:  # a second pair since, as no minimiser of ours adds it
            self.downhill(new.gradient)
        self._added += keep(old, new, self._pairs[self._added % len(self._pairs)])

    def downhill(self, g: Vector) -> Vector:
        """Return -H g; without a pair, -g."""
        if not self._added:
            return -g
        self._entered = self._added
        newest = (self._added - 1) % len(self._pairs)
        return two_loops(self._pairs, self._SY, self._YY, len(self), newest, g)

    def pack(self) -> Snapshot:
        """Return a copy as plain data, slot by slot."""
        return {
            "pairs": self._pairs[: len(self)].copy(),
            "SY": self._SY.copy(),
            "YY": self._YY.copy(),
            "added": self._added,
            "entered": self._entered,
        }

    def unpack(self, packed: Snapshot) -> None:
        """Take over what was packed of a memory of the same size."""
        self._added, self._entered = packed["added"], packed["entered"]
        self._pairs[: len(self)] = packed["pairs"]
        self._SY[:], self._YY[:] = packed["SY"], packed["YY"]

    def clear(self) -> None:
        """Forget every pair."""
        self._added = self._entered = 0
