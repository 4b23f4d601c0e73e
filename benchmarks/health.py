"""The health check of 60,000 rows of 784 pixels, and test rows sought among training rows.

Run with ``python -m benchmarks health``; it takes about a minute.

The pictures are made: ten blots, each with noise of its own, in bytes as MNIST's
are. Of 10,000 test rows 100 also stand among the 60,000 training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass

import numpy as np

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab._typing import Array, IndexArray
from layerlab.data import Dataset
from layerlab.data.checks import Part
from layerlab.data.checks.repeated_rows import check_test_rows
from layerlab.data.checks.row_facts import row_facts
from layerlab.exploration import examine

__all__ = ["Settings", "run"]

Work = Callable[[], int]  # how much was found
N_CLASSES = 10


@dataclass(frozen=True)
class Settings:
    """What is measured."""

    n_train: int = 60_000
    n_test: int = 10_000
    side: int = 28
    rounds: int = 5


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    asked = {"m": settings.n_train, "n": settings.n_test, "side": settings.side}
    d = settings.side**2
    problems = {
        f"test rows in training rows, {settings.n_train} and {settings.n_test} × {d}": repeated,
        f"the whole check, {settings.n_train} × {d}": whole,
    }
    laps, lines = [], []
    for problem, work in problems.items():
        with runners([Entrant("layerlab", work, None, None, ours=True)]) as line_up:
            run = race(line_up, [asked] * settings.rounds, seconds=0.0, warm=asked)
        laps += laps_of(problem, run)
        lines += lines_of(problem, run)
    table = "\n\n".join(standing(p, of_problem(lines, p)) for p in problems)
    return BenchmarkResult("health", asdict(settings), laps, lines, table)


def repeated(m: int, n: int, side: int, threads: int | None) -> Work:
    """Return the search for test rows among training rows, which gives how many there are."""
    del threads
    data, train, test = pictures(m, n, side)

    def work() -> int:
        found = check_test_rows(row_facts(Part(data, train)), row_facts(Part(data, test)))
        return sum(finding.count for finding in found)

    return work


def whole(m: int, n: int, side: int, threads: int | None) -> Work:
    """Return the whole check of training rows alone, which gives how many findings there are."""
    del n, threads
    data, _, _ = pictures(m, 1, side)
    data = data.subset(slice(0, m))
    return lambda: len(examine(data).findings)


def pictures(m: int, n: int, side: int) -> tuple[Dataset, IndexArray, IndexArray]:
    """Return training and test pictures in one data set, and the row numbers of each."""
    random = np.random.default_rng(0)
    labels = random.integers(N_CLASSES, size=m + n)
    rows = _blots(random, side)[labels]  # (m + n, d)
    rows += random.integers(0, 128, rows.shape, dtype=np.uint8)
    again = n // 100
    rows[m : m + again] = rows[:again]
    data = Dataset.from_arrays(
        rows.reshape(-1, side, side), labels, name="blots", value_range=(0, 255)
    )
    return data, np.arange(m), np.arange(m, m + n)


def _blots(random: np.random.Generator, side: int) -> Array:
    blots = np.zeros((N_CLASSES, side, side), np.uint8)
    for blot in blots:
        i, j = random.integers(0, side // 2, 2)
        blot[i : i + side // 2, j : j + side // 2] = 127
    return blots.reshape(N_CLASSES, -1)
