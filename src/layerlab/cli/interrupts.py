"""What Ctrl-C and SIGTERM do: at first they end the process, in a run they raise."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from types import FrameType

__all__ = ["INTERRUPTED", "TERMINATED", "Terminated", "leave_at_once", "raise_interrupts"]

INTERRUPTED, TERMINATED = 130, 143
Handler = Callable[[int, FrameType | None], None]


class Terminated(KeyboardInterrupt):
    """SIGTERM came: the same way out as Ctrl-C."""


def leave_at_once() -> None:
    """Let both end the process with one line, for as long as there is nothing to tidy up.

    While modules are imported an exception would not do: some of them swallow it, or turn it
    into another.
    """
    _handle(signal.SIGINT, _leave_interrupted)
    _handle(signal.SIGTERM, _leave_terminated)


def raise_interrupts() -> None:
    """Let both raise KeyboardInterrupt, so that a run can stop its fits and mark its folder."""
    _handle(signal.SIGINT, signal.default_int_handler)
    _handle(signal.SIGTERM, _terminate)


def _handle(number: signal.Signals, handler: Handler) -> None:
    if signal.getsignal(number) != signal.SIG_IGN:  # nohup, or a job in the background
        signal.signal(number, handler)


def _leave_interrupted(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"Interrupted.\n")
    os._exit(INTERRUPTED)


def _leave_terminated(_number: int, _frame: FrameType | None) -> None:
    os.write(2, b"Terminated.\n")
    os._exit(TERMINATED)


def _terminate(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
