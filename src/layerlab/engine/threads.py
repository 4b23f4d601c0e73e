"""The threads that share a sum: how many there may be, and how lanes are spread over them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache
from itertools import count
from typing import Any

import joblib
from joblib.parallel import get_active_backend

from layerlab._validation import check_integer

__all__ = ["LaneThreads", "effective_threads"]


def effective_threads(n_threads: int | None = None) -> int:
    """Return how many threads to use.

    Parameters
    ----------
    n_threads : int or None
        Exactly this many, or for None one a processor this process may use,
        at most ``OMP_NUM_THREADS`` where that is set, and one inside a worker
        of joblib, whose siblings have the other processors.

    Raises
    ------
    ParameterError
        If it is no positive integer.
    """
    if n_threads is not None:
        return check_integer("n_threads", n_threads, 1)
    if get_active_backend()[0].nesting_level:
        return 1
    return min(_processors(_allowed(), os.environ.get("LOKY_MAX_CPU_COUNT")), _openmp_limit())


@lru_cache
def _processors(allowed: frozenset[int], limit: str | None) -> int:  # noqa: ARG001
    """Return how many are allowed, or fewer where the system gives less time or joblib is limited.

    Joblib reads that from files, which takes as long as a few evaluations do.
    """
    return int(joblib.cpu_count())


def _allowed() -> frozenset[int]:
    asked = getattr(os, "sched_getaffinity", None)
    return frozenset(asked(0) if asked else ())


def _openmp_limit() -> int:
    wanted = os.environ.get("OMP_NUM_THREADS", "").split(",")[0].strip()
    return int(wanted) if wanted.isdigit() and int(wanted) else MANY


MANY = 1 << 16


class LaneThreads:
    """Runs one task a lane on some threads, the caller's own among them.

    Parameters
    ----------
    n_threads : int

    Notes
    -----
    Which thread takes which lane is left to chance; results may not depend on
    it. Threads are started at the first call that needs them.
    """

    def __init__(self, n_threads: int) -> None:
        self.n_threads = n_threads
        self._pool: ThreadPoolExecutor | None = None

    def run(self, task: Callable[[int, int], Any], n_lanes: int, n_threads: int) -> None:
        """Call ``task(lane, worker)`` for every lane, on at most ``n_threads`` threads.

        ``worker`` numbers the thread, so that each can have work memory of its own.
        """
        lanes = count()  # next() on it is atomic
        n_workers = min(n_lanes, n_threads, self.n_threads)
        helpers = [
            self._executor().submit(_work, task, lanes, n_lanes, worker)
            for worker in range(1, n_workers)
        ]
        try:
            _work(task, lanes, n_lanes, 0)
        finally:
            wait(helpers)  # also after Ctrl-C: the helpers write into memory of ours
        for helper in helpers:
            helper.result()

    def close(self) -> None:
        """Let the threads go."""
        if self._pool is not None:
            self._pool.shutdown()
            self._pool = None

    def _executor(self) -> ThreadPoolExecutor:
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.n_threads - 1, thread_name_prefix="layerlab")
        return self._pool


def _work(task: Callable[[int, int], Any], lanes: Iterator[int], n_lanes: int, worker: int) -> None:
    for lane in lanes:
        if lane >= n_lanes:
            return
        task(lane, worker)
