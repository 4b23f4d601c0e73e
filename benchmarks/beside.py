"""Every case beside one busy core: each time idle and busy in turn, and their ratio.

Run with ``python -m benchmarks beside``; it takes about five minutes.

A process that does nothing but count is let run in every other turn, held to
one core. Entrants may use all cores, as they come or with one thread, so that
the system can move them out of its way.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict, dataclass, field, replace
from time import sleep
from typing import Any

from benchmarks import evaluate, explore, fit, neighbours, predict, search
from benchmarks.race import SETTLE, Entrant, Runner, runners
from benchmarks.record import BenchmarkResult, text_table, usable_cores
from benchmarks.standing import duration, laps_of, lines_of, ratio, times

__all__ = ["Settings", "Subject", "run"]

Burning = Callable[[], AbstractContextManager[None]]

COUNT_FOR_EVER = """
import os, sys
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, [int(sys.argv[1])])
while True:
    pass
"""


@dataclass(frozen=True)
class Subject:
    """A case, one of its problems, and who is timed on it."""

    name: str
    problem: Mapping[str, Any]
    entrants: tuple[Entrant, ...]


def stated_subjects() -> tuple[Subject, ...]:
    """Return what the documents state."""
    digits = {"widths": (64, 64, 10), "m": 1077, "activation": "tanh"}
    large = {"widths": (784, 128, 10), "m": 60_000, "activation": "tanh"}
    to_cost = {"hidden": (64,), "cost": 0.001, "seed": 0, "rows": 1000, "activation": "tanh"}
    grid = asdict(search.Settings()) | {"seed": 0}
    del grid["splits"]
    return (
        Subject("evaluate 64-64-10, 1077 rows", digits, _free(evaluate.entrants())),
        Subject("evaluate 784-128-10, 60000 rows", large, _free(evaluate.entrants())),
        Subject("fit 64-64-10 to 0.001", to_cost, _free(fit.entrants())),
        Subject("search", grid, _free(search.entrants()[:1])),
        Subject(
            "neighbours",
            {"ks": neighbours.Settings().ks, "folds": neighbours.Settings().folds},
            _free(neighbours.entrants()),
        ),
        Subject(
            "predict 64-64-10, 10000 rows",
            {"hidden": (64,), "m": 10_000},
            _free(predict.entrants()),
        ),
        Subject("explore digits", {"source": "digits", "options": ()}, _free(explore.entrants())),
    )


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    subjects: tuple[Subject, ...] = field(default_factory=stated_subjects)
    rounds: int = 7
    seconds: float = 0.1


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    with _burner() as burning:
        for subject in settings.subjects:
            for idle, busy in _in_turn(subject, settings, burning):
                laps += [*laps_of(subject.name, [idle]), *laps_of(f"{subject.name}, busy", [busy])]
                lines.append(_line(subject.name, idle, busy))
    described = asdict(replace(settings, subjects=())) | {
        "subjects": [subject.name for subject in settings.subjects]
    }
    return BenchmarkResult("beside", described, laps, lines, _table(lines))


def _free(entrants: Iterable[Entrant]) -> tuple[Entrant, ...]:
    """Return those that may use all cores, and ours with one thread let free too."""
    listed = list(entrants)
    single = (replace(e, cores=None) for e in listed if e.ours and e.threads == 1)
    return (*single, *(e for e in listed if e.cores is None))


def _in_turn(
    subject: Subject, settings: Settings, burning: Burning
) -> Iterator[tuple[Runner, Runner]]:
    """Yield everyone's laps on an idle machine, and those beside a busy core."""
    with runners(subject.entrants) as line_up:
        for runner in line_up:
            idle, busy = replace(runner, laps=[]), replace(runner, laps=[])
            for number in range(settings.rounds + 1):
                _lap(idle, subject, settings.seconds, keep=number > 0)
                with burning():
                    _lap(busy, subject, settings.seconds, keep=number > 0)
            yield idle, busy


def _lap(runner: Runner, subject: Subject, seconds: float, *, keep: bool) -> None:
    sleep(SETTLE)
    lap = runner.lap(subject.problem, seconds)
    if lap is not None and keep:
        runner.laps.append(lap)


@contextmanager
def _burner() -> Iterator[Burning]:
    """Start the process that keeps a core busy, held still but within the blocks it gives."""
    process = subprocess.Popen([sys.executable, "-c", COUNT_FOR_EVER, str(usable_cores()[0])])
    process.send_signal(signal.SIGSTOP)

    @contextmanager
    def burning() -> Iterator[None]:
        process.send_signal(signal.SIGCONT)
        try:
            yield
        finally:
            process.send_signal(signal.SIGSTOP)

    try:
        yield burning
    finally:
        process.kill()
        process.wait()


def _line(name: str, idle: Runner, busy: Runner) -> dict[str, Any]:
    (line,), (other,) = lines_of(name, [idle]), lines_of(name, [busy])
    del line["against"]
    return line | {"busy": other["median"], **ratio(busy.laps, idle.laps)}


def _table(lines: list[dict[str, Any]]) -> str:
    columns = ["", "who", "with", "idle", "busy", "busy/idle", "quartiles"]
    return text_table("Beside one busy core", columns, [_cells(line) for line in lines])


def _cells(line: dict[str, Any]) -> list[str]:
    who = [line["problem"], line["entrant"], line["setting"]]
    if line["median"] is None:
        return [*who, line["missing"], "", "", ""]
    between = f"{times(line['ratio_lower'])} – {times(line['ratio_upper'])}"
    measured = [duration(line["median"]), duration(line["busy"])]
    return [*who, *measured, times(line["ratio"]), between]
