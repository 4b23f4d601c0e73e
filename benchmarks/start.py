"""Start: importing layerlab and showing its help, beside importing scikit-learn's own network.

Run with ``python -m benchmarks start``; it takes about two minutes. Each time is
that of a process from its beginning to its end. What layerlab adds to
scikit-learn's own import is too small to be seen in such times, and so is taken
within one process, in between.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult, as_installed
from benchmarks.standing import duration, laps_of, lines_of, quartiles, standing

__all__ = ["Settings", "run"]

Work = Callable[[], float | None]

ADDED = """
from time import perf_counter as now
import sklearn.neural_network
began = now()
from layerlab import FeedforwardClassifier
print(now() - began)
"""

COMMANDS: dict[str, list[str]] = {
    "import sklearn.neural_network": ["-c", "import sklearn.neural_network"],
    "import layerlab": ["-c", "import layerlab"],
    "from layerlab import FeedforwardClassifier": [
        "-c",
        "from layerlab import FeedforwardClassifier",
    ],
    "both imports, the second added": ["-c", ADDED],
    "layerlab --help": ["-m", "layerlab", "--help"],
    "python alone": ["-c", "pass"],
}


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    rounds: int = 15


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    with runners(entrants()) as line_up:
        run = race(line_up, [{}] * settings.rounds, seconds=0.0, warm={})
    lines = lines_of("start", run)
    for line, runner in zip(lines, run, strict=True):
        added = [lap.value for lap in runner.laps]
        line["added"] = None if None in added else quartiles(added)
    return BenchmarkResult("start", asdict(settings), laps_of("start", run), lines, _table(lines))


def entrants() -> list[Entrant]:
    """Return every command."""
    return [
        Entrant(name, command, None, None, {"arguments": arguments})
        for name, arguments in COMMANDS.items()
    ]


def command(arguments: list[str], threads: int | None) -> Work:
    """Return a run of the interpreter with these arguments."""
    del threads

    def work() -> float | None:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, check=True, capture_output=True, env=as_installed())
        return float(done.stdout) if ADDED in arguments else None

    return work


def _table(lines: list[dict[str, Any]]) -> str:
    further = {"added": lambda line: duration(line["added"]["median"]) if line["added"] else ""}
    return standing("Start of a process", lines, further=further)
