"""What a model says of rows, and how often it is right."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from layerlab._typing import Array
from layerlab._validation import refuse
from layerlab.data import Dataset, Rows, take_features
from layerlab.data.checks import Finding
from layerlab.engine import effective_threads
from layerlab.errors import DataError, DataWarning
from layerlab.exploration import examine_new_rows
from layerlab.metrics import Score, log_loss
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.models.prediction import log_of_mean, log_probabilities
from layerlab.models.targets import known_labels

__all__ = ["Evaluation", "evaluate", "model_takes", "predict_rows"]


@dataclass(frozen=True)
class Evaluation:
    """What a model reaches on some rows.

    Attributes
    ----------
    score : Score
    log_loss : float
        Mean of -log(probability of the label), in nats.
    """

    score: Score
    log_loss: float

    def to_dict(self) -> dict[str, Any]:
        """Return accuracy, interval, rows and log loss."""
        return {**self.score.to_dict(), "log_loss": self.log_loss}


def evaluate(model: FeedforwardClassifier | FeedforwardEnsemble, data: Dataset) -> Evaluation:
    """Score a model on labelled rows.

    Parameters
    ----------
    model : FeedforwardClassifier or FeedforwardEnsemble
        Fitted or loaded.
    data : Dataset
        Features are taken by name where the model knows their names, and by their
        order where it knows none or only made-up ones (``x0``, ``pixel_0_0``, …);
        `load_labelled_rows` reads a file so. Labels are compared with the model's
        classes as text.

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    DataError
        If the rows do not fit the model, or a label was not seen in training.
    """
    check_is_fitted(model)
    if not isinstance(data, Dataset):
        raise refuse("data", "a Dataset, as load_data returns it", data)
    if model.multilabel_:
        raise refuse("model", "a classifier with one label a row", model)
    data = take_features(data, **_features(model))
    warn_of_new_rows(data.source, examine_new_rows(model, data.rows))
    names = np.array([str(name) for name in model.classes_])
    order = np.argsort(names)
    labels = order[known_labels(data.y.astype(str), names[order], data.source)]
    with _naming(data.source):
        log_p = _log_probabilities(model, data.rows)
    return Evaluation(Score.of(labels, log_p.argmax(axis=1)), log_loss(labels, log_p))


def _log_probabilities(model: FeedforwardClassifier | FeedforwardEnsemble, rows: Array) -> Array:
    if isinstance(model, FeedforwardEnsemble):
        return log_of_mean(model.predictor()(rows))
    return log_probabilities(model, rows, effective_threads(model.n_threads))


def model_takes(model: FeedforwardClassifier | FeedforwardEnsemble) -> dict[str, Any]:
    """Return what a model takes, as `load_rows` and `load_labelled_rows` ask for it.

    Parameters
    ----------
    model : FeedforwardClassifier or FeedforwardEnsemble
        Fitted or loaded.

    Returns
    -------
    options : dict
        ``n_features``, ``feature_names`` and ``image_shape``, the last two None where the
        model does not know them; and how image files were brought to rows.
    """
    return {**_features(model), **(getattr(model, "image_options_", None) or {})}


def predict_rows(model: FeedforwardClassifier | FeedforwardEnsemble, rows: Rows) -> tuple[Any, Any]:
    """Return the class and all probabilities of each row.

    Parameters
    ----------
    model : FeedforwardClassifier or FeedforwardEnsemble
    rows : Rows
        As `load_rows` returns them.

    Returns
    -------
    labels : ndarray of shape (m,)
        Where a row may have several, the names of all that are likelier than not, as one
        text with spaces between.
    probabilities : ndarray of shape (m, K)
    """
    warn_of_new_rows(rows.source, examine_new_rows(model, rows.rows))
    with _naming(rows.source):
        probabilities = model.predictor()(rows.rows)
    if model.multilabel_:
        return np.array([_listed(model.classes_[p > 0.5]) for p in probabilities]), probabilities
    return model.classes_[probabilities.argmax(axis=1)], probabilities


def _listed(names: Any) -> str:
    return " ".join(str(name) for name in names)


def _features(model: FeedforwardClassifier | FeedforwardEnsemble) -> dict[str, Any]:
    return {
        "n_features": model.n_features_in_,
        "feature_names": tuple(getattr(model, "feature_names_in_", ())) or None,
        "image_shape": getattr(model, "image_shape_", None),
    }


def warn_of_new_rows(source: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        warnings.warn(f"{source}: {finding.title}. {finding.advice}", DataWarning, stacklevel=3)


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Say of which source a row is that cannot be used."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{source}: {error}") from error
