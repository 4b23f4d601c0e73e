"""The warp by the compiled module, where it is there."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from layerlab._compiled import KERNEL, kernel_target
from layerlab._typing import Array, FloatArray
from layerlab.data.deformation.fields import blur_factors
from layerlab.data.deformation.options import FLIPS, Deformation

__all__ = ["deformed_compiled"]

READABLE = "BHfd"  # bytes, 16-bit words, and floats of both precisions
VECTOR = 16  # floats of the longest


def deformed_compiled(
    X: Array,
    words: Array,
    deformation: Deformation,
    shape: tuple[int, int, int],
    noise: float,
    background: float,
    out: FloatArray,
    n_threads: int,
) -> bool:
    """Write deformed images into ``out``; return False where there is no compiled module.

    Parameters
    ----------
    X : ndarray of shape (n, d)
    words : ndarray of uint64, of shape (n,)
    deformation : Deformation
        In pixels of the image.
    shape : (int, int, int)
        Height, width and channels.
    noise : float
        Standard deviation, in units of ``X``.
    background : float
    out : ndarray of shape (n, d), float32 or float64, C-contiguous
    n_threads : int
    """
    target = kernel_target()
    if KERNEL is None or target is None:
        return False
    KERNEL.warp(
        _readable(X),
        words,
        _numbers(deformation, noise, background),
        (*shape, FLIPS.index(deformation.flip), n_threads),
        _factors(deformation, shape[:2]),
        out,
        target,
    )
    return True


def _readable(X: Array) -> Array:
    """Return rows as the module reads them: a copy where they are anything unusual."""
    plain = X.dtype.char in READABLE and X.dtype.isnative
    return np.ascontiguousarray(X, None if plain else np.float64)


@lru_cache(maxsize=32)
def _numbers(deformation: Deformation, noise: float, background: float) -> Array:
    of = deformation
    numbers = [
        np.deg2rad(of.rotation), of.scale, of.shear, of.shift, of.elastic,
        noise, of.erase, of.erase_area, of.contrast, background,
    ]  # fmt: skip
    return np.array(numbers, np.float64)


@lru_cache(maxsize=32)
def _factors(deformation: Deformation, sides: tuple[int, int]) -> Any:
    """Return the two factors of each side's blur, the second of which carries the factor.

    Behind them their ranks. Along a row they stand on the right, and so transposed.
    """
    if not deformation.elastic:
        nothing = np.zeros((1, VECTOR), np.float32)
        return nothing, nothing, nothing, nothing, 1, 1
    (rows, rows_back), (columns, columns_back) = (
        blur_factors(side, deformation.elastic_blur) for side in sides
    )
    rows_back = rows_back * np.float32(deformation.elastic)
    factors = map(_filled, (rows, rows_back, columns.T, columns_back.T))
    return (*factors, len(rows), len(columns))


def _filled(matrix: FloatArray) -> FloatArray:
    """Return the matrix with zeros behind each row, up to whole vectors of any target."""
    return np.ascontiguousarray(np.pad(matrix, ((0, 0), (0, -matrix.shape[1] % VECTOR))))
