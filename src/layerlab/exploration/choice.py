"""The choice among the shortlisted, by validation rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from typing import Any

import numpy as np

from layerlab._typing import Array
from layerlab.data import Dataset
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Crew
from layerlab.exploration.search import Candidate
from layerlab.metrics import PairedDifference, Score, paired_difference
from layerlab.models import FeedforwardClassifier

__all__ = ["DepthVerdict", "Finalist", "choose", "compare_depth", "validate"]


@dataclass(frozen=True, eq=False)
class Finalist:
    """A network fitted on the training rows and scored on the validation rows.

    Attributes
    ----------
    configuration : Configuration
    seed : int
        What its weights started from.
    n_weights : int
    right : ndarray of bool, of shape (n_validation,)
    model : FeedforwardClassifier
        With its cost and accuracy on the validation rows watched, iteration by iteration.
    """

    configuration: Configuration
    seed: int
    n_weights: int
    right: Array
    model: FeedforwardClassifier

    @property
    def score(self) -> Score:
        """Accuracy on the validation rows, with its interval."""
        return Score(int(self.right.sum()), len(self.right))

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds."""
        return {
            "hidden_layer_sizes": list(self.configuration.hidden_layer_sizes),
            "alpha": self.configuration.alpha,
            "preset": self.configuration.preset,
            "weights": self.n_weights,
            "validation": self.score.to_dict(),
        }


@dataclass(frozen=True)
class DepthVerdict:
    """Whether more depth helped: two networks, and the paired difference between them.

    Attributes
    ----------
    shallow, deep : Configuration
        The best by cross-validation with one hidden layer, and with more.
    difference : PairedDifference
        Accuracy of the deep one less that of the shallow one, on validation rows.
    """

    shallow: Configuration
    deep: Configuration
    difference: PairedDifference

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds."""
        return {
            "shallow": list(self.shallow.hidden_layer_sizes),
            "deep": list(self.deep.hidden_layer_sizes),
            "difference": self.difference.to_dict(),
        }


def validate(
    configurations: Sequence[tuple[Configuration, int]],
    train: Dataset,
    validation: Dataset,
    crew: Crew,
    title: str,
    watched: Dataset | None = None,
    n_threads: int = 1,
) -> list[Finalist]:
    """Fit each network on the training rows and score it on the validation rows.

    Parameters
    ----------
    configurations : sequence of (Configuration, seed)
    train, validation : Dataset
    crew : Crew
    title : str
        What the progress bar says.
    watched : Dataset, optional
        Validation rows to watch after each iteration; by default all.
    n_threads : int, default=1
        Of each fit; its results are the same for any number.

    Returns
    -------
    finalists : list of Finalist
    """
    seen = watched or validation
    tasks = [
        partial(_finalist, c, seed, train, seen, validation, crew, n_threads)
        for c, seed in configurations
    ]
    return [finalist for finalist in crew.run(title, tasks) if finalist is not None]


def choose(finalists: Sequence[Finalist]) -> Finalist:
    """Return the network with the fewest weights within one standard error of the best."""
    best = max(finalists, key=lambda f: f.score.accuracy)
    p, n = best.score.accuracy, best.score.rows
    near = [f for f in finalists if f.score.accuracy >= p - sqrt(p * (1 - p) / n)]
    return min(near, key=lambda f: (f.n_weights, -f.score.accuracy))


def depth_rivals(candidates: Sequence[Candidate]) -> tuple[Configuration, Configuration] | None:
    """Return the best network with one hidden layer and the best with more; None without both."""
    best: dict[bool, Candidate] = {}
    for candidate in candidates:
        deep = candidate.configuration.depth > 1
        if candidate.configuration.depth and (
            deep not in best or candidate.accuracy > best[deep].accuracy
        ):
            best[deep] = candidate
    return (best[False].configuration, best[True].configuration) if len(best) == 2 else None


def compare_depth(shallow: Finalist, deep: Finalist) -> DepthVerdict:
    """Return whether the deeper network did better, paired on the validation rows."""
    difference = paired_difference(deep.right, shallow.right)
    return DepthVerdict(shallow.configuration, deep.configuration, difference)


def _finalist(
    configuration: Configuration,
    seed: int,
    train: Dataset,
    watched: Dataset,
    validation: Dataset,
    crew: Crew,
    n_threads: int,
) -> Finalist:
    model = configuration.classifier(seed, n_threads=n_threads, callback=crew.stopped)
    model.fit(train.rows, train.labels, X_val=watched.rows, y_val=watched.labels)
    right = np.asarray(model.predict(validation.rows) == validation.labels)
    return Finalist(configuration, seed, configuration.n_weights(train), right, model)
