"""Cross-validation of the list of networks, on training rows only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import sqrt
from time import perf_counter
from typing import Any

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data import Dataset
from layerlab.exploration.configuration import SEARCH_ITER, Configuration
from layerlab.exploration.crew import Budget, Crew

__all__ = ["Candidate", "cross_validate", "shortlist"]

SEARCH_SHARE = 0.5  # of a budget: the rest is for the choice, the refit and the opening


@dataclass(frozen=True)
class Candidate:
    """What cross-validation found of one network.

    Attributes
    ----------
    configuration : Configuration
    accuracies : tuple of float
        One a fold.
    rows : int
        Rows that were predicted, all folds together.
    n_weights : int
    seconds : float
        Time of its fits.
    """

    configuration: Configuration
    accuracies: tuple[float, ...]
    rows: int
    n_weights: int
    seconds: float

    @property
    def accuracy(self) -> float:
        """Mean over the folds."""
        return float(np.mean(self.accuracies))

    @property
    def error(self) -> float:
        """Standard error of the accuracy, from the number of rows predicted."""
        p = self.accuracy
        return sqrt(p * (1 - p) / self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds; times stand elsewhere."""
        return {
            "hidden_layer_sizes": list(self.configuration.hidden_layer_sizes),
            "alpha": self.configuration.alpha,
            "accuracies": list(self.accuracies),
            "accuracy": self.accuracy,
            "standard_error": self.error,
            "weights": self.n_weights,
        }


def cross_validate(
    data: Dataset,
    grid: Sequence[Configuration],
    folds: Sequence[tuple[IndexArray, IndexArray]],
    seed: int,
    crew: Crew,
    budget: Budget,
) -> list[Candidate]:
    """Return what each network of the list reached.

    Parameters
    ----------
    data : Dataset
        Training rows only.
    grid : sequence of Configuration
    folds : sequence of (train, test)
        Row numbers within ``data``.
    seed : int
        Every fit starts from it.
    crew : Crew
    budget : Budget
        Where it ends the search, networks with unfinished folds are left out.

    Returns
    -------
    candidates : list of Candidate
        At least one, in the order of the list.
    """
    tasks = [
        partial(_fold_score, data, configuration, fold, seed, crew)
        for configuration in grid
        for fold in folds
    ]
    k = len(folds)
    # The first network is always finished, or there would be nothing to choose from.
    scores = crew.run("searching", tasks, lambda: budget.left(SEARCH_SHARE), at_least=k)
    found = [
        _candidate(data, configuration, scores[i * k : (i + 1) * k])
        for i, configuration in enumerate(grid)
    ]
    return [candidate for candidate in found if candidate is not None]


def shortlist(candidates: Sequence[Candidate], size: int = 3) -> list[Candidate]:
    """Return the candidates of highest mean accuracy, of equals the one with fewer weights."""
    return sorted(candidates, key=lambda c: (-c.accuracy, c.n_weights))[:size]


def _fold_score(
    data: Dataset,
    configuration: Configuration,
    fold: tuple[IndexArray, IndexArray],
    seed: int,
    crew: Crew,
) -> tuple[float, int, float]:
    """Return accuracy, rows and seconds of one fit on one fold."""
    began = perf_counter()
    train, test = fold
    model = configuration.classifier(seed, max_iter=SEARCH_ITER, n_threads=1, callback=crew.stopped)
    model.fit(data.rows[train], data.labels[train])
    right = model.predict(data.rows[test]) == data.labels[test]
    return float(right.mean()), len(test), perf_counter() - began


def _candidate(
    data: Dataset, configuration: Configuration, scores: Sequence[tuple[float, int, float] | None]
) -> Candidate | None:
    done = [score for score in scores if score is not None]
    if len(done) < len(scores):
        return None
    return Candidate(
        configuration,
        tuple(score[0] for score in done),
        sum(score[1] for score in done),
        configuration.n_weights(data),
        sum(score[2] for score in done),
    )
