"""What a training came to, for its report and its record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.data import Dataset
from layerlab.metrics import Score, log_loss
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble, networks_of
from layerlab.models.prediction import log_of_mean
from layerlab.models.recipes import Recipe
from layerlab.solvers import MiniBatchSolver, Status, solver_named

__all__ = ["TrainingOutcome", "Validated", "validated"]


@dataclass(frozen=True, eq=False)
class Validated:
    """What was reached on rows cut off for validation.

    Attributes
    ----------
    rows : ndarray of shape (n,)
        Their numbers.
    kind : str
        How they were cut off: ``"stratified"`` or ``"group"``.
    score : Score
        Of the model that is shipped.
    log_loss : float
    each : tuple of Score
        Of each network.
    """

    rows: IndexArray
    kind: str
    score: Score
    log_loss: float
    each: tuple[Score, ...]


@dataclass(frozen=True, eq=False)
class TrainingOutcome:
    """A trained model, what it was trained on and what it took.

    Attributes
    ----------
    data : Dataset
        All rows that were given.
    recipe : Recipe
    settings : dict
        What the bits depend on, as it was asked for: seed, members, epochs, validation, patience.
    model : FeedforwardClassifier or FeedforwardEnsemble
    validated : Validated or None
    train : ndarray or None
        Numbers of the rows trained on; None means all.
    seconds : float
        Of training.
    microseconds : float
        To predict a row.
    place : str
        Of the model file.
    resumed : bool
        Whether the run was interrupted and gone on with.
    """

    data: Dataset
    recipe: Recipe
    settings: dict[str, Any]
    model: FeedforwardClassifier | FeedforwardEnsemble
    validated: Validated | None
    train: IndexArray | None
    seconds: float
    microseconds: float
    place: str
    resumed: bool = False

    @property
    def networks(self) -> list[FeedforwardClassifier]:
        """The networks of the model."""
        return networks_of(self.model)

    @property
    def n_train(self) -> int:
        """Rows that were trained on."""
        return self.data.n_rows if self.train is None else len(self.train)

    @property
    def n_weights(self) -> int:
        """Weights of all networks together."""
        return sum(network.theta_.size for network in self.networks)

    @property
    def n_views(self) -> int:
        """Views of a row that a prediction is the mean of."""
        first = self.networks[0]
        return first.views if first.augmentation_ is not None else 1

    @property
    def unit(self) -> str:
        """What training goes by."""
        solver = solver_named(self.networks[0].solver)
        return "epoch" if isinstance(solver, MiniBatchSolver) else "iteration"

    @property
    def unfinished(self) -> list[FeedforwardClassifier]:
        """Networks that had something left to gain."""
        return [n for n in self.networks if n.solution_.status is Status.MAX_ITER]


def validated(
    model: FeedforwardClassifier | FeedforwardEnsemble, data: Dataset, rows: IndexArray, kind: str
) -> Validated:
    """Score a model, and each of its networks, on rows cut off for validation."""
    kept = data.subset(rows)
    each = [network.predictor()(kept.rows) for network in networks_of(model)]
    P = mean(each)
    labels = model.classes_.searchsorted(kept.y)
    scores = tuple(Score.of(labels, p.argmax(axis=1)) for p in each)
    loss = log_loss(labels, log_of_mean(P))
    return Validated(rows, kind, Score.of(labels, P.argmax(axis=1)), loss, scores)


def mean(each: Sequence[Array]) -> Array:
    """Return the mean of several networks' probabilities."""
    return np.asarray(sum(each[1:], each[0]) / len(each))
