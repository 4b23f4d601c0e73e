"""The notebook's own run, done right: 64-8-10 sigmoids, conjugate gradient, 100 iterations.

Run with ``python -m benchmarks notebook``; it takes a few seconds. Rows are
divided by 16, split as the notebook splits them (60/20/20 with seed 1), and the
weights start as its text says; no penalty. The notebook took 204.6 s and
106,925 cost evaluations, to 65.2 % on the training and 55.0 % on the validation
rows.
"""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any

from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split

from benchmarks.record import BenchmarkResult, text_table
from layerlab.models import FeedforwardClassifier

__all__ = ["Settings", "run"]

COLUMNS = (
    "training",
    "validation",
    "test",
    "seconds",
    "passes",
    "evaluations",
    "cost_evaluations",
    "steps",
)


@dataclass(frozen=True)
class Settings:
    """What is measured; the defaults are the notebook's."""

    seeds: tuple[int, ...] = tuple(range(10))
    hidden_layer_sizes: tuple[int, ...] = (8,)
    activation: str = "sigmoid"
    output: str = "sigmoid"
    solver: str = "cg"
    init: str = "glorot"
    alpha: float = 0.0
    max_iter: int = 100


def run(settings: Settings | None = None) -> BenchmarkResult:
    """Measure, and return runs, medians and the table."""
    settings = settings or Settings()
    parts = _parts()
    _fit(settings, parts, settings.seeds[0], max_iter=1)  # first-call costs are nobody's
    runs = [_measure(settings, parts, seed) for seed in settings.seeds]
    summary = [
        {"of": name, **{column: reduce(run[column] for run in runs) for column in COLUMNS}}
        for name, reduce in (("median", median), ("lowest", min), ("highest", max))
    ]
    return BenchmarkResult("notebook", asdict(settings), runs, summary, _table(runs, summary))


def _parts() -> dict[str, tuple[Any, Any]]:
    """Return the notebook's training, validation and test rows."""
    X, y = load_digits(return_X_y=True)
    rest, X_test, y_rest, y_test = train_test_split(X / 16, y, test_size=0.2, random_state=1)
    X_train, X_val, y_train, y_val = train_test_split(rest, y_rest, test_size=0.25, random_state=1)
    return {"training": (X_train, y_train), "validation": (X_val, y_val), "test": (X_test, y_test)}


def _fit(
    settings: Settings, parts: dict[str, tuple[Any, Any]], seed: int, *, max_iter: int
) -> FeedforwardClassifier:
    model = FeedforwardClassifier(
        settings.hidden_layer_sizes,
        settings.activation,
        output=settings.output,
        solver=settings.solver,
        alpha=settings.alpha,
        scaling=None,
        init=settings.init,
        max_iter=max_iter,
        random_state=seed,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # 100 iterations are the notebook's
        return model.fit(*parts["training"])


def _measure(settings: Settings, parts: dict[str, tuple[Any, Any]], seed: int) -> dict[str, Any]:
    began = perf_counter()
    model = _fit(settings, parts, seed, max_iter=settings.max_iter)
    seconds = perf_counter() - began
    stats = model.solution_.stats
    return {
        "seed": seed,
        **{name: float(model.score(X, y)) for name, (X, y) in parts.items()},
        "seconds": seconds,
        "cost": model.loss_,
        "passes": stats.history.passes[-1],
        "evaluations": stats.evaluations,
        "cost_evaluations": stats.cost_evaluations,
        "steps": stats.n_iter,
        "status": model.solution_.status.name,
    }


def _table(runs: list[dict[str, Any]], summary: list[dict[str, Any]]) -> str:
    lines = [(f"seed {run['seed']}", run) for run in runs]
    lines += [(line["of"], line) for line in summary]
    return text_table(
        "The notebook's run: accuracy by part, and what the fit took",
        ["", *(column.replace("_", " ") for column in COLUMNS)],
        [[name, *(_cell(column, line[column]) for column in COLUMNS)] for name, line in lines],
    )


def _cell(column: str, value: float) -> str:
    if column in ("training", "validation", "test"):
        return f"{value:.4f}"
    if column == "seconds":
        return f"{value:.3f}"
    return f"{value:.1f}" if column == "passes" else f"{value:g}"
