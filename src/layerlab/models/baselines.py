"""What every network has to beat: the majority class and k nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.network import fit_input_map

__all__ = ["IndexPredictor", "MajorityClass", "NearestNeighbours", "microseconds_per_row"]


class IndexPredictor(Protocol):
    """Anything that names a class index for each row, and knows what it has to keep for that."""

    @property
    def n_bytes(self) -> int:
        """Bytes of numbers kept to predict with."""
        ...

    def predict(self, X: Array) -> IndexArray:
        """Return the class index of each row."""
        ...


@dataclass(frozen=True)
class MajorityClass:
    """Predicts the most frequent class of its training rows, the first of several."""

    index: int
    n_bytes: int = 8

    @classmethod
    def fit(cls, y: IndexArray) -> MajorityClass:
        """Count the classes."""
        return cls(int(np.bincount(y).argmax()))

    def predict(self, X: Array) -> IndexArray:
        """Return the same index for every row."""
        return np.full(len(X), self.index, np.intp)


@dataclass(frozen=True)
class NearestNeighbours:
    """k nearest neighbours, on rows standardised where the features do not share one range.

    Attributes
    ----------
    model : KNeighborsClassifier
    k : int
    scale : ndarray of shape (n_features,) or None
        What columns of different units are multiplied with.
    n_bytes : int
        Bytes of the training rows, scaled as they are kept, the labels and the scale.
    """

    model: Any
    k: int
    scale: Array | None
    n_bytes: int

    @classmethod
    def fit(cls, X: Array, y: IndexArray, k: int) -> NearestNeighbours:
        """Keep the rows."""
        from sklearn.neighbors import KNeighborsClassifier  # 40 ms that few need

        scale = neighbour_scale(X)
        rows = X if scale is None else X * scale
        n_bytes = rows.nbytes + y.nbytes + (0 if scale is None else scale.nbytes)
        return cls(KNeighborsClassifier(k).fit(rows, y), k, scale, n_bytes)

    def predict(self, X: Array) -> IndexArray:
        """Return the class index that most of the k nearest training rows have."""
        return np.asarray(self.model.predict(X if self.scale is None else X * self.scale))


def neighbour_scale(X: Array) -> Array | None:
    """Return the factors that make columns comparable; None where they share one range.

    Distances between pixels mean something as they are. Between columns of
    different units they do not until each is divided by its deviation, and a
    baseline without that would be beaten too easily.
    """
    scale = fit_input_map(X, "auto").scale
    return None if (scale == scale[0]).all() else scale


def microseconds_per_row(predictor: IndexPredictor, X: Array, repeats: int = 5) -> float:
    """Return the median time to predict a row, all rows at once, in microseconds."""
    times = []
    for _ in range(repeats):
        start = perf_counter()
        predictor.predict(X)
        times.append(perf_counter() - start)
    return median(times) / len(X) * 1e6
