"""How far a run is: a bar in a terminal, a line a stage elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from layerlab._callbacks import ProgressSink, Silent

__all__ = ["shown_progress"]


@contextmanager
def shown_progress(quiet: bool) -> Iterator[ProgressSink]:
    """Give a place to report progress to, on stderr."""
    console = Console(stderr=True)
    if quiet:
        yield Silent()
    elif console.is_terminal:
        with _bars(console) as bars:
            yield _Bar(bars)
    else:
        yield _Lines(console)


def _bars(console: Console) -> Progress:
    return Progress(
        TextColumn("{task.description:<20}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


class _Bar:
    """One bar, begun anew for each stage."""

    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._task = bars.add_task("reading", total=None)

    def stage(self, title: str, total: int) -> None:
        self._bars.reset(self._task, description=title, total=total)

    def advance(self) -> None:
        self._bars.advance(self._task)


class _Lines:
    """One line a stage."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def stage(self, title: str, total: int) -> None:
        self._console.print(f"{title}: {total}")

    def advance(self) -> None:
        pass
