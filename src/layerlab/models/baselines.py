"""What every network has to beat: the majority class and k nearest neighbours."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Any, Protocol

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.network import fit_input_map

__all__ = [
    "IndexPredictor",
    "MajorityClass",
    "NearestNeighbours",
    "comparable",
    "microseconds_per_row",
    "neighbour_scale",
    "search_method",
]

# scikit-learn searches a tree up to 15 features. With many rows and more than a few features that
# visits nearly all of it, and costs several times what plain products do.
TREE_ROWS, TREE_FEATURES = 50_000, 8


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
        rows = comparable(X, scale)
        kept = X.nbytes if scale is None else rows.nbytes + scale.nbytes
        model = KNeighborsClassifier(k, algorithm=search_method(rows)).fit(rows, y)
        return cls(model, k, scale, kept + y.nbytes)

    def predict(self, X: Array) -> IndexArray:
        """Return the class index that most of the k nearest training rows have."""
        return np.asarray(self.model.predict(comparable(X, self.scale)))


def comparable(X: Array, scale: Array | None) -> Array:
    """Return rows as they are searched: scaled, or small integers in single precision.

    Searching integers takes twice as long, as scikit-learn has no products of them; single
    precision holds those of 16 bits exactly, and distances are added in double precision.
    """
    if scale is not None:
        return np.asarray(X * scale)
    return X.astype(np.float32) if X.dtype.kind in "biu" and X.dtype.itemsize <= 2 else X


def search_method(rows: Array) -> str:
    """Return how scikit-learn is to search: as it chooses, or without a tree."""
    many = len(rows) > TREE_ROWS and rows.shape[1] > TREE_FEATURES
    return "brute" if many else "auto"


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
