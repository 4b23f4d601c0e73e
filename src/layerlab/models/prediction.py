"""Probabilities of a fitted network, averaged over views of a row where that is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._typing import Array
from layerlab._validation import check_integer
from layerlab.engine.forward import finite_logits
from layerlab.engine.predictor import Predictor, check_columns
from layerlab.models.augmentation import Augmentation
from layerlab.network import InputMap, Network
from layerlab.network.activations import sigmoid, softplus

__all__ = [
    "LabelProbabilities",
    "MeanOfViews",
    "averages_views",
    "log_odds",
    "log_of_mean",
    "log_probabilities",
    "probability_function",
]


@dataclass(frozen=True, eq=False)
class LabelProbabilities:
    """Each label's own probability, for rows of which each may have several."""

    network: Network
    theta: Array
    input_map: InputMap

    def __call__(self, X: Array) -> Array:
        """Return probabilities strictly inside (0, 1), an array (n_samples, n_labels)."""
        check_columns(X, self.network.widths[0])
        Z = finite_logits(self.network, self.theta, X, self.input_map)
        P = np.empty_like(Z)
        sigmoid(Z, P)
        limits = np.finfo(P.dtype)
        return np.clip(P, limits.tiny, 1 - limits.epsneg)


@dataclass(frozen=True, eq=False)
class MeanOfViews:
    """The mean of what is predicted for several views of each row.

    Attributes
    ----------
    predict : callable
        Rows to probabilities.
    augmentation : Augmentation
        Makes the views.
    n_views : int
        The row itself among them.
    """

    predict: Callable[[Array], Array]
    augmentation: Augmentation
    n_views: int

    def __call__(self, X: Array) -> Array:
        """Return the mean probabilities, an array (n_samples, n_classes)."""
        total = self.predict(X)
        for number in range(1, self.n_views):
            total = total + self.predict(self.augmentation.view(X, number))
        return np.asarray(total / self.n_views)


def probability_function(model: Any, n_threads: int) -> Callable[[Array], Array]:
    """Return what gives a fitted model's probabilities.

    Parameters
    ----------
    model : FeedforwardClassifier
        Later changes to it do not change the function.
    n_threads : int
    """
    parts = model.network_, model.theta_.copy(), model.input_map_
    predict: Callable[[Array], Array] = (
        LabelProbabilities(*parts) if model.multilabel_ else Predictor(*parts, n_threads)
    )
    if not averages_views(model):
        return predict
    return MeanOfViews(predict, model.augmentation_, model.views)


def log_probabilities(model: Any, rows: Array, n_threads: int) -> Array:
    """Return the logarithms, exact also where a probability rounds to 0 or 1.

    Of a mean over views, those of the mean.
    """
    if averages_views(model):
        return np.log(probability_function(model, n_threads)(rows))
    Z = finite_logits(model.network_, model.theta_, rows, model.input_map_)
    if not model.multilabel_:
        return np.asarray(model.network_.output.log_probabilities(Z))
    log_p = np.empty_like(Z)
    softplus(-Z, log_p)
    return -log_p


def averages_views(model: Any) -> bool:
    """Say whether predictions are means over views."""
    return check_integer("views", model.views, 1) > 1 and model.augmentation_ is not None


def log_of_mean(P: Array) -> Array:
    """Return logarithms of probabilities that are means: finite, and none above zero."""
    return np.asarray(np.log(np.clip(P, np.finfo(P.dtype).tiny, 1)))


def log_odds(P: Array, *, several: bool) -> Array:
    """Return what stands for logits where there are probabilities alone.

    Parameters
    ----------
    P : ndarray of shape (n_samples, n_classes)
    several : bool
        Whether a row may have several labels.

    Returns
    -------
    decision : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
    """
    if several:
        return np.asarray(np.log(P) - np.log1p(-P))
    Z = np.log(P)
    return np.asarray(Z[:, 1] - Z[:, 0]) if Z.shape[1] == 2 else Z
