"""A minimisation whose state is kept on disk, and which goes on from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any, TypeAlias

import numpy as np

from layerlab._callbacks import Callback, Keeper, Snapshot, close_callback
from layerlab._checkpoint import Checkpoint, KeptRun, NotedSignals
from layerlab.solvers.solution import History, Solution, Stats, Status

__all__ = ["Minimise", "run_kept"]

Minimise: TypeAlias = Callable[[Keeper | None, Callback | None], Solution]
"""Minimises with this keeper and this callback."""


def run_kept(
    checkpoint: Checkpoint | None,
    context: Mapping[str, Any],
    minimise: Minimise,
    callback: Callback | None = None,
) -> Solution:
    """Minimise, going on from what is kept, and keep the end.

    A run that is finished is not run again: its end is returned, bit for bit, and the
    callback is given back the state it ended with.

    Parameters
    ----------
    checkpoint : Checkpoint or None
        None keeps nothing.
    context : mapping of str to Any
        What the bits of the result depend on; see `Checkpoint.begin`.
    minimise : callable (keeper, callback) -> Solution
        Called once at most.
    callback : callable, optional
        May be `Resumable` and `Closing`.

    Raises
    ------
    CheckpointError
        If the folder cannot be used, or holds nothing that can be read.
    DataError, ParameterError
        If the run in it was begun with other data or settings.
    KeyboardInterrupt, SystemExit
        If SIGINT or SIGTERM came in the main thread, after the step was done and saved.
    """
    with ExitStack() as at_end:
        at_end.callback(close_callback, callback)
        if checkpoint is None:
            return minimise(None, callback)
        run = checkpoint.begin(context, callback)
        return _run(run, minimise) if run.end is None else _unpack(run.end)


def _run(run: KeptRun, minimise: Minimise) -> Solution:
    with NotedSignals() as run.signals:
        solution = minimise(run, run.told)
        run.signals.in_time()
        if solution.status is Status.INTERRUPTED:
            run.save_held()
        else:
            run.finish(_pack(solution))
    return solution


def _pack(solution: Solution) -> Snapshot:
    return {
        "theta": solution.theta,
        "cost": solution.cost,
        "gradient": solution.gradient,
        "status": solution.status.name,
        "stats": asdict(solution.stats),
    }


def _unpack(packed: Snapshot) -> Solution:
    theta, gradient = (np.array(packed[name], np.float64) for name in ("theta", "gradient"))
    stats = Stats(**{**packed["stats"], "history": History(**packed["stats"]["history"])})
    return Solution(theta, packed["cost"], gradient, Status[packed["status"]], stats)
