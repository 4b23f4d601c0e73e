"""The curve of k nearest neighbours, k = 1 … 15, on ``digits``: from one search, and as a loop.

Run with ``python -m benchmarks neighbours``; it takes about a minute.

The notebook cross-validates scikit-learn's KNeighborsClassifier anew at each k,
on four unshuffled folds, on a data frame; that is the loop as it comes. At its
best it is given arrays and one thread. All find the same curve.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import KFold, cross_val_score

from benchmarks.race import Entrant, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, standing
from layerlab._guard import single_threaded_openmp
from layerlab._typing import Array
from layerlab.data import load_data, make_folds
from layerlab.models import DEFAULT_KS, neighbour_curve

__all__ = ["Settings", "run"]

Work = Callable[[], Any]


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are the notebook's."""

    ks: tuple[int, ...] = DEFAULT_KS
    folds: int = 4
    rounds: int = 9
    seconds: float = 0.1


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    problem = {"ks": settings.ks, "folds": settings.folds}
    name = f"k = {settings.ks[0]} … {settings.ks[-1]}, {settings.folds} folds of digits"
    with runners(entrants()) as line_up:
        run = race(line_up, [problem] * settings.rounds, settings.seconds, warm=problem)
    lines = lines_of(name, run)
    laps = laps_of(name, run)
    return BenchmarkResult("neighbours", asdict(settings), laps, lines, standing(name, lines))


def entrants() -> list[Entrant]:
    """Return ours and the loop, on one core and as they come."""
    return [
        Entrant("layerlab", ours_curve, 1, 1, ours=True),
        Entrant("layerlab", ours_curve, None, None, ours=True),
        Entrant("loop over arrays", loop, 1, 1, {"frame": False}, by="scikit-learn"),
        Entrant("the notebook's loop", loop, None, None, {"frame": True}, by="scikit-learn"),
    ]


def ours_curve(ks: list[int], folds: int, threads: int | None) -> Work:
    """Return the curve as an exploration draws it: on one thread, whatever there is."""
    del threads
    data = load_data("digits")
    cut = make_folds("contiguous", data.labels, n_splits=folds)

    def work() -> Array:
        with single_threaded_openmp():
            return np.asarray(neighbour_curve(data.rows, data.labels, cut, ks).mean(axis=0))

    return work


def loop(ks: list[int], folds: int, threads: int | None, frame: bool) -> Work:
    """Return the loop: a cross-validation for each k."""
    del threads
    from sklearn.neighbors import KNeighborsClassifier

    X, y = load_digits(return_X_y=True, as_frame=frame)

    def accuracy(k: int) -> float:
        scores = cross_val_score(KNeighborsClassifier(k), X, y, cv=KFold(folds))
        return float(scores.mean())

    return lambda: [accuracy(k) for k in ks]
