"""One epoch by mini-batches: ours, MLPClassifier's and PyTorch's Adam.

Run with ``python -m benchmarks epochs``; it takes about five minutes on two cores.

60,000 rows of 784 random numbers, 784-800-800-10 with ReLU, and the 8x8 images'
64-256-256-10 on 3,823; batches of 128 in a random order, float32, Adam without
weight decay. A round is one epoch of each, from where its last one ended; timed
is the whole epoch, shuffling included. Nothing is averaged, deformed or dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab._typing import FloatArray, IndexArray
from layerlab.models import FeedforwardClassifier
from layerlab.solvers import Adam

__all__ = ["Problem", "Settings", "run"]

Work = Callable[[], float]

RATE = 1e-3


@dataclass(frozen=True)
class Problem:
    """Rows, and the widths of a network."""

    rows: int
    widths: tuple[int, ...]

    def __str__(self) -> str:
        return f"{'-'.join(map(str, self.widths))}, {self.rows:,} rows"


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    problems: tuple[Problem, ...] = (
        Problem(3_823, (64, 256, 256, 10)),
        Problem(60_000, (784, 800, 800, 10)),
    )
    rounds: int = 5
    batch_size: int = 128
    seconds: float = 0.1


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    for problem in settings.problems:
        asked = asdict(problem) | {"batch_size": settings.batch_size}
        with runners(entrants()) as line_up:
            found = race(line_up, [asked] * settings.rounds, settings.seconds, warm=asked)
        laps += laps_of(str(problem), found)
        lines += lines_of(str(problem), found)
    return BenchmarkResult("epochs", asdict(settings), laps, lines, _table(settings, lines))


def entrants() -> list[Entrant]:
    """Return everyone, ours first; peers on one core, on all, and as they come."""
    return [
        Entrant("layerlab", ours_epoch, 1, 1, ours=True),
        Entrant("layerlab", ours_epoch, None, None, ours=True),
        Entrant("MLPClassifier adam", sklearn_epoch, 1, 1, by="scikit-learn"),
        Entrant("MLPClassifier adam", sklearn_epoch, None, None, by="scikit-learn"),
        Entrant("PyTorch Adam", torch_epoch, 1, 1, {"fused": False}, by="PyTorch"),
        Entrant("PyTorch Adam", torch_epoch, None, None, {"fused": False}, by="PyTorch"),
        Entrant("PyTorch Adam, fused", torch_epoch, 1, 1, {"fused": True}, by="PyTorch"),
        Entrant("PyTorch Adam, fused", torch_epoch, None, None, {"fused": True}, by="PyTorch"),
    ]


def ours_epoch(rows: int, widths: list[int], batch_size: int, threads: int | None) -> Work:
    """Return an epoch of ours, as users have it: a call of partial_fit."""
    X, y = _rows(rows, widths[0], widths[-1])
    model = FeedforwardClassifier(
        tuple(widths[1:-1]),
        "relu",
        solver=Adam(RATE, batch_size=batch_size),
        alpha=0.0,
        scaling=None,
        n_threads=threads,
        random_state=0,
    )
    return lambda: model.partial_fit(X, y).loss_


def sklearn_epoch(rows: int, widths: list[int], batch_size: int, threads: int | None) -> Work:
    """Return an epoch by MLPClassifier's partial_fit."""
    del threads
    from sklearn.neural_network import MLPClassifier

    X, y = _rows(rows, widths[0], widths[-1])
    model = MLPClassifier(
        tuple(widths[1:-1]),
        alpha=0.0,
        batch_size=batch_size,
        learning_rate_init=RATE,
        random_state=0,
    )
    classes = np.arange(widths[-1])
    return lambda: model.partial_fit(X, y, classes=classes).loss_


def torch_epoch(
    rows: int, widths: list[int], batch_size: int, threads: int | None, fused: bool
) -> Work:
    """Return an epoch by PyTorch, rows gathered by an index."""
    torch = import_module("torch")
    if threads is not None:
        torch.set_num_threads(threads)
    torch.manual_seed(0)
    X, y = (torch.from_numpy(a) for a in _rows(rows, widths[0], widths[-1]))
    layers: list[Any] = []
    for n_in, n_out in pairwise(widths):
        layers += [torch.nn.Linear(n_in, n_out), torch.nn.ReLU()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.Adam(network.parameters(), lr=RATE, fused=fused)

    def work() -> float:
        total = 0.0
        for batch in torch.randperm(rows).split(batch_size):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(network(X[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        return total / rows

    return work


@cache
def _rows(rows: int, n_features: int, n_classes: int) -> tuple[FloatArray, IndexArray]:
    random = np.random.default_rng(0)
    X = random.random((rows, n_features), np.float32)
    return X, random.integers(0, n_classes, rows)


def _table(settings: Settings, lines: list[dict[str, Any]]) -> str:
    tables = [
        standing(str(problem), of_problem(lines, str(problem))) for problem in settings.problems
    ]
    legend = (
        f"Time of one epoch at batch {settings.batch_size}, median of {settings.rounds}; x ours: "
        "over that of layerlab on as many cores, in the same round."
    )
    return "\n\n".join([*tables, legend])
