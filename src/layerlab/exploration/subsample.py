"""Parts of rows drawn at random, class by class, and what has to be said of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import IndexArray

__all__ = ["FEWEST", "Stage", "Used", "draw_rows", "in_one_piece", "stratified_rows"]

# A limit on work never leaves fewer rows than this: figures from fewer would say little.
FEWEST = 2000
# Of a class, where it has them: folds need a few of each.
FEWEST_OF_CLASS = 4


class Stage(IntEnum):
    """What rows are drawn for. The numbers choose the stream: never renumber them."""

    CURVE = 0
    SEARCH = 1
    CHOICE = 2
    GROUPS = 3
    REFIT = 4
    NEIGHBOURS = 5
    TESTED = 6
    WATCHED = 7
    PRESET = 8
    PRESET_WATCHED = 9


@dataclass(frozen=True)
class Used:
    """How many rows a stage used.

    Attributes
    ----------
    rows, of : int
        Rows used, and rows there were.
    """

    rows: int
    of: int

    @property
    def all(self) -> bool:
        """Whether no row was left out."""
        return self.rows == self.of

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds."""
        return {"rows": self.rows, "of": self.of}


def stratified_rows(labels: IndexArray, n: int, seed: int, stage: Stage) -> IndexArray:
    """Return n rows at random, of each class as large a share as it has, and a few at least.

    Parameters
    ----------
    labels : ndarray of shape (m,)
        Class indices.
    n : int
        All rows where that is m or more; never fewer than `FEWEST`.
    seed : int
    stage : Stage

    Returns
    -------
    rows : ndarray of intp
        Ascending, so that rows that were neighbours stay in their order.
    """
    m, n = len(labels), max(n, FEWEST)
    if n >= m:
        return np.arange(m)
    random = stream(seed, Purpose.SUBSAMPLE, stage)
    counts = np.bincount(labels)
    by_class = np.split(np.argsort(labels, kind="stable"), np.cumsum(counts)[:-1])
    chosen = [
        random.choice(rows, size, replace=False)
        for rows, size in zip(by_class, _shares(counts, n), strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def draw_rows(m: int, n: int, seed: int, stage: Stage) -> IndexArray:
    """Return n of m rows at random, whatever their classes, ascending; never fewer than `FEWEST`.

    Test rows are drawn so: their labels are not to be read before they are scored.
    """
    n = max(n, FEWEST)
    if n >= m:
        return np.arange(m)
    return np.sort(stream(seed, Purpose.SUBSAMPLE, stage).choice(m, n, replace=False))


def in_one_piece(rows: IndexArray) -> IndexArray | slice:
    """Return ascending rows as a slice where none is left out between them: that copies nothing."""
    first, last = int(rows[0]), int(rows[-1])
    return slice(first, last + 1) if last - first + 1 == len(rows) else rows


def _shares(counts: IndexArray, n: int) -> IndexArray:
    """Return how many of each class: its share of n, what is left over to the largest rests."""
    exact = counts * (n / counts.sum())
    sizes = np.floor(exact).astype(np.intp)
    rest = np.argsort(sizes - exact, kind="stable")[: n - int(sizes.sum())]
    sizes[rest] += 1
    return np.asarray(np.minimum(np.maximum(sizes, FEWEST_OF_CLASS), counts))
