"""What keeps libraries to one thread while anything of ours is computed.

A BLAS that splits our small products over threads of its own is several times
slower, and its bits may then depend on how many it found. The same holds of
OpenMP beneath a neighbour search, whose threads wait by spinning: beside one
busy core it was seen to be a hundred times slower.

The limit on the BLAS holds for the process. The first one in sets it and the
last one out restores what was there, so that two fits in two threads do not
undo each other's.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from threadpoolctl import OpenBLASController, ThreadpoolController

__all__ = ["single_threaded_blas", "single_threaded_openmp"]


class _Libraries:
    """The loaded libraries, looked for again only where modules have been imported since.

    Finding them takes milliseconds, and another library comes with an import.
    """

    def __init__(self) -> None:
        self.n_modules = 0
        self.found: Any = None

    def controller(self) -> Any:
        n_modules = len(sys.modules)
        if n_modules != self.n_modules:
            self.found, self.n_modules = ThreadpoolController(), n_modules
        return self.found

    def blas(self) -> list[Any]:
        return [each for each in self.controller().lib_controllers if each.user_api == "blas"]


class _Guard:
    """Counts who is inside.

    Libraries are asked and set one by one: threadpoolctl's own limit describes all of them each
    time, which takes as long as an evaluation, and restores OpenMP's for the thread that leaves.
    """

    def __init__(self) -> None:
        self.lock = Lock()
        self.inside = 0
        self.outside: list[tuple[Any, int | None]] = []  # each library with its threads

    def enter(self) -> None:
        with self.lock:
            if self.inside == 0:
                self.outside = [(each, each.get_num_threads()) for each in _libraries.blas()]
                _set_threads((library, 1) for library, _ in self.outside)
            self.inside += 1

    def leave(self) -> None:
        with self.lock:
            self.inside -= 1
            if self.inside == 0:
                _set_threads(self.outside)
                _free_control()


def _set_threads(wanted: Iterable[tuple[Any, int | None]]) -> None:
    _free_control()
    for library, n_threads in wanted:
        library.set_num_threads(n_threads)


def _free_control() -> None:
    """Let the thread that runs this set limits.

    Since 3.8 threadpoolctl obeys the first thread that set a limit, and ignores every other
    without a word. But our first one in and last one out may be two threads, and a fit in any
    thread needs its limit.
    """
    free = getattr(OpenBLASController, "clear_controlling_thread", None)
    if free is not None:
        free(force=True)


_libraries, _guard = _Libraries(), _Guard()


@contextmanager
def single_threaded_blas() -> Iterator[None]:
    """Keep the BLAS to one thread inside the block; may be nested and shared by threads."""
    _guard.enter()
    try:
        yield
    finally:
        _guard.leave()


@contextmanager
def single_threaded_openmp() -> Iterator[None]:
    """Keep the BLAS and, for the calling thread alone, OpenMP to one thread inside the block.

    OpenMP keeps a number for each thread that asks, so there is nothing to count.
    """
    with single_threaded_blas(), _libraries.controller().limit(limits=1, user_api="openmp"):
        yield
