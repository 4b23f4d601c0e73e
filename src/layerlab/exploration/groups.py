"""How well rows of a group are told that the network has never seen."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_openmp
from layerlab._typing import IndexArray
from layerlab.data import Dataset, make_folds
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Budget, Crew
from layerlab.exploration.work import Cost
from layerlab.metrics import Score
from layerlab.models import neighbour_predictions

__all__ = ["GroupStudy", "GroupedFolds", "leave_groups_out", "plan_groups"]

# With more groups than this, several are left out at a time: one fit a group would take too long.
MANY_GROUPS = 20
GROUPED_FOLDS = 10
# Where even these are too much work.
FEWER_FOLDS = 5
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


@dataclass(frozen=True)
class GroupedFolds:
    """How groups are left out.

    Attributes
    ----------
    kind : {"leave-one-group-out", "group"}
    n_folds : int
    rows : int
        How many rows the work allows, of all groups together.
    """

    kind: str
    n_folds: int
    rows: int


def plan_groups(n_groups: int, n_rows: int, fit: Cost, work: float) -> GroupedFolds:
    """Return folds whose fits take no more than so much work: fewer folds first, then fewer rows.

    Parameters
    ----------
    n_groups, n_rows : int
    fit : Cost
        Of one fit, by its rows.
    work : float
    """
    one_by_one = n_groups <= MANY_GROUPS
    kind, n_folds = ("leave-one-group-out", n_groups) if one_by_one else ("group", GROUPED_FOLDS)
    cost = _all_fits(fit, n_folds)
    if n_folds > FEWER_FOLDS and cost.of(n_rows) > work:
        kind, n_folds = "group", FEWER_FOLDS
        cost = _all_fits(fit, n_folds)
    return GroupedFolds(kind, n_folds, cost.rows_within(work))


def _all_fits(fit: Cost, n_folds: int) -> Cost:
    """Return the work of a fit a fold: each row is fitted in all folds but one."""
    return Cost((n_folds - 1) * fit.a_row, n_folds * fit.fixed)


def leave_groups_out(
    data: Dataset,
    configuration: Configuration,
    k: int,
    seed: int,
    crew: Crew,
    budget: Budget,
    plan: GroupedFolds,
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
    plan : GroupedFolds
    """
    n_groups = 0 if data.groups is None else len(np.unique(data.groups))
    if n_groups < 2:
        return None
    n_folds = min(plan.n_folds, n_groups)
    folds = make_folds(plan.kind, data.labels, n_splits=n_folds, groups=data.groups)
    if any(len(np.unique(data.labels[train])) < 2 for train, _ in folds):
        return None
    tasks = [partial(_right, data, configuration, fold, seed, crew) for fold in folds]
    right = crew.run("leaving groups out", tasks, lambda: budget.left(GROUP_SHARE))
    if any(n is None for n in right):
        return None
    rows = sum(len(test) for _, test in folds)
    network = Score(sum(n for n in right if n is not None), rows)
    asked = [partial(_neighbours_right, data, fold, k) for fold in folds]
    neighbours = sum(n or 0 for n in crew.run("neighbours of other groups", asked))
    return GroupStudy(plan.kind, len(folds), network, Score(neighbours, rows))


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


def _neighbours_right(data: Dataset, fold: tuple[IndexArray, IndexArray], k: int) -> int:
    X, y, (train, test) = data.rows, data.labels, fold
    with single_threaded_openmp():  # ties among neighbours fall by the number of threads
        found = neighbour_predictions(X[train], y[train], X[test], [min(k, len(train))])[0]
    return int((found == y[test]).sum())
