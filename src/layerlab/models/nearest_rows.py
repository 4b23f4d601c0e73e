"""The nearest rows of some rows, on a stated number of them where all would take too long."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerlab._guard import single_threaded_blas
from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab.data.checks import NearestRows, Part
from layerlab.models.baselines import neighbour_scale

__all__ = ["NearSearch"]

N_NEAREST = 8
NARROW = 48  # directions of most variance, where there are more columns than that
CANDIDATES = (11, 24)  # measured again in all columns: of all columns, of the narrow rows
DISTANCES = 2e8  # about two seconds on two cores
AT_MOST = 1 << 26  # values of narrow rows in memory
SAMPLE = 4_000  # rows by which columns are made comparable and directions found
QUERIES, FIRST_RUN, LAST_RUN = 512, 2048, 16384  # rows at once
WITHIN, ACROSS, SCALE, SEARCHED = 101, 102, 103, 104  # keys of the streams


class NearSearch:
    """Finds the nearest rows of a part.

    Parameters
    ----------
    part : Part
        The rows that are searched: all of them, or as many, drawn at random, as memory holds.
    seed : int

    Notes
    -----
    Candidates are found among rows made narrow (their principal components) in float32, then
    measured in all columns in float64. Of many columns, a near row may be missed so, a nearly
    equal one not.
    """

    def __init__(self, part: Part, *, seed: int = 0) -> None:
        self.part, self.seed = part, seed
        self.view = _View.of(part.take(part.sample(SAMPLE, seed, SCALE)))
        searched = part.sample(AT_MOST // self.view.width, seed, SEARCHED)
        self.numbers = part.numbers[searched]
        self.narrow = np.empty((len(self.numbers), self.view.width), np.float32)
        for start, block in Part(part.data, self.numbers).blocks():
            self.narrow[start : start + len(block)] = self.view.narrow(block)
        self.squares = np.einsum("ij,ij->i", self.narrow, self.narrow)

    def nearest(self, of: Part | None = None, *, n: int | None = None) -> NearestRows:
        """Return the nearest rows of rows of the same part, none its own, or of another part.

        Parameters
        ----------
        of : Part, optional
            The rows whose nearest are wanted; by default those of the part itself.
        n : int, optional
            How many rows to draw; by default as many as a fixed amount of work allows.

        Returns
        -------
        nearest : NearestRows
        """
        asked, key = (self.part, WITHIN) if of is None else (of, ACROSS)
        n = n or max(1, int(DISTANCES / len(self.numbers)))
        queries = asked.numbers[asked.sample(n, self.seed, key)]
        k = min(N_NEAREST, len(self.numbers) - (of is None))
        found = [
            self._nearest(queries[start : start + QUERIES], k)
            for start in range(0, len(queries), QUERIES)
        ]
        neighbours, distances = (np.concatenate(values) for values in zip(*found, strict=True))
        return NearestRows(
            queries, neighbours, distances, self.view.spread, len(asked), len(self.numbers)
        )

    def _nearest(self, queries: IndexArray, k: int) -> tuple[IndexArray, Vector]:
        rows = self.part.data.rows[queries]
        Q = -2 * self.view.narrow(rows)
        own = self._places(queries)
        candidates = _Candidates(len(queries), min(self.view.candidates, len(self.numbers)))
        for run in _runs(len(self.numbers)):
            squares = Q @ self.narrow[run].T  # (q, b)
            squares += self.squares[run]  # |Q|² is the same for all of a row
            here = np.flatnonzero((run.start <= own) & (own < run.stop))
            squares[here, own[here] - run.start] = np.inf
            candidates.add(squares, run.start)
        return self._measured(queries, rows, candidates.places, k)

    def _places(self, queries: IndexArray) -> IndexArray:
        """Return where rows stand among those searched, -1 where they do not."""
        places = np.minimum(np.searchsorted(self.numbers, queries), len(self.numbers) - 1)
        return np.where(self.numbers[places] == queries, places, -1)

    def _measured(
        self, queries: IndexArray, rows: Array, places: IndexArray, k: int
    ) -> tuple[IndexArray, Vector]:
        """Return the k nearest of each row's candidates, measured in all columns."""
        candidates, distances = self.numbers[places], np.empty(places.shape)
        for i, others in enumerate(candidates):
            gap = (self.part.data.rows[others].astype(np.float64) - rows[i]) * self.view.scale
            distances[i] = np.sqrt(np.einsum("ij,ij->i", gap, gap))
        distances[(candidates == queries[:, None]) | (places < 0)] = np.inf
        order = np.lexsort((candidates, distances))[:, :k]
        return (
            np.take_along_axis(candidates, order, axis=1),
            np.take_along_axis(distances, order, axis=1),
        )


@dataclass(frozen=True, eq=False)
class _View:
    """What makes columns comparable, and rows narrow."""

    shift: Vector
    scale: Array | float
    axes: FloatArray | None  # (d, NARROW)
    spread: float

    @classmethod
    def of(cls, rows: Array) -> _View:
        scale: Array | float | None = neighbour_scale(rows)
        if scale is None:
            low, high = float(rows.min()), float(rows.max())
            scale = 1 / (high - low) if high > low else 1.0
        mapped = rows.astype(np.float64) * scale
        shift = mapped.mean(axis=0)
        spread = float(np.sqrt(2 * mapped.var(axis=0).sum()))
        return cls(shift, scale, _axes(mapped - shift), spread)

    @property
    def width(self) -> int:
        return len(self.shift) if self.axes is None else NARROW

    @property
    def candidates(self) -> int:
        return CANDIDATES[self.axes is not None]

    def narrow(self, rows: Array) -> FloatArray:
        mapped = (rows * np.asarray(self.scale, np.float64) - self.shift).astype(np.float32)
        return mapped if self.axes is None else mapped @ self.axes


def _axes(centred: FloatArray) -> FloatArray | None:
    """Return the directions of most variance, (d, NARROW); None where there are few columns."""
    n, d = centred.shape
    if d <= NARROW or n <= NARROW:
        return None
    with single_threaded_blas():  # or their bits depend on the number of threads
        if d <= n:
            values, vectors = np.linalg.eigh(centred.T @ centred)
            return np.ascontiguousarray(vectors[:, -NARROW:], np.float32)
        values, vectors = np.linalg.eigh(centred @ centred.T)  # (n, n)
        axes = centred.T @ vectors[:, -NARROW:]
        return np.asarray(axes / np.sqrt(np.maximum(values[-NARROW:], 1e-30)), np.float32)


class _Candidates:
    """The nearest so far, for each of q rows, by their places among those searched."""

    def __init__(self, q: int, k: int) -> None:
        self.squares = np.full((q, k), np.inf, np.float32)
        self.places = np.full((q, k), -1)  # none yet
        self.k = k

    def add(self, squares: FloatArray, start: int) -> None:
        """Take what is nearer than the farthest so far."""
        nearer = squares < self.squares.max(axis=1, keepdims=True)
        for i in np.flatnonzero(nearer.any(axis=1)):
            new = np.flatnonzero(nearer[i])
            values = np.concatenate([self.squares[i], squares[i, new]])
            places = np.concatenate([self.places[i], start + new])
            kept = np.argpartition(values, self.k - 1)[: self.k]
            self.squares[i], self.places[i] = values[kept], places[kept]


def _runs(n: int) -> Iterator[slice]:
    """Yield runs of growing length: soon hardly a row is nearer than those known."""
    start, length = 0, FIRST_RUN
    while start < n:
        yield slice(start, min(start + length, n))
        start, length = start + length, min(2 * length, LAST_RUN)
