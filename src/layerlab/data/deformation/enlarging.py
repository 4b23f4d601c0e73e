"""A fixed set enlarged by deformed copies, for minimisers that take all rows at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._typing import Array, FloatArray, ImageShape
from layerlab._validation import check_integer
from layerlab.data.deformation.presets import deformation_named
from layerlab.data.deformation.warping import warp

__all__ = ["enlarge"]


def enlarge(
    X: Array,
    y: Array,
    deformation: Any,
    copies: int,
    image_shape: ImageShape,
    seed: int = 0,
    *,
    out_dtype: Any = np.float32,
    value_range: tuple[float, float] = (0.0, 1.0),
    background: float | None = None,
    n_threads: int = 1,
) -> tuple[FloatArray, Array]:
    """Return the rows, and deformed copies of all of them behind.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    y : ndarray of shape (n,) or (n, n_outputs)
    deformation : str or Deformation
        A name of `DEFORMATIONS`, or one's own.
    copies : int
        Deformed copies of each row; 0 gives the rows as they are.
    image_shape : (int, int) or (int, int, int)
    seed : int
    out_dtype, value_range, background, n_threads
        As for `warp`.

    Returns
    -------
    X : ndarray of shape (n · (1 + copies), d)
        Row i and its copies are at i, n + i, 2 n + i, … Copy k is that of `warp` with key k.
    y : ndarray of n · (1 + copies) targets

    Raises
    ------
    DataError
        If the shapes do not agree.
    ParameterError
        If ``copies`` is no integer from 0 upwards, or there is no such deformation.

    Notes
    -----
    Each row's copies belong to its side of every split: enlarge training rows only, after
    the split.
    """
    n, chosen = len(X), deformation_named(deformation)
    check_integer("copies", copies, 0)
    out = np.empty(((1 + copies) * n, X.shape[1]), out_dtype)
    out[:n] = X
    for k in range(1, copies + 1):
        out[k * n : (k + 1) * n] = warp(
            X, chosen, image_shape, seed, k, np.arange(n), out_dtype,
            value_range=value_range, background=background, n_threads=n_threads,
        )  # fmt: skip
    return out, np.concatenate([y] * (1 + copies))
