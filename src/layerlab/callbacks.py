"""Ready callbacks: progress, a log, a limit of time, and several at once.

A callback is called with an `Iteration` after each; returning True ends the fit.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable
from io import FileIO
from math import isfinite
from pathlib import Path
from typing import Any

from layerlab._callbacks import (
    Callback,
    Iteration,
    Snapshot,
    close_callback,
    member_callback,
    pack_callback,
    unpack_callback,
)
from layerlab._validation import check_real, refuse
from layerlab.errors import ParameterError

__all__ = ["Callbacks", "LogToJSONL", "ShowProgress", "StopAtTime"]

BAR = 24  # columns
TOGETHER = 0.1  # seconds of lines that are written at once; a write may take 0.2 ms
REDRAW = 0.25  # seconds; drawing takes about a millisecond


class Callbacks:
    """Several callbacks as one: each is told every iteration, and any may ask to stop.

    Parameters
    ----------
    callbacks : iterable of callable
        Told in this order.

    Attributes
    ----------
    score : float or None
        The first one's that has a score.
    """

    def __init__(self, callbacks: Iterable[Callback]) -> None:
        self.callbacks = list(callbacks)
        for callback in self.callbacks:
            if not callable(callback):
                raise refuse("callbacks", "callables that take an Iteration", callback)

    def __call__(self, iteration: Iteration) -> bool:
        """Tell all, and return whether any asks to stop."""
        answers = [callback(iteration) for callback in self.callbacks]
        return any(answers)

    def of_member(self, number: int) -> Callbacks:
        """Return the callbacks of one network of several, counted from 0."""
        own = [member_callback(callback, number) for callback in self.callbacks]
        return Callbacks(callback for callback in own if callback is not None)

    @property
    def score(self) -> float | None:
        """What the weights are compared by, the lower the better."""
        scores = (getattr(callback, "score", None) for callback in self.callbacks)
        return next((score for score in scores if score is not None), None)

    def pack(self) -> Snapshot:
        """Return the state of each that has one."""
        return {"each": list(map(pack_callback, self.callbacks))}

    def unpack(self, packed: Snapshot) -> None:
        """Give each its state back.

        Raises
        ------
        ParameterError
            If there are more or fewer than there were.
        """
        states = packed["each"]
        if len(states) != len(self.callbacks):
            raise ParameterError(
                f"The fit was begun with {len(states)} callbacks and has {len(self.callbacks)} "
                "now. Give the same to go on with it."
            )
        for callback, state in zip(self.callbacks, states, strict=True):
            unpack_callback(callback, state)

    def close(self) -> None:
        """Tell each that the fit is over."""
        for callback in self.callbacks:
            close_callback(callback)


class StopAtTime:
    """Ends the fit at the first iteration that is done after this time.

    Parameters
    ----------
    seconds : float
        Of the fit; of one that is resumed, of all its parts together.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = check_real("seconds", seconds, 0, open_low=True)

    def __call__(self, iteration: Iteration) -> bool:
        """Return whether the time is over."""
        return iteration.seconds >= self.seconds


