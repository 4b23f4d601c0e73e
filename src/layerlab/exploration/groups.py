"""How well rows of a group are told that the network has never seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data import Dataset, make_folds
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Budget, Crew
from layerlab.metrics import Score
from layerlab.models import neighbour_predictions

__all__ = ["GroupStudy", "leave_groups_out"]

# With more groups than this, several are left out at a time: one fit a group would take too long.
MANY_GROUPS = 20
GROUPED_FOLDS = 10
GROUP_SHARE = 0.85  # of a budget


@dataclass(frozen=True)
class GroupStudy:
    """Scores when each row is predicted from other groups' rows only.

    Attributes
    ----------
    kind : {"leave-one-group-out", "group"}
    folds : int
    network, neighbours : Score
        Of the chosen network, and of k-nearest neighbours.
    """

    kind: str
    folds: int
    network: Score
    neighbours: Score

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds."""
        return {
            "kind": self.kind,
            "folds": self.folds,
            "network": self.network.to_dict(),
            "knn": self.neighbours.to_dict(),
        }


def leave_groups_out(
    data: Dataset, configuration: Configuration, k: int, seed: int, crew: Crew, budget: Budget
) -> GroupStudy | None:
    """Return the scores under leave-one-group-out, or None where data or budget do not allow it.

    The data does not where a fold leaves rows of a single class to train on.

    Parameters
    ----------
    data : Dataset
        Development rows: the sealed test rows are not among them.
    configuration : Configuration
    k : int
        Neighbours.
    seed : int
    crew : Crew
    budget : Budget
    """
    if data.groups is None or len(np.unique(data.groups)) < 2:
        return None
    kind = "leave-one-group-out" if len(np.unique(data.groups)) <= MANY_GROUPS else "group"
    folds = make_folds(kind, data.labels, n_splits=GROUPED_FOLDS, groups=data.groups)
    if any(len(np.unique(data.labels[train])) < 2 for train, _ in folds):
        return None
    tasks = [partial(_right, data, configuration, fold, seed, crew) for fold in folds]
    right = crew.run("leaving groups out", tasks, lambda: budget.left(GROUP_SHARE))
    if any(n is None for n in right):
        return None
    rows = sum(len(test) for _, test in folds)
    network = Score(sum(n for n in right if n is not None), rows)
    return GroupStudy(kind, len(folds), network, Score(_neighbours_right(data, folds, k), rows))


def _right(
    data: Dataset,
    configuration: Configuration,
    fold: tuple[IndexArray, IndexArray],
    seed: int,
    crew: Crew,
) -> int:
    train, test = fold
    model = configuration.classifier(seed, n_threads=1, callback=crew.stopped)
    model.fit(data.rows[train], data.labels[train])
    return int((model.predict(data.rows[test]) == data.labels[test]).sum())


def _neighbours_right(data: Dataset, folds: Sequence[tuple[IndexArray, IndexArray]], k: int) -> int:
    X, y = data.rows, data.labels
    return sum(
        int((neighbour_predictions(X[a], y[a], X[b], [min(k, len(a))])[0] == y[b]).sum())
        for a, b in folds
    )
