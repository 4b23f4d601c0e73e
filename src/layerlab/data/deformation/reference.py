"""The warp in NumPy: what the compiled one is tested against."""

from __future__ import annotations

import numpy as np

from layerlab._counter import normal, unit_words
from layerlab._typing import Array, FloatArray
from layerlab.data.deformation.draws import NOISE, Draws, draw
from layerlab.data.deformation.fields import elastic_field
from layerlab.data.deformation.options import Deformation
from layerlab.data.deformation.sampling import displacements, sample

__all__ = ["deformed"]


def deformed(
    images: FloatArray, words: Array, deformation: Deformation, noise: float
) -> FloatArray:
    """Return deformed images.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels), float32
        Above a background of zero.
    words : ndarray of uint64, of shape (n,)
        From `row_words`.
    deformation : Deformation
        In pixels of the image.
    noise : float
        Standard deviation, in units of the images.

    Returns
    -------
    deformed : ndarray of shape (n, height, width, channels), float32
    """
    height, width = images.shape[1:3]
    drawn = draw(words, deformation, height, width)
    if deformation.moves:
        images = sample(images, *_moves(words, drawn, deformation, height, width))
    if deformation.contrast:
        images = images * drawn.contrast.astype(np.float32)[:, None, None, None]
    if noise:
        units = unit_words(words, NOISE, images[0].size).reshape(images.shape)
        images = images + normal(units, np.float32) * np.float32(noise)
    if deformation.erase:
        images = images * _outside(drawn.rectangles, height, width)
    return images


def _moves(
    words: Array, drawn: Draws, deformation: Deformation, height: int, width: int
) -> tuple[FloatArray, FloatArray]:
    down, right = displacements(drawn.maps, height, width)
    if deformation.elastic:
        elastic, blur = deformation.elastic, deformation.elastic_blur
        bent_down, bent_right = elastic_field(words, height, width, elastic, blur)
        down, right = down + bent_down, right + bent_right
    return down, right


def _outside(rectangles: Array, height: int, width: int) -> Array:
    """Return where nothing is erased, of shape (n, height, width, 1)."""
    top, bottom, left, right = rectangles.T[..., None]  # each (n, 1)
    y, x = np.arange(height), np.arange(width)
    rows, columns = (top <= y) & (y < bottom), (left <= x) & (x < right)
    inside = rows[:, :, None] & columns[:, None, :]  # (n, height, width)
    return np.asarray(~inside)[..., None]
