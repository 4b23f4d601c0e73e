"""The input map: (x - shift) · scale, fitted on training rows and carried by the model."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerlab._typing import Array, FloatArray
from layerlab._validation import check_choice

__all__ = ["SCALINGS", "InputMap", "fit_input_map"]

SCALINGS = ("auto", "range", "standard", "none")

# Pixels share one range though not every pixel reaches all of it.
SHARED_RANGE = 0.5
SHARED_END = 0.5


@dataclass(frozen=True)
class InputMap:
    """What is done to a row before the first layer sees it.

    Attributes
    ----------
    shift, scale : ndarray of shape (n_features,), float64
    """

    shift: FloatArray
    scale: FloatArray

    @classmethod
    def identity(cls, n_features: int) -> InputMap:
        """Return the map that leaves rows as they are."""
        return cls(np.zeros(n_features), np.ones(n_features))

    def write(self, rows: Array, out: Array) -> None:
        """Write the mapped rows into ``out``, in its dtype.

        They are mapped in the precision of the rows: in that of ``out`` a column with a
        large offset would lose all that it varies by, and a tiny scale would overflow.
        """
        wide = np.result_type(rows.dtype, out.dtype)
        mapped = out if wide == out.dtype else np.empty(rows.shape, wide)
        np.subtract(rows, self.shift.astype(wide), out=mapped, casting="unsafe", dtype=wide)
        mapped *= self.scale.astype(wide)
        if mapped is not out:
            np.copyto(out, mapped, casting="same_kind")


def fit_input_map(
    X: Array, scaling: str | None = "auto", sample_weight: FloatArray | None = None
) -> InputMap:
    """Return the input map for some training rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
    scaling : {"auto", "range", "standard"} or None
        ``range`` brings the range common to all features to 0–1 and subtracts
        each feature's mean; ``standard`` gives each feature mean 0 and
        variance 1 (a constant feature becomes 0); ``auto`` takes ``range``
        where the features share one range, as pixels do (the median feature
        spans at least half of the common range, and half of them reach the
        common minimum or the common maximum), or are bytes; else ``standard``.
    sample_weight : ndarray of shape (n_samples,), optional
        Means and variances are weighted; rows of weight zero are left out.

    Returns
    -------
    input_map : InputMap

    Raises
    ------
    ParameterError
        If ``scaling`` is unknown.
    """
    kind = check_choice("scaling", "none" if scaling is None else scaling, SCALINGS)
    if kind == "none":
        return InputMap.identity(X.shape[1])
    if sample_weight is not None and not (sample_weight > 0).all():
        X, sample_weight = X[sample_weight > 0], sample_weight[sample_weight > 0]
    low, high = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    mean = _mean(X, sample_weight)
    bytes_of_pixels = X.dtype == np.uint8
    if kind == "range" or (kind == "auto" and (bytes_of_pixels or _share_one_range(low, high))):
        return InputMap(mean, np.full(X.shape[1], 1 / _nonzero(high.max() - low.min())))
    return InputMap(mean, 1 / _nonzero(_deviation(X, mean, sample_weight, high - low)))


def _share_one_range(low: FloatArray, high: FloatArray) -> bool:
    """Say whether columns are like pixels: one background or full value, and spans alike.

    Columns of different units differ in their spans; columns that were
    standardised have like spans, but no value at which many of them end.
    """
    varies = high > low
    if not varies.any():
        return False
    least, most = low.min(), high.max()
    middle = np.quantile((high - low)[varies], 0.5, method="lower")
    alike = middle >= SHARED_RANGE * (most - least)
    ends = max((low[varies] == least).mean(), (high[varies] == most).mean())
    return bool(alike and ends >= SHARED_END)


def _mean(X: Array, weight: FloatArray | None) -> FloatArray:
    if weight is None:
        return np.asarray(X.mean(axis=0, dtype=np.float64))
    total = sum((w * rows).sum(axis=0) for rows, w in _weighted_blocks(X, weight))
    return np.asarray(total / weight.sum(), dtype=np.float64)


def _deviation(X: Array, mean: Array, weight: FloatArray | None, span: Array) -> FloatArray:
    """Return each feature's standard deviation, exactly zero where it is constant.

    In units of the feature's span, whose squares neither over- nor underflow.
    """
    weight, unit = np.ones(len(X)) if weight is None else weight, _nonzero(span)
    blocks = _weighted_blocks(X, weight)
    variance = sum((w * ((rows - mean) / unit) ** 2).sum(axis=0) for rows, w in blocks)
    return np.asarray(np.sqrt(variance / weight.sum()) * span)


def _weighted_blocks(X: Array, weight: FloatArray) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield rows in double precision with a column of weights; memory does not grow with m.

    They are added up without the BLAS, whose bits may depend on its threads.
    """
    for start in range(0, len(X), 4096):
        block = slice(start, start + 4096)
        yield X[block].astype(np.float64), weight[block, None]


def _nonzero(values: Array) -> Array:
    return np.where(values > 0, values, 1.0)
