"""Ctrl-C and SIGTERM while a run is kept: finish the step, save, stop."""

from __future__ import annotations

import signal
import threading
from _thread import interrupt_main
from types import FrameType, TracebackType
from typing import Any

__all__ = ["NotedSignals", "Stopped"]

NOTED = (signal.SIGINT, signal.SIGTERM)
GRACE = 3.0  # seconds that a step may take to its end


class Stopped(Exception):
    """A signal asked to stop, and the state was saved: leaves the minimiser."""


class NotedSignals:
    """Notes SIGINT and SIGTERM within its block, and passes them on at its end.

    In the main thread alone: elsewhere nothing is installed. A second signal,
    or a step that is not done within three seconds, raises KeyboardInterrupt at
    once. At the end the handlers from before are back and are given what came; should
    they go on as if nothing had been, KeyboardInterrupt is raised for SIGINT
    and ``SystemExit(143)`` for SIGTERM.

    Attributes
    ----------
    came : int or None
        The signal that came.
    """

    def __init__(self) -> None:
        self.came: int | None = None
        self._previous: dict[int, Any] = {}
        self._timer: threading.Timer | None = None

    def __enter__(self) -> NotedSignals:
        if threading.current_thread() is threading.main_thread():
            for number in NOTED:
                before = signal.getsignal(number)
                # nohup and jobs in the background ignore them; None is a handler not of Python's.
                if before not in (signal.SIG_IGN, None):
                    self._previous[number] = before
                    signal.signal(number, self._note)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self.in_time()
        for number, before in self._previous.items():
            signal.signal(number, before)
        if self.came is not None and (
            kind is None or issubclass(kind, Stopped | KeyboardInterrupt)
        ):
            self._pass_on(self.came)

    def in_time(self) -> None:
        """Say that the step is done: what follows may take as long as it takes."""
        if self._timer is not None:
            self._timer.cancel()

    def _note(self, number: int, _frame: FrameType | None) -> None:
        if self.came is not None:
            raise KeyboardInterrupt
        self.came = number
        self._timer = threading.Timer(GRACE, interrupt_main, (number,))
        self._timer.daemon = True
        self._timer.start()

    def _pass_on(self, number: int) -> None:
        before = self._previous[number]
        if callable(before):
            before(number, None)
        raise KeyboardInterrupt if number == signal.SIGINT else SystemExit(128 + number)
