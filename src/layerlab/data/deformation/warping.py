"""`warp`: some rows, each deformed as seed, key and row number say."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from layerlab._counter import row_words
from layerlab._memory import empty
from layerlab._typing import Array, FloatArray, ImageShape, IndexArray
from layerlab._validation import check_integer
from layerlab.data.deformation.compiled import deformed_compiled
from layerlab.data.deformation.options import Deformation
from layerlab.data.deformation.reference import deformed
from layerlab.data.shapes import shape_size, shape_text
from layerlab.errors import DataError

__all__ = ["warp"]

BLOCK = 1 << 16  # values: so many stay in the cache between one step of NumPy and the next


def warp(
    X: Array,
    deformation: Deformation,
    image_shape: ImageShape,
    seed: int,
    key: int,
    rows: IndexArray,
    out_dtype: Any = np.float32,
    *,
    value_range: tuple[float, float] = (0.0, 1.0),
    background: float | None = None,
    n_threads: int = 1,
) -> FloatArray:
    """Return rows deformed at random, each as seed, key and its number say.

    Parameters
    ----------
    X : ndarray of shape (n, d)
        The rows themselves, of any real type.
    deformation : Deformation
    image_shape : (int, int) or (int, int, int)
        Height and width, and channels, all of which are moved alike.
    seed, key : int
        Of the fit, and of the call: which epoch, say.
    rows : ndarray of int, of shape (n,)
        The numbers of these rows in the data. What becomes of a row depends on its number,
        and not on the rows beside it nor on threads.
    out_dtype : {float32, float64}
        Of the result; it is computed in float32 either way.
    value_range : (float, float)
        Of the data's values: noise is a share of it.
    background : float, optional
        What comes in from outside, and what is erased; by default the range's lower end.
    n_threads : int
        Taken by the compiled module alone.

    Returns
    -------
    deformed : ndarray of shape (n, d)
        In units of ``X``; ``X`` itself, in this type, where the deformation does nothing.

    Raises
    ------
    DataError
        If the shapes do not agree.
    ParameterError
        If ``n_threads`` is no positive integer.
    """
    _check(X, image_shape, rows)
    check_integer("n_threads", n_threads, 1)
    if not deformation.changes:
        return X.astype(out_dtype)
    low, high = value_range
    ground = float(low if background is None else background)
    own = _in_pixels(deformation, tuple(image_shape))
    noise = own.noise * (float(high) - float(low))
    height, width = image_shape[:2]
    shape = (height, width, X.shape[1] // (height * width))
    words = row_words(seed, key, rows)
    out = empty(*X.shape, dtype=out_dtype)
    if not deformed_compiled(X, words, own, shape, noise, ground, out, n_threads):
        _deform_blocks(X, words, own, shape, noise, ground, out)
    return out


@lru_cache(maxsize=32)
def _in_pixels(deformation: Deformation, image_shape: Any) -> Deformation:
    # Its checks would take a tenth of a call for a batch of small images.
    return deformation.in_pixels(image_shape)


def _deform_blocks(
    X: Array,
    words: Array,
    deformation: Deformation,
    shape: tuple[int, int, int],
    noise: float,
    background: float,
    out: FloatArray,
) -> None:
    step = max(1, BLOCK // X.shape[1])
    for start in range(0, len(X), step):
        block = slice(start, start + step)
        images = _above(X[block], background).reshape(-1, *shape)
        moved = deformed(images, words[block], deformation, noise)
        np.add(moved.reshape(len(images), -1), background, out=out[block], dtype=out.dtype)


def _above(X: Array, background: float) -> FloatArray:
    return np.subtract(X, background, dtype=np.float64).astype(np.float32)


def _check(X: Array, image_shape: ImageShape, rows: IndexArray) -> None:
    if X.ndim != 2 or X.shape[1] != shape_size(image_shape):
        raise DataError(
            f"Images of {shape_text(image_shape)} pixels need rows of {shape_size(image_shape)} "
            f"values. Got an array of shape {X.shape} instead."
        )
    if np.shape(rows) != (len(X),):
        raise DataError(
            f"There are {len(X)} images, but row numbers of shape {np.shape(rows)}. "
            "Give one number a row."
        )
