"""The elastic field: displacements drawn at every pixel, and blurred."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from layerlab._counter import unit_words
from layerlab._typing import Array, FloatArray
from layerlab.data.deformation.draws import FIELD

__all__ = ["blur_factors", "blur_matrix", "elastic_field", "raw_field"]

TOLERANCE = 1e-7  # of the largest singular value
WORTH = 0.7  # factors of at most this share of the rank save time


def elastic_field(
    words: Array, height: int, width: int, factor: float, blur: float
) -> tuple[FloatArray, FloatArray]:
    """Return the displacements of each pixel, down and to the right.

    Parameters
    ----------
    words : ndarray of uint64, of shape (n,)
    height, width : int
    factor : float
        On the blurred field.
    blur : float
        Standard deviation of the Gaussian, in pixels.

    Returns
    -------
    down, right : ndarray of shape (n, height, width), float32
        In pixels.

    References
    ----------
    Simard, Steinkraus & Platt (2003), "Best practices for convolutional neural networks
    applied to visual document analysis", ICDAR, section 2.
    """
    rows = blur_matrix(height, blur) * np.float32(factor)  # (height, height)
    columns = blur_matrix(width, blur)  # (width, width)
    down, right = (rows @ field @ columns for field in raw_field(words, height, width))
    return down, right


def raw_field(words: Array, height: int, width: int) -> tuple[FloatArray, FloatArray]:
    """Return the field before it is blurred: uniform in (−1, 1), in 2¹⁶ steps, from halves."""
    units = unit_words(words, FIELD, height * width).reshape(-1, height, width)
    return _signed(units & np.uint32(0xFFFF)), _signed(units >> np.uint32(16))


def _signed(halves: Array) -> FloatArray:
    return np.asarray(
        (halves.astype(np.float32) + np.float32(0.5)) * np.float32(2.0**-15) - np.float32(1)
    )


@lru_cache(maxsize=32)
def blur_matrix(side: int, blur: float) -> FloatArray:
    """Return the matrix that blurs along one side: a Gaussian, nothing beyond the border.

    Parameters
    ----------
    side : int
    blur : float
        Standard deviation in pixels; 0 gives the identity.

    Returns
    -------
    matrix : ndarray of shape (side, side), float32
        Symmetric, read-only. The weights of a whole Gaussian, however long, add up to 1.
    """
    matrix = _gaussian(side, blur).astype(np.float32)
    matrix.flags.writeable = False
    return matrix


def _gaussian(side: int, blur: float) -> FloatArray:
    if blur == 0:
        return np.eye(side)
    reach = int(10 * blur) + 1
    total = np.exp(-0.5 * (np.arange(-reach, reach + 1) / blur) ** 2).sum()
    apart = np.subtract.outer(np.arange(side), np.arange(side))
    return np.asarray(np.exp(-0.5 * (apart / blur) ** 2) / total)


@lru_cache(maxsize=32)
def blur_factors(side: int, blur: float) -> tuple[FloatArray, FloatArray]:
    """Return two matrices whose product blurs as `blur_matrix` does, with less work.

    What is blurred is smooth, so that the matrix is of a low rank: 13 instead of 28 at a
    standard deviation of 5 pixels.

    Returns
    -------
    first : ndarray of shape (rank, side), float32
        Applied first.
    second : ndarray of shape (side, rank), float32
    """
    # The matrix is symmetric, and its eigenvalues are positive but for rounding.
    values, vectors = np.linalg.eigh(_gaussian(side, blur))
    kept = values > TOLERANCE * values[-1]
    if kept.sum() > WORTH * side:
        return np.eye(side, dtype=np.float32), blur_matrix(side, blur)
    first = vectors[:, kept].T
    return first.astype(np.float32), (first.T * values[kept]).astype(np.float32)
