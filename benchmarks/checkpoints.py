"""What keeping a fit's state, logging and showing it take: a fit with all of it, and with none.

Run with ``python -m benchmarks checkpoints``; it takes about four minutes on one core.

A network 64-256-256-10 learns scikit-learn's digits by AdamW, in turn with
nothing; with checkpoints (one a minute, and the end), `LogToJSONL` and
`ShowProgress` in a terminal together; with the same, but a checkpoint a second;
and with nothing once more: how far that ratio lies from 1 tells how far to trust the other.
One process does it all, on one thread; the order turns from round to round. "Share"
is what the calls took by the clock, of the time of the rest: beside other work
it is steadier than a ratio of two fits.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.datasets import load_digits

from benchmarks.race import Lap
from benchmarks.record import BenchmarkResult, text_table
from benchmarks.standing import duration, quartiles, ratio
from layerlab._callbacks import Callback, Iteration, Keeper, Snapshot
from layerlab._checkpoint import Checkpoint
from layerlab.callbacks import Callbacks, LogToJSONL, ShowProgress
from layerlab.engine import RowObjective
from layerlab.network import Network
from layerlab.solvers import AdamW, Solution, Stopping
from layerlab.solvers.kept import run_kept

__all__ = ["Settings", "run"]

Found = dict[str, float]

Work = Callable[[RowObjective, "Settings"], Found]

FOUND = ("files", "share")
BARE, AGAIN = "nothing", "nothing, again"
KEPT = {"all, as by default": 60.0, "all, a checkpoint a second": 1.0}


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    hidden: tuple[int, ...] = (256, 256)
    rows: int = 1797
    epochs: int = 600
    rounds: int = 9


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    works: dict[str, Work] = {
        BARE: bare,
        **{n: _kept_every(s) for n, s in KEPT.items()},
        AGAIN: bare,
    }
    laps: dict[str, list[Lap]] = {name: [] for name in works}
    with _objective(settings) as objective, _terminal():
        for number in range(settings.rounds + 1):
            names = list(works)
            for name in names[number % len(names) :] + names[: number % len(names)]:
                lap = _timed(works[name], objective, settings)
                if number > 0:  # the first warms up
                    laps[name].append(lap)
    runs = [{"entrant": name, "laps": [asdict(lap) for lap in of]} for name, of in laps.items()]
    lines = [_line(name, laps) for name in works]
    return BenchmarkResult("checkpoints", asdict(settings), runs, lines, _table(lines))


def bare(objective: RowObjective, settings: Settings) -> Found:
    """Minimise with nothing, and return that nothing was written."""
    _solver().minimize(objective, _start(objective), stopping=_stopping(settings))
    return {"files": 0, "share": 0.0}


def _kept_every(seconds: float) -> Work:
    return lambda objective, settings: kept(objective, settings, seconds)


def kept(objective: RowObjective, settings: Settings, every: float) -> Found:
    """Minimise with all there is, and return how many checkpoints were written, and the share."""
    clock = Clock()

    def minimise(keeper: Keeper | None, callback: Callback | None) -> Solution:
        clock.keeper, clock.callback = keeper, callback
        return clock.within(
            lambda: _solver().minimize(
                objective,
                _start(objective),
                stopping=_stopping(settings),
                callback=clock.told,
                keeper=clock,
            )
        )

    with TemporaryDirectory() as folder:
        began = perf_counter()
        run_kept(
            Checkpoint(folder, every=every, keep=10**6),
            {"settings": settings},
            minimise,
            Callbacks([LogToJSONL(Path(folder) / "log.jsonl"), ShowProgress()]),
        )
        rest = clock.inside - clock.calls
        share = (perf_counter() - began - rest) / rest
        return {"files": len(list(Path(folder).glob("step-*"))), "share": share}


class Clock:
    """A keeper that takes the time of another and of a callback.

    Attributes
    ----------
    calls : float
        Seconds that both took.
    inside : float
        Seconds of the whole minimisation.
    """

    def __init__(self) -> None:
        self.keeper: Keeper | None = None
        self.callback: Callback | None = None
        self.calls = self.inside = 0.0

    def within(self, minimise: Callable[[], Solution]) -> Solution:
        """Minimise, and take the time."""
        began = perf_counter()
        solution = minimise()
        self.inside += perf_counter() - began
        return solution

    def saved(self) -> Snapshot | None:
        """Return the other's."""
        return None if self.keeper is None else self.keeper.saved()

    def step(self, snapshot: Callable[[], Snapshot]) -> bool:
        """Ask the other, and take the time."""
        began = perf_counter()
        answer = self.keeper is not None and self.keeper.step(snapshot)
        self.calls += perf_counter() - began
        return answer

    def told(self, iteration: Iteration) -> bool | None:
        """Tell the callback, and take the time."""
        began = perf_counter()
        answer = self.callback and self.callback(iteration)
        self.calls += perf_counter() - began
        return answer


def _timed(work: Work, objective: RowObjective, settings: Settings) -> Lap:
    began = perf_counter()
    found = work(objective, settings)
    return Lap(perf_counter() - began, 1, found)


def _objective(settings: Settings) -> RowObjective:
    X, y = load_digits(return_X_y=True)
    X = (X[: settings.rows] / 16).astype(np.float32)
    network = Network.build(64, settings.hidden, 10, "relu")
    return RowObjective(network, X, y[: settings.rows], dtype=np.float32, n_threads=1)


def _solver() -> AdamW:
    return AdamW(3e-3, batch_size=128, schedule="cosine", average=0.99)


def _start(objective: RowObjective) -> Any:
    n_weights = objective.network.layout.n_weights
    return np.random.default_rng(0).normal(scale=0.05, size=n_weights)


def _stopping(settings: Settings) -> Stopping:
    return Stopping(settings.epochs, 0.0)


@contextmanager
def _terminal() -> Iterator[None]:
    """Put what says it is a terminal in stderr's place, and shows nothing."""

    class Terminal(io.TextIOWrapper):
        def isatty(self) -> bool:
            return True

    before = sys.stderr
    with Terminal(open(os.devnull, "wb"), encoding="utf-8") as sys.stderr:
        try:
            yield
        finally:
            sys.stderr = before


def _line(name: str, laps: dict[str, list[Lap]]) -> dict[str, Any]:
    times = quartiles(lap.seconds for lap in laps[name])
    found = {key: float(np.median([lap.value[key] for lap in laps[name]])) for key in FOUND}
    return {"entrant": name, **times, **found, **ratio(laps[name], laps[BARE])}


def _table(lines: list[dict[str, Any]]) -> str:
    columns = ["with", "median", "files", "share", "ratio", "quartiles"]
    rows = [
        [
            line["entrant"],
            duration(line["median"]),
            f"{line['files']:.0f}",
            f"{line['share']:.2%}",
            f"{line['ratio']:.4f}",
            f"{line['ratio_lower']:.4f} – {line['ratio_upper']:.4f}",
        ]
        for line in lines
    ]
    return text_table("A fit of 64-256-256-10 by AdamW", columns, rows)
