"""Many fits side by side: one thread each, stopped together, bounded by a deadline."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from threading import Event
from time import perf_counter
from typing import Any, Generic, TypeVar

from sklearn.exceptions import ConvergenceWarning

from layerlab._callbacks import Iteration, ProgressSink, Silent
from layerlab._guard import single_threaded_blas

__all__ = ["Budget", "Crew"]

T = TypeVar("T")


@dataclass(frozen=True)
class Budget:
    """Seconds that a run may take, asked only between fits.

    Attributes
    ----------
    seconds : float or None
        None: as many as the fixed list of work takes.
    began : float
        When the run began, by ``time.perf_counter``.
    """

    seconds: float | None = None
    began: float = field(default_factory=perf_counter)

    def left(self, share: float = 1.0) -> bool:
        """Return whether less than this share of the budget has been used."""
        return self.seconds is None or self.remaining(share) > 0

    def remaining(self, share: float = 1.0) -> float:
        """Return the seconds until this share of the budget has been used, negative after that."""
        if self.seconds is None:
            return inf
        return share * self.seconds - (perf_counter() - self.began)


class Crew:
    """Runs fits on some threads.

    Parameters
    ----------
    n_threads : int
    progress : ProgressSink, optional

    Notes
    -----
    Each fit runs on one thread and depends on its own seed alone, so results
    do not depend on how many run side by side. Ctrl-C lets every running fit
    stop after its iteration, and then goes on as KeyboardInterrupt.
    """

    def __init__(self, n_threads: int, progress: ProgressSink | None = None) -> None:
        self.n_threads = n_threads
        self.progress = progress or Silent()
        self._stop = Event()
        self._beside: set[Future[Any]] = set()

    def stopped(self, _iteration: Iteration) -> bool:
        """Return whether fits are to stop: the callback of each of them."""
        return self._stop.is_set()

    def run(
        self,
        title: str,
        tasks: Sequence[Callable[[], T]],
        go_on: Callable[[], bool] = lambda: True,
        at_least: int = 1,
    ) -> list[T | None]:
        """Run the tasks and return their results in order; None where the budget ended first.

        Parameters
        ----------
        title : str
            What the progress bar says.
        tasks : sequence of callables
        go_on : callable
            Asked before each task is begun, but for the first ones.
        at_least : int, default=1
            How many of the first tasks are begun without asking.
        """
        self.progress.stage(title, len(tasks))
        with self._pool() as pool:
            queue = _Queue(pool, tasks, go_on, at_least)
            return queue.drain(self.n_threads, self.progress.advance, self._beside)

    def run_one(self, title: str, task: Callable[[], T]) -> T:
        """Run one task off the main thread, so that Ctrl-C reaches this one, and return its result.

        Parameters
        ----------
        title : str
        task : callable
        """
        self.progress.stage(title, 1)
        with self._pool() as pool:
            result = pool.submit(task).result()
        self.progress.advance()
        return result

    @contextmanager
    def beside(self, task: Callable[[], T]) -> Iterator[Future[T]]:
        """Run one task beside those of the block: until it is done they have a thread less.

        Parameters
        ----------
        task : callable

        Yields
        ------
        result : Future
            Ask it inside the block, so that Ctrl-C reaches who waits.
        """
        if self.n_threads < 2:
            raise ValueError("A crew of one runs one task after the other.")
        with self._pool() as pool:
            future = pool.submit(task)
            self._beside.add(future)
            try:
                yield future
            finally:
                self._beside.discard(future)

    @contextmanager
    def _pool(self) -> Iterator[ThreadPoolExecutor]:
        """Give threads, and on any error tell the fits on them to stop before waiting for them."""
        with _quiet(), single_threaded_blas(), ThreadPoolExecutor(self.n_threads) as pool:
            try:
                yield pool
            except BaseException:
                self._stop.set()
                raise


class _Queue(Generic[T]):
    """Tasks handed to the pool one a free thread, so that a deadline can cut the rest off."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        tasks: Sequence[Callable[[], T]],
        go_on: Callable[[], bool],
        at_least: int,
    ) -> None:
        self.pool, self.tasks, self.go_on, self.at_least = pool, tasks, go_on, at_least
        self.results: list[T | None] = [None] * len(tasks)
        self.running: dict[Future[T], int] = {}
        self.next = 0

    def drain(
        self, n_threads: int, done: Callable[[], None], beside: Set[Future[Any]]
    ) -> list[T | None]:
        others = _unfinished(beside)
        self.fill(n_threads - len(others))
        while self.running:
            finished, _ = wait([*self.running, *others], return_when=FIRST_COMPLETED)
            for future in finished & self.running.keys():
                self.results[self.running.pop(future)] = future.result()
                done()
            others = _unfinished(others)
            self.fill(n_threads - len(others))
        return self.results

    def fill(self, n_threads: int) -> None:
        while self.next < len(self.tasks) and len(self.running) < n_threads:
            if self.next >= self.at_least and not self.go_on():
                self.next = len(self.tasks)
                return
            self.running[self.pool.submit(self.tasks[self.next])] = self.next
            self.next += 1


def _unfinished(futures: Iterable[Future[Any]]) -> set[Future[Any]]:
    """Return those that are not done."""
    return {future for future in futures if not future.done()}


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the warning of every fit that its iterations were capped: they all are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        yield
