"""The search over depth, width and penalty: ours, and GridSearchCV over MLPClassifier.

Run with ``python -m benchmarks search``; it takes about an hour on two cores.

The explorer's own grid, ReLU units, on three stratified folds of 80 % of
``digits``; the network of highest mean accuracy is fitted anew on all of them
and scored on the other 20 %. A round is a split; all get the same rows and
folds. Ours searches as the explorer does, two fits side by side. GridSearchCV
has n_jobs=2 and rows divided by 16. MLPClassifier is given L-BFGS, its best at
this size, and one BLAS thread, its best too, with the 200 iterations it comes
with and with the cap of our own search; and Adam, its default, as it comes.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from statistics import fmean, stdev
from typing import Any

from scipy.stats import t as student
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from benchmarks.race import Entrant, Runner, race, runners
from benchmarks.record import BenchmarkResult
from benchmarks.standing import laps_of, lines_of, standing
from layerlab._typing import IndexArray
from layerlab.data import Dataset, load_data, make_folds
from layerlab.exploration.configuration import (
    ACTIVATION,
    ALPHAS,
    SEARCH_ITER,
    SHAPES,
    Configuration,
)
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.plan import SEARCH_FOLDS
from layerlab.exploration.search import cross_validate, shortlist

__all__ = ["Settings", "run"]

Work = Callable[[], float]
Fold = tuple[IndexArray, IndexArray]

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are the explorer's."""

    shapes: tuple[tuple[int, ...], ...] = SHAPES
    alphas: tuple[float, ...] = ALPHAS
    folds: int = SEARCH_FOLDS
    rows: int = 1797
    splits: int = 10

    def __str__(self) -> str:
        grid = f"{len(self.shapes)} shapes x {len(self.alphas)} penalties x {self.folds} folds"
        return f"{grid}, digits"


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return laps, medians and the table."""
    settings = settings or Settings()
    asked = asdict(settings)
    del asked["splits"]
    with runners(entrants()) as line_up:
        problems = [asked | {"seed": seed} for seed in range(settings.splits)]
        # Enough to start the processes that joblib keeps.
        warm = problems[0] | {"shapes": settings.shapes[:1], "alphas": settings.alphas[:1]}
        run = race(line_up, problems, seconds=0.0, warm=warm)
    laps, lines = laps_of(str(settings), run), _lines(settings, run)
    return BenchmarkResult("search", asdict(settings), laps, lines, _table(settings, lines))


def entrants() -> list[Entrant]:
    """Return ours and GridSearchCV at its best and as it comes."""
    quiet = {"PYTHONWARNINGS": "ignore"}  # capped fits warn, from processes of joblib's own
    peers = {
        "lbfgs": (1, {"solver": "lbfgs", "max_iter": 200}),
        f"lbfgs, {SEARCH_ITER} iterations": (1, {"solver": "lbfgs", "max_iter": SEARCH_ITER}),
        "adam": (None, {"solver": "adam", "max_iter": 200}),
    }
    return [
        Entrant("layerlab", ours_search, None, None, ours=True),
        *(
            Entrant(
                f"GridSearchCV, {name}", grid_search, None, many, options, quiet, by="scikit-learn"
            )
            for name, (many, options) in peers.items()
        ),
    ]


def ours_search(
    shapes: list[list[int]],
    alphas: list[float],
    folds: int,
    rows: int,
    seed: int,
    threads: int | None,
) -> Work:
    """Return the explorer's search and the fit of the best, which gives its test accuracy."""
    del threads  # two, as GridSearchCV has
    train, test, cut = _parts(rows, folds, seed)
    grid = [Configuration(tuple(shape), alpha) for shape in shapes for alpha in alphas]

    def work() -> float:
        found = cross_validate(train, grid, cut, seed, Crew(2), Budget())
        best = shortlist(found, 1)[0].configuration
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = best.classifier(seed).fit(train.rows, train.labels)
        return float(model.score(test.rows, test.labels))

    return work


def grid_search(
    shapes: list[list[int]],
    alphas: list[float],
    folds: int,
    rows: int,
    seed: int,
    threads: int | None,
    solver: str,
    max_iter: int,
) -> Work:
    """Return the search by GridSearchCV, which gives the best one's test accuracy."""
    del threads
    from sklearn.model_selection import GridSearchCV
    from sklearn.neural_network import MLPClassifier

    train, test, cut = _parts(rows, folds, seed)
    model = MLPClassifier(activation=ACTIVATION, solver=solver, max_iter=max_iter, random_state=0)
    grid = {"hidden_layer_sizes": [tuple(shape) for shape in shapes], "alpha": alphas}

    def work() -> float:
        search = GridSearchCV(model, grid, cv=cut, n_jobs=2)
        search.fit(train.rows / 16, train.labels)
        return float(search.score(test.rows / 16, test.labels))

    return work


@cache
def _parts(rows: int, folds: int, seed: int) -> tuple[Dataset, Dataset, list[Fold]]:
    """Return the rows to search on, those to score the best on, and the folds."""
    data = load_data("digits").subset(range(rows))
    train, test = train_test_split(
        range(rows), test_size=0.2, stratify=data.labels, random_state=seed
    )
    searched = data.subset(train)
    cut = make_folds("stratified", searched.labels, n_splits=folds, random_state=seed)
    return searched, data.subset(test), cut


def _lines(settings: Settings, run: list[Runner]) -> list[dict[str, Any]]:
    """Return the lines, each with its test accuracy and ours less its own."""
    lines = lines_of(str(settings), run)
    accuracies = [[lap.value for lap in runner.laps] for runner in run]
    for line, own in zip(lines, accuracies, strict=True):
        gains = [a - b for a, b in zip(accuracies[0], own, strict=True)]
        line |= {"accuracy": fmean(own), **_gain(gains)}
    return lines


def _gain(gains: Sequence[float]) -> dict[str, float | None]:
    """Return the mean of paired differences, with Student's interval where there are two."""
    mean, n = fmean(gains), len(gains)
    if n < 2:
        return {"gain": mean, "gain_low": None, "gain_high": None}
    half = float(student.ppf((1 + CONFIDENCE) / 2, n - 1)) * stdev(gains) / n**0.5
    return {"gain": mean, "gain_low": mean - half, "gain_high": mean + half}


def _table(settings: Settings, lines: list[dict[str, Any]]) -> str:
    further = {
        "test accuracy": lambda line: f"{line['accuracy']:.2%}",
        "ours less it, points": _points,
    }
    legend = (
        f"Test accuracy: mean over {settings.splits} splits. Ours less it: paired by split, "
        f"with its {CONFIDENCE:.0%} interval."
    )
    return "\n\n".join([standing(str(settings), lines, further=further), legend])


def _points(line: dict[str, Any]) -> str:
    if line["ours"]:
        return ""
    mean = f"{100 * line['gain']:+.2f}"
    if line["gain_low"] is None:
        return mean
    return f"{mean} ({100 * line['gain_low']:+.2f} to {100 * line['gain_high']:+.2f})"
