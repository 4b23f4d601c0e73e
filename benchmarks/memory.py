"""Peak memory of a full-batch fit over the loaded rows: ours, and MLPClassifier.

Run with ``python -m benchmarks memory``; it takes about three minutes.

784-128-10 on random bytes, a few iterations of L-BFGS. Each fit has a process
of its own; what counts is its peak, less what it held when the rows were there
and everything was imported and tried on a few of them.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.race import Entrant, Lap, Runner, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, of_problem, standing
from layerlab.models import FeedforwardClassifier

__all__ = ["Settings", "run"]

Work = Callable[[], float]

STATUS = Path("/proc/self/status")
CLASSES = 10


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are what the documents state."""

    m: tuple[int, ...] = (10_000, 60_000, 240_000)
    n_features: int = 784
    hidden: tuple[int, ...] = (128,)
    max_iter: int = 3
    rounds: int = 3

    def named(self, m: int) -> str:
        """Return the problem in words."""
        widths = (self.n_features, *self.hidden, CLASSES)
        return f"{'-'.join(map(str, widths))}, {m} rows"


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    laps, lines = [], []
    for m in settings.m:
        run = _measure(settings, m)
        laps += laps_of(settings.named(m), run)
        lines += lines_of(settings.named(m), run, megabytes)
    tables = [
        standing(problem, of_problem(lines, problem), lambda value: f"{value:.0f} MB")
        for problem in map(settings.named, settings.m)
    ]
    table = "\n\n".join([*tables, "Peak over the loaded rows; x ours: over layerlab's."])
    return BenchmarkResult("memory", asdict(settings), laps, lines, table)


def entrants() -> list[Entrant]:
    """Return ours on rows of bytes, and MLPClassifier on those and on what suits it best."""
    return [
        Entrant(
            "layerlab, uint8", ours_fit, None, None, {"dtype": "uint8"}, ours=True, by="layerlab"
        ),
        Entrant(
            "MLPClassifier, uint8", sklearn_fit, None, None, {"dtype": "uint8"}, by="scikit-learn"
        ),
        Entrant(
            "MLPClassifier, float32",
            sklearn_fit,
            None,
            None,
            {"dtype": "float32"},
            by="scikit-learn",
        ),
    ]


def megabytes(lap: Lap) -> float:
    """Return what is compared."""
    return float(lap.value)


def ours_fit(
    m: int, n_features: int, hidden: list[int], max_iter: int, threads: int | None, dtype: str
) -> Work:
    """Return our fit, which gives its peak in MB."""
    model = FeedforwardClassifier(
        tuple(hidden), dtype="float32", max_iter=max_iter, n_threads=threads, random_state=0
    )
    return _measured(model, _rows(m, n_features, dtype))


def sklearn_fit(
    m: int, n_features: int, hidden: list[int], max_iter: int, threads: int | None, dtype: str
) -> Work:
    """Return MLPClassifier's fit, which gives its peak in MB."""
    del threads
    from sklearn.neural_network import MLPClassifier

    model = MLPClassifier(tuple(hidden), "tanh", solver="lbfgs", max_iter=max_iter, random_state=0)
    return _measured(model, _rows(m, n_features, dtype))


def _measured(model: Any, X: Any) -> Work:
    y = np.arange(len(X)) % CLASSES
    few = 10 * CLASSES
    _fit(model, X[:few], y[:few])
    held = _resident()

    def work() -> float:
        _fit(model, X, y)
        return (_peak() - held) / 1e6

    return work


def _fit(model: Any, X: Any, y: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(X, y)


def _rows(m: int, n_features: int, dtype: str) -> Any:
    """Return the rows; they are drawn a part at a time, so that no peak is left from it."""
    X = np.empty((m, n_features), dtype)
    random = np.random.default_rng(0)
    for start in range(0, m, 1000):
        part = X[start : start + 1000]
        part[:] = random.integers(256, size=part.shape, dtype=np.uint8)
    return X


def _resident() -> int:
    """Return the bytes held now; where the system does not tell, the most so far."""
    return _status("VmRSS") or _peak()


def _peak() -> int:
    """Return the most bytes held so far.

    Linux's own figure for this program comes first: the other one begins with that of the
    process that started it.
    """
    return _status("VmHWM") or _most_resident()


def _most_resident() -> int:
    import resource  # not on every system

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _status(name: str) -> int:
    lines = STATUS.read_text(encoding="utf-8").splitlines() if STATUS.exists() else []
    found = (line.split() for line in lines if line.startswith(f"{name}:"))
    return next((1024 * int(kilobytes) for _, kilobytes, *_ in found), 0)


def _measure(settings: Settings, m: int) -> list[Runner]:
    """Return everyone's laps, each of them in a new process."""
    asked = asdict(settings) | {"m": m}
    del asked["rounds"]
    rounds = [[_alone(entrant, asked) for entrant in entrants()] for _ in range(settings.rounds)]
    return [
        replace(same[0], laps=[lap for runner in same for lap in runner.laps])
        for same in zip(*rounds, strict=True)
    ]


def _alone(entrant: Entrant, asked: dict[str, Any]) -> Runner:
    with runners([entrant]) as line_up:
        return race(line_up, [asked], seconds=0.0, warm=None)[0]
