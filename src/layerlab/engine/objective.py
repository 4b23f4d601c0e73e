"""The cost of a network over many rows, as a sum over blocks of rows."""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_blas
from layerlab._typing import Array, FloatArray, IndexArray, Vector
from layerlab._validation import check_real
from layerlab.engine.plan import RowPlan, add_tree, plan_rows
from layerlab.engine.threads import LaneThreads, effective_threads
from layerlab.network import (
    InputMap,
    Layers,
    Network,
    Workspace,
    add_decay,
    block_cost,
    block_curvature,
    block_gradient,
    penalty,
)
from layerlab.network.propagation import workspace_floats

__all__ = ["RowObjective"]

# Below this many multiplications a second thread costs more than it saves.
THREAD_WORTH = 2_000_000


class RowObjective:
    """Cost, gradient and Gauss–Newton product of a network over rows.

    Cost = Σ w_i · cost_i / Σ w_i + α / (2 Σ w_i) · ΣW², with w_i = 1 where no
    weights are given; biases carry no penalty.

    Parameters
    ----------
    network : Network
    X : ndarray of shape (m, n_features)
        Rows as they came, of any real dtype; they are cast and mapped block by
        block, and never copied whole.
    y : ndarray of shape (m,)
        Class indices.
    sample_weight : ndarray of shape (m,), optional
    alpha : float
    input_map : InputMap, optional
        By default rows go in as they are.
    dtype : float32 or float64
        What blocks are computed in. Costs and sums over blocks are float64.
    n_threads : int or None
        The bits of every result are the same for any number.

    Notes
    -----
    Work memory is a block's activations a thread and one gradient a lane,
    whatever m. Use it as a context manager, or call `close`, to let the
    threads go.
    """

    def __init__(
        self,
        network: Network,
        X: Array,
        y: IndexArray,
        *,
        sample_weight: FloatArray | None = None,
        alpha: float = 0.0,
        input_map: InputMap | None = None,
        dtype: Any = np.float64,
        n_threads: int | None = None,
    ) -> None:
        self.network = network
        self.alpha = check_real("alpha", alpha, 0)
        self.dtype = np.dtype(dtype)
        self._X, self._y, self._w = X, y, sample_weight
        self.input_map = InputMap.identity(X.shape[1]) if input_map is None else input_map
        self._threads = LaneThreads(effective_threads(n_threads))
        self._works: dict[int, Workspace] = {}
        self._multiplications = 3 * network.layout.n_weights

    def evaluate(
        self,
        theta: Vector,
        rows: IndexArray | None = None,
        key: int | None = None,  # noqa: ARG002
    ) -> tuple[float, Vector]:
        """Return the cost and its gradient.

        Parameters
        ----------
        theta : ndarray of shape (n_weights,)
        rows : ndarray of int, optional
            The rows to sum over; by default all.
        key : int, optional
            Fixes the randomness of the call. This objective has none.

        Returns
        -------
        cost : float
        gradient : ndarray of shape (n_weights,), float64
        """
        lanes = _Lanes(self, theta, rows, sums=True)
        self._run(lanes, lanes.add_gradient)
        return self._with_penalty(theta, lanes)

    def cost(self, theta: Vector, rows: IndexArray | None = None) -> float:
        """Return the cost alone, for about a third of the work."""
        lanes = _Lanes(self, theta, rows, sums=False)
        self._run(lanes, lanes.add_cost)
        return lanes.total_cost() + self._penalty(theta, lanes.m)

    def curvature(self, theta: Vector, v: Vector, rows: IndexArray | None = None) -> Vector:
        """Return the Gauss–Newton matrix of the cost at ``theta``, times ``v``."""
        lanes = _Lanes(self, theta, rows, sums=True)
        direction = self.network.layout.split(np.asarray(v, self.dtype))
        self._run(lanes, lambda lane, worker: lanes.add_curvature(lane, worker, direction))
        product = add_tree(lanes.sums)
        self._add_decay(product, v, lanes.m)
        return product

    def close(self) -> None:
        """Let the threads go."""
        self._threads.close()

    def __enter__(self) -> RowObjective:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.close()

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
            work = self._works[worker] = Workspace(self.network, n_rows, self.dtype)
        return work

    def _with_penalty(self, theta: Vector, lanes: _Lanes) -> tuple[float, Vector]:
        gradient = add_tree(lanes.sums)
        self._add_decay(gradient, theta, lanes.m)
        return lanes.total_cost() + self._penalty(theta, lanes.m), gradient

    def _penalty(self, theta: Vector, m: float) -> float:
        return float(penalty(self.network.layout.split(theta), self.alpha / m))

    def _add_decay(self, gradient: Vector, theta: Vector, m: float) -> None:
        split = self.network.layout.split
        add_decay(split(gradient), split(theta), self.alpha / m)


class _Lanes:
    """One call: its rows, its plan, and what each lane has added up so far."""

    def __init__(
        self, objective: RowObjective, theta: Vector, rows: IndexArray | None, *, sums: bool
    ) -> None:
        self.objective, self.rows = objective, rows
        self.network = objective.network
        weights = objective._w if rows is None or objective._w is None else objective._w[rows]
        self.n_rows = len(objective._X) if rows is None else len(rows)
        self.m = float(self.n_rows if weights is None else weights.sum())
        widths, dtype = self.network.widths, objective.dtype
        self.plan: RowPlan = plan_rows(self.n_rows, workspace_floats(widths), dtype.itemsize)
        self.layers: Layers = self.network.layout.split(np.asarray(theta, dtype))
        n_lanes = self.plan.n_lanes
        self.costs = np.zeros(n_lanes)
        self.sums = np.zeros((n_lanes, self.network.layout.n_weights)) if sums else self.costs

    def add_gradient(self, lane: int, worker: int) -> None:
        block = np.empty(self.network.layout.n_weights, self.objective.dtype)
        parts = self.network.layout.split(block)
        for work, y, weights in self._blocks(lane, worker):
            cost = block_gradient(self.network, self.layers, work, y, weights, parts)
            self.costs[lane] += cost
            self.sums[lane] += block

    def add_cost(self, lane: int, worker: int) -> None:
        for work, y, weights in self._blocks(lane, worker):
            self.costs[lane] += block_cost(self.network, self.layers, work, y, weights)

    def add_curvature(self, lane: int, worker: int, direction: Layers) -> None:
        block = np.empty(self.network.layout.n_weights, self.objective.dtype)
        parts = self.network.layout.split(block)
        for work, _, weights in self._blocks(lane, worker):
            block_curvature(self.network, self.layers, direction, work, weights, parts)
            self.sums[lane] += block

    def total_cost(self) -> float:
        return float(add_tree(self.costs))

    def _blocks(self, lane: int, worker: int) -> Any:
        """Yield (work memory holding the mapped rows, labels, weights) for each block."""
        buffers = self.objective._work(worker, self.plan.block_rows)
        for block in self.plan.lane(lane):
            rows = block if self.rows is None else self.rows[block]
            X, y = self.objective._X[rows], self.objective._y[rows]
            work = buffers.rows(len(X))
            self.objective.input_map.write(X, work.A[0])
            yield work, y, self._weights(rows, len(X))

    def _weights(self, rows: Any, n: int) -> Array:
        w = self.objective._w
        if w is None:
            return np.full(n, 1 / self.m, self.objective.dtype)
        return np.asarray(w[rows] / self.m, self.objective.dtype)