class LogToJSONL:
    """Writes a line of JSON an iteration: all of `Iteration` but theta.

    A line is in the file before the next iteration begins; of iterations that take less
    than a tenth of a second, the lines of such a time are written together. The file
    of an earlier fit is replaced; a fit that is resumed from a checkpoint goes on with
    its own, without the lines of iterations that are done once more. Numbers that are
    not finite are written as null. Each network of an ensemble has a file of its own,
    ``fit-member-1.jsonl`` and so on where ``path`` is ``fit.jsonl``.

    Parameters
    ----------
    path : path
        Its folder must exist.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        self._size = 0  # bytes of the lines written so far
        self._waiting: list[dict[str, Any]] = []
        self._written = 0.0  # when lines were written last, in seconds of the fit
        self._file: FileIO | None = None

    def __call__(self, iteration: Iteration) -> None:
        """Write a line."""
        # Texts are made when they are written: many at once take a fraction of the time.
        self._waiting.append({**vars(iteration), "theta": None})
        if not 0 <= iteration.seconds - self._written < TOGETHER:
            self._written = iteration.seconds
            self._write()

    def of_member(self, number: int) -> LogToJSONL:
        """Return the log of one network of several, counted from 0, in a file of its own."""
        name = f"{self.path.stem}-member-{number + 1}{self.path.suffix}"
        return LogToJSONL(self.path.with_name(name))

    def pack(self) -> Snapshot:
        """Return how long the file is."""
        self._write()
        return {"size": self._size}

    def unpack(self, packed: Snapshot) -> None:
        """Cut the file to what it was; one that is shorter loses a line that is not whole."""
        self.close()
        if self.path.exists():
            with open(self.path, "r+b") as file:
                kept = file.read(packed["size"])
                self._size = kept.rfind(b"\n") + 1
                file.truncate(self._size)

    def close(self) -> None:
        """Close the file; a fit after this one replaces it."""
        self._write()
        self._size, self._written = 0, 0.0
        if self._file is not None:
            self._file.close()
            self._file = None

    def __del__(self) -> None:
        self.close()

    def _write(self) -> None:
        if not self._waiting:
            return
        if self._file is None:
            self._file = FileIO(self.path, "ab" if self._size else "wb")
        lines = "".join(map(_line, self._waiting))
        self._waiting.clear()
        self._size += self._file.write(lines.encode())

    def __getstate__(self) -> dict[str, Any]:
        """Return what a copy takes over: not the open file."""
        self._write()
        return {**vars(self), "_file": None}


def _line(fields: dict[str, Any]) -> str:
    shown = {name: _finite(value) for name, value in fields.items() if name != "theta"}
    return json.dumps(shown, allow_nan=False) + "\n"


def _finite(value: Any) -> Any:
    return value if not isinstance(value, float) or isfinite(value) else None


class ShowProgress:
    """Shows how far a fit is, on stderr: a bar in a terminal, lines elsewhere.

    With the cost, iterations a second and the time left; how long is left is known
    where the number of iterations is, and is less where the fit converges before.

    Parameters
    ----------
    every : float, default=10.0
        Seconds from line to line where there is no terminal. The bar moves four times a second.
    """

    def __init__(self, every: float = 10.0) -> None:
        self.every = check_real("every", every, 0)
        self._first: tuple[int, float] | None = None
        self._shown = 0.0  # when something was shown last, in seconds of the fit
        self._drawn = False

    def __call__(self, iteration: Iteration) -> None:
        """Show the iteration, if it is time."""
        if self._first is None:
            self._first = (iteration.n_iter, iteration.seconds)
            self._shown = iteration.seconds
        terminal = sys.stderr.isatty()
        last = iteration.n_iter == iteration.max_iter
        if last or iteration.seconds - self._shown >= (REDRAW if terminal else self.every):
            self._shown = iteration.seconds
            self._draw(iteration) if terminal else self._print(iteration)

    def close(self) -> None:
        """End the bar's line."""
        if self._drawn:
            sys.stderr.write("\n")
        self._first, self._drawn = None, False

    def _print(self, iteration: Iteration) -> None:
        sys.stderr.write(self._text(iteration) + "\n")
        sys.stderr.flush()

    def _draw(self, iteration: Iteration) -> None:
        """Draw over the line before.

        Not Rich's live display: it needs an end, or the cursor stays hidden.
        """
        from rich.console import Console
        from rich.progress_bar import ProgressBar
        from rich.segment import Segment, Segments

        console = Console(stderr=True)
        bar = ProgressBar(iteration.max_iter or 1, iteration.n_iter, width=BAR)
        room = max(1, console.width - BAR - 2)  # the last column would begin a new line
        text = self._text(iteration)[:room].ljust(room)
        segments = [Segment("\r"), *console.render(bar), Segment(" " + text)]
        console.print(Segments(segments), end="")
        self._drawn = True

    def _text(self, iteration: Iteration) -> str:
        total = "" if iteration.max_iter is None else f"/{iteration.max_iter}"
        seen = iteration.validation_accuracy
        validation = "" if seen is None else f"  validation {seen:.4f}"
        cost = f"cost {iteration.cost:.6g}{validation}"
        return f"{iteration.n_iter}{total}  {cost}{self._pace(iteration)}"

    def _pace(self, iteration: Iteration) -> str:
        """Return the rate and the time left, once there are two iterations to tell it from."""
        first, began = self._first or (0, 0.0)
        done, seconds = iteration.n_iter - first, iteration.seconds - began
        if not done or seconds <= 0:
            return ""
        rate = done / seconds
        if iteration.max_iter is None:
            return f"  {rate:.3g}/s"
        left = max(0.0, (iteration.max_iter - iteration.n_iter) / rate)
        return f"  {rate:.3g}/s  {_duration(left)} left"


def _duration(seconds: float) -> str:
    """Return a time as people write it: 42 s, 3:05 min, 1:02 h."""
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}:{rest:02} min" if minutes else f"{rest} s"
    return f"{minutes // 60}:{minutes % 60:02} h"
