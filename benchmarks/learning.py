"""How soon a network names 97, 98, 99 and 99.3 % of unseen rows right.

Usage: ``python -m benchmarks.learning DATA [--recipe mnist]``; DATA holds ``mnist``.

The recipe learns all but the last 10,000 of MNIST's training rows; after each
epoch its running mean is scored on these, one view of each. Seconds are those of
the whole fit so far, looking at the rows included. Nothing is chosen by what is
seen; one seed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

from benchmarks.recipes import mnist
from benchmarks.record import BenchmarkResult, report, text_table
from layerlab._callbacks import Iteration
from layerlab.models.recipes import recipe_named

__all__ = ["GOALS", "Look", "main", "reached", "run"]

GOALS = (0.97, 0.98, 0.99, 0.993)


class Look:
    """A callback that notes accuracy and seconds after each epoch.

    Attributes
    ----------
    epochs : list of (float, float)
        Accuracy, and seconds since the beginning.
    """

    def __init__(self) -> None:
        self.epochs: list[tuple[float, float]] = []
        self._began = perf_counter()

    def __call__(self, iteration: Iteration) -> bool:
        """Note one epoch; never stop."""
        assert iteration.validation_accuracy is not None
        self.epochs.append((iteration.validation_accuracy, perf_counter() - self._began))
        return False


def reached(epochs: Sequence[tuple[float, float]]) -> list[dict[str, Any]]:
    """Return for each goal the first epoch at which it was reached, and the seconds."""
    lines = []
    for goal in GOALS:
        at = next((k for k, (accuracy, _) in enumerate(epochs) if accuracy >= goal), None)
        found = (None, None) if at is None else (at + 1, epochs[at][1])
        lines.append({"goal": goal, "epoch": found[0], "seconds": found[1]})
    return lines


def run(folder: Path, recipe: str = "mnist") -> BenchmarkResult:
    """Train once, and return when each goal was reached."""
    part = next(mnist(folder))
    look = Look()
    model = recipe_named(recipe).classifier(
        0, image_shape=part.train.image_shape, views=1, callback=look
    )
    model.fit(
        part.train.rows,
        part.train.y.astype(str),
        X_val=part.test.rows,
        y_val=part.test.y.astype(str),
    )
    lines = reached(look.epochs)
    laps = [{"accuracy": accuracy, "seconds": seconds} for accuracy, seconds in look.epochs]
    settings = {"recipe": recipe, "goals": list(GOALS)}
    return BenchmarkResult("learning", settings, laps, lines, _table(recipe, lines))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and store what was found."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.learning",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("data", type=Path)
    parser.add_argument("--recipe", default="mnist")
    given = parser.parse_args(arguments)
    report(run(given.data, given.recipe))
    return 0


def _table(recipe: str, lines: Sequence[dict[str, Any]]) -> str:
    rows = [
        [f"{100 * line['goal']:.1f} %", _text(line["epoch"]), _text(line["seconds"])]
        for line in lines
    ]
    return text_table(f"mnist, recipe {recipe}", ("right", "epoch", "seconds"), rows)


def _text(value: float | None) -> str:
    return "never" if value is None else f"{value:.0f}"


if __name__ == "__main__":
    sys.exit(main())
