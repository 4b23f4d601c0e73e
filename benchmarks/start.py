"""Start: importing layerlab and showing its help, beside importing scikit-learn's own network.

Run with ``python -m benchmarks start``; it takes about a minute. Each time is
that of a process from its beginning to its end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult, as_installed
from benchmarks.standing import laps_of, lines_of, standing

__all__ = ["Settings", "run"]

Work = Callable[[], None]

COMMANDS: dict[str, list[str]] = {
    "import sklearn.neural_network": ["-c", "import sklearn.neural_network"],
    "import layerlab": ["-c", "import layerlab"],
    "from layerlab import FeedforwardClassifier": [
        "-c",
        "from layerlab import FeedforwardClassifier",
    ],
    "layerlab --help": ["-m", "layerlab", "--help"],
    "python alone": ["-c", "pass"],
}
PEER = "import sklearn.neural_network"


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
    peer = next(line["median"] for line in lines if line["entrant"] == PEER)
    for line in lines:
        line["over_peer"] = line["median"] - peer
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

    def work() -> None:
        subprocess.run(
            [sys.executable, *arguments],
            check=True,
            stdout=subprocess.DEVNULL,
            env=as_installed(),
        )

    return work


def _table(lines: list[dict[str, Any]]) -> str:
    further = {"over scikit-learn's": lambda line: f"{1e3 * line['over_peer']:+.0f} ms"}
    return standing("Start of a process", lines, further=further)
