"""The k-NN curve under several kinds of folds, and what their difference says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from layerlab._guard import single_threaded_openmp
from layerlab._typing import FloatArray, IndexArray
from layerlab.data import Dataset, make_folds
from layerlab.exploration.crew import Crew
from layerlab.models import DEFAULT_KS, neighbour_curve

__all__ = ["N_FOLDS", "NeighbourStudy", "fold_kinds", "knn_curve", "study_neighbours"]

N_FOLDS = 4


@dataclass(frozen=True, eq=False)
class NeighbourStudy:
    """Accuracy of k-nearest neighbours by kind of folds.

    Attributes
    ----------
    ks : tuple of int
    curves : mapping of str to ndarray of shape (n_folds, n_ks)
        By kind of folds.
    rows : int
    """

    ks: tuple[int, ...]
    curves: Mapping[str, FloatArray]
    rows: int

    def best(self, kind: str) -> tuple[int, float]:
        """Return the k of highest mean accuracy, the smallest of several, and that accuracy."""
        means = self.curves[kind].mean(axis=0)
        return self.ks[int(means.argmax())], float(means.max())

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds."""
        curves = {kind: curve.mean(axis=0).tolist() for kind, curve in self.curves.items()}
        return {"ks": list(self.ks), "mean_accuracy": curves, "folds": N_FOLDS, "rows": self.rows}


def knn_curve(data: Dataset, *, random_state: Any = 0) -> NeighbourStudy:
    """Return the accuracy of k-nearest neighbours, k = 1 … 15, by 4-fold cross-validation.

    Three kinds of folds: shuffled, contiguous, and by group where the data has
    groups. Where rows come in runs that are alike, as one writer's digits do,
    shuffled folds put a run on both sides and the figure is higher: it answers
    how well rows of *known* writers are told, the other two of *new* ones.

    k is at most half of the smallest training part, whatever the kind of folds: with
    few rows, or groups of very unequal sizes, a larger one would ask most of them.

    Parameters
    ----------
    data : Dataset
    random_state : int, RandomState instance or None, default=0
        Shuffles the shuffled folds.

    Returns
    -------
    study : NeighbourStudy
    """
    return study_neighbours(data, random_state, Crew(1))


def study_neighbours(data: Dataset, random_state: Any, crew: Crew) -> NeighbourStudy:
    """Return what `knn_curve` does, fold by fold on the crew's threads.

    Parameters
    ----------
    data : Dataset
    random_state : int, RandomState instance or None
    crew : Crew
        How many threads it has does not change the curve.
    """
    kinds = fold_kinds(data)
    folds = {
        kind: make_folds(
            kind, data.labels, n_splits=N_FOLDS, groups=data.groups, random_state=random_state
        )
        for kind in kinds
    }
    fewest = min(len(train) for kind in kinds for train, _ in folds[kind])
    ks = DEFAULT_KS[: max(1, fewest // 2)]
    tasks = [partial(_fold_curve, data, fold, ks) for kind in kinds for fold in folds[kind]]
    found = np.array(crew.run("nearest neighbours", tasks)).reshape(len(kinds), N_FOLDS, len(ks))
    return NeighbourStudy(ks, dict(zip(kinds, found, strict=True)), data.n_rows)


def fold_kinds(data: Dataset) -> tuple[str, ...]:
    """Return the kinds of folds that the data allows."""
    grouped = data.groups is not None and len(np.unique(data.groups)) >= N_FOLDS
    return ("shuffled", "contiguous", *(("group",) if grouped else ()))


def _fold_curve(
    data: Dataset, fold: tuple[IndexArray, IndexArray], ks: tuple[int, ...]
) -> FloatArray:
    with single_threaded_openmp():  # ties among neighbours fall by the number of threads
        return neighbour_curve(data.rows, data.labels, [fold], ks)
