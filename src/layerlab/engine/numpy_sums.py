"""Sums over row blocks by NumPy: the readable path, and the reference of the compiled one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_blas
from layerlab._typing import Array, IndexArray, Vector
from layerlab.engine.plan import RowPlan, add_tree, plan_rows
from layerlab.engine.terms import Terms
from layerlab.engine.threads import LaneThreads
from layerlab.network import (
    Draws,
    Layers,
    Workspace,
    add_decay,
    block_cost,
    block_curvature,
    block_gradient,
    penalty,
)
from layerlab.network.propagation import workspace_floats

__all__ = ["NumpySums"]

# Below this many multiplications a second thread costs more than it saves.
THREAD_WORTH = 2_000_000


class NumpySums:
    """Cost, gradient and Gauss–Newton product of the terms, block by block.

    Parameters
    ----------
    terms : Terms
    n_threads : int
    """

    def __init__(self, terms: Terms, n_threads: int) -> None:
        self.terms = terms
        self._threads = LaneThreads(n_threads)
        self._works: dict[int, Workspace] = {}
        self._multiplications = 3 * terms.network.layout.n_weights

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None,
        key: int | None = None,
        X: Array | None = None,
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient; ``X`` is what stands in for these rows, if anything."""
        lanes = _Lanes(self, theta, rows, key, X, sums=True)
        self._run(lanes, lanes.add_gradient)
        return self._with_penalty(theta, lanes)

    def cost(
        self,
        theta: Vector,
        rows: IndexArray | None,
        key: int | None = None,
        X: Array | None = None,
    ) -> float:
        """Return the cost alone."""
        lanes = _Lanes(self, theta, rows, key, X, sums=False)
        self._run(lanes, lanes.add_cost)
        return lanes.total_cost() + self._penalty(theta)

    def curvature(self, theta: Vector, v: Vector, rows: IndexArray | None) -> Vector:
        """Return the Gauss–Newton matrix of the cost at ``theta``, times ``v``."""
        lanes = _Lanes(self, theta, rows, None, None, sums=True)
        direction = self.terms.network.layout.split(np.asarray(v, self.terms.dtype))
        self._run(lanes, lambda lane, worker: lanes.add_curvature(lane, worker, direction))
        product = add_tree(lanes.sums)
        split = self.terms.network.layout.split
        add_decay(split(product), split(v), self.terms.alpha / self.terms.total)
        return product

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()

    def _run(self, lanes: _Lanes, task: Callable[[int, int], None]) -> None:
        worth = lanes.n_rows * self._multiplications >= THREAD_WORTH

        def quiet_task(lane: int, worker: int) -> None:
            # A logit may overflow where a line search steps too far; the cost then says so.
            with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
                task(lane, worker)

        n_threads = self._threads.n_threads if worth else 1
        with single_threaded_blas():
            self._threads.run(quiet_task, lanes.plan.n_lanes, n_threads)

    def _work(self, worker: int, n_rows: int) -> Workspace:
        """Return the worker's buffers, made at its first block and grown when blocks grow."""
        work = self._works.get(worker)
        if work is None or len(work.A[0]) < n_rows:
            work = self._works[worker] = Workspace(self.terms.network, n_rows, self.terms.dtype)
        return work

    def _with_penalty(self, theta: Vector, lanes: _Lanes) -> tuple[float, Vector]:
        gradient = add_tree(lanes.sums)
        self._add_decay(gradient, theta)
        return lanes.total_cost() + self._penalty(theta), gradient

    def _penalty(self, theta: Vector) -> float:
        layers, l1 = self.terms.network.layout.split(theta), self.terms.regularisation.l1
        m = self.terms.total
        return float(penalty(layers, self.terms.alpha / m, l1 / m))

    def _add_decay(self, gradient: Vector, theta: Vector) -> None:
        split, l1 = self.terms.network.layout.split, self.terms.regularisation.l1
        m = self.terms.total
        add_decay(split(gradient), split(theta), self.terms.alpha / m, l1 / m)


class _Lanes:
    """One call: its rows, its plan, and what each lane has added up so far."""

    def __init__(
        self,
        owner: NumpySums,
        theta: Vector,
        rows: IndexArray | None,
        key: int | None,
        X: Array | None,
        *,
        sums: bool,
    ) -> None:
        self.X = X
        self.owner, self.terms, self.rows, self.key = owner, owner.terms, rows, key
        self.smoothing = self.terms.regularisation.label_smoothing
        self.network = self.terms.network
        self.n_rows, self.m = self.terms.size(rows)
        widths, dtype = self.network.widths, self.terms.dtype
        self.plan: RowPlan = plan_rows(self.n_rows, workspace_floats(widths), dtype.itemsize)
        self.layers: Layers = self.network.layout.split(np.asarray(theta, dtype))
        n_lanes = self.plan.n_lanes
        self.costs = np.zeros(n_lanes)
        self.sums = np.zeros((n_lanes, self.network.layout.n_weights)) if sums else self.costs

    def add_gradient(self, lane: int, worker: int) -> None:
        block = np.empty(self.network.layout.n_weights, self.terms.dtype)
        parts = self.network.layout.split(block)
        for work, y, weights, draws in self._blocks(lane, worker):
            self.costs[lane] += block_gradient(
                self.network, self.layers, work, y, weights, parts, self.smoothing, draws
            )
            self.sums[lane] += block

    def add_cost(self, lane: int, worker: int) -> None:
        for work, y, weights, draws in self._blocks(lane, worker):
            self.costs[lane] += block_cost(
                self.network, self.layers, work, y, weights, self.smoothing, draws
            )

    def add_curvature(self, lane: int, worker: int, direction: Layers) -> None:
        block = np.empty(self.network.layout.n_weights, self.terms.dtype)
        parts = self.network.layout.split(block)
        for work, _, weights, _ in self._blocks(lane, worker):
            block_curvature(self.network, self.layers, direction, work, weights, parts)
            self.sums[lane] += block

    def total_cost(self) -> float:
        return float(add_tree(self.costs))

    def _blocks(self, lane: int, worker: int) -> Any:
        """Yield (work memory holding the mapped rows, labels, weights, draws) for each block."""
        buffers = self.owner._work(worker, self.plan.block_rows)
        for block in self.plan.lane(lane):
            rows = block if self.rows is None else self.rows[block]
            X = self.terms.X[rows] if self.X is None else self.X[block]
            y = self.terms.y[rows]
            work = buffers.rows(len(X))
            self.terms.input_map.write(X, work.A[0])
            yield work, y, self._weights(rows, len(X)), self._draws(rows)

    def _draws(self, rows: Any) -> Draws | None:
        if isinstance(rows, slice):
            rows = np.arange(rows.start, rows.stop)
        return self.terms.draws(self.key, rows)

    def _weights(self, rows: Any, n: int) -> Array:
        w = self.terms.sample_weight
        if w is None:
            return np.full(n, 1 / self.m, self.terms.dtype)
        return np.asarray(w[rows] / self.m, self.terms.dtype)
