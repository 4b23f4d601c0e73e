"""What became of a preset beside the search's choice, and of the mean over the seeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from layerlab._typing import Array
from layerlab.data import Dataset
from layerlab.exploration.choice import Finalist
from layerlab.exploration.configuration import Configuration
from layerlab.exploration.crew import Crew
from layerlab.exploration.presets import Preset
from layerlab.metrics import PairedDifference, Score, paired_difference
from layerlab.models import microseconds_per_row

__all__ = ["MeanOfSeeds", "PresetTrial", "mean_of_seeds", "microseconds_of"]

TIMED_ROWS = 1000
ONE_ERROR = 0.6827  # confidence of an interval of one standard error to each side


@dataclass(frozen=True, eq=False)
class PresetTrial:
    """A preset's network and the search's choice, on the same validation rows.

    Attributes
    ----------
    preset : Preset
    searched : Finalist
        What the search chose.
    own : Configuration or None
        The preset's network with its own number of epochs; None without a preset.
    finalist : Finalist or None
        The preset's network as it was fitted; None where there is none or it was left out.
    microseconds : tuple of float
        A row's prediction, views included, by the preset's network and by the search's choice.
    """

    preset: Preset
    searched: Finalist
    own: Configuration | None = None
    finalist: Finalist | None = None
    microseconds: tuple[float, float] = (0.0, 0.0)

    @property
    def taken(self) -> bool:
        """Whether the preset did as well; one that deforms images, but for one standard error.

        Validation rows are like the training rows, where deformation gains most on rows that
        are not: of new writers, say.
        """
        found, searched = self.finalist, self.searched
        if found is None:
            return False
        if found.configuration.deforms:
            return paired_difference(found.right, searched.right, ONE_ERROR).high >= 0
        return bool(found.right.sum() >= searched.right.sum())

    @property
    def chosen(self) -> Finalist:
        """The one that was taken."""
        return self.finalist if self.finalist is not None and self.taken else self.searched

    @property
    def left_out(self) -> bool:
        """Whether there is a preset, and it was too much work."""
        return self.own is not None and self.finalist is None

    @property
    def difference(self) -> PairedDifference | None:
        """Accuracy of the preset's network less that of the search's choice."""
        found = self.finalist
        return None if found is None else paired_difference(found.right, self.searched.right)

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds; times stand elsewhere."""
        found: dict[str, Any] = {
            "asked": self.preset.asked,
            "name": self.preset.name,
            "reason": self.preset.reason,
            "left_out": self.left_out,
            "taken": self.taken,
        }
        if self.own is None or self.finalist is None or self.difference is None:
            return found
        return {
            **found,
            **self.finalist.to_dict(),
            "epochs": self.finalist.configuration.epochs,
            "own_epochs": self.own.epochs,
            "views": self.finalist.model.views,
            "search": self.searched.to_dict(),
            "difference": self.difference.to_dict(),
        }


@dataclass(frozen=True, eq=False)
class MeanOfSeeds:
    """What the networks of all seeds reach together, their probabilities averaged.

    Attributes
    ----------
    networks : int
    right : ndarray of bool, of shape (n_validation,)
    microseconds : float
        A row's prediction by all of them.
    """

    networks: int
    right: Array
    microseconds: float

    @property
    def score(self) -> Score:
        """Accuracy on the validation rows, with its interval."""
        return Score(int(self.right.sum()), len(self.right))

    def to_dict(self) -> dict[str, Any]:
        """Return what `results.json` holds; times stand elsewhere."""
        return {"networks": self.networks, "validation": self.score.to_dict()}


def mean_of_seeds(
    replicates: Sequence[Finalist], validation: Dataset, crew: Crew
) -> MeanOfSeeds | None:
    """Return what the networks of several seeds reach together; None of a single one.

    Parameters
    ----------
    replicates : sequence of Finalist
    validation : Dataset
    crew : Crew
    """
    if len(replicates) < 2:
        return None
    tasks = [partial(f.model.predict_proba, validation.rows) for f in replicates]
    parts = [P for P in crew.run("mean of the seeds", tasks) if P is not None]
    best = np.sum(parts, axis=0).argmax(axis=1)
    right = np.asarray(replicates[0].model.classes_[best] == validation.labels)
    each = microseconds_of(replicates[0], validation)  # alike in all but their weights
    return MeanOfSeeds(len(replicates), right, len(replicates) * each)


def microseconds_of(finalist: Finalist, validation: Dataset) -> float:
    """Return the time that a row's prediction takes on one thread, views included."""
    model = finalist.model
    threads, model.n_threads = model.n_threads, 1
    try:
        return microseconds_per_row(_Labels(model), validation.rows[:TIMED_ROWS], repeats=3)
    finally:
        model.n_threads = threads


@dataclass(frozen=True)
class _Labels:
    """A network fitted on class indices, as what is timed."""

    model: Any
    n_bytes: int = 0

    def predict(self, X: Array) -> Any:
        return self.model.predict(X)
