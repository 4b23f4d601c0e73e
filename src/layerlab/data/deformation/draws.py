"""What is drawn for each image: a map, a contrast, a rectangle; functions of seed, key and row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from layerlab._counter import uniform, unit_words
from layerlab._typing import Array, FloatArray
from layerlab.data.deformation.options import Deformation

__all__ = ["FIELD", "NOISE", "SCALARS", "Draws", "contrasts", "draw", "inverse_maps", "rectangles"]

# The layers of `unit_words` for what is drawn: the compiled kernel has the same numbers.
SCALARS, FIELD, NOISE = 64, 65, 66

# The units of SCALARS.
(
    ROTATION, SCALE_Y, SCALE_X, SHEAR, SHIFT_Y, SHIFT_X, CONTRAST,
    FLIP_Y, FLIP_X, ERASE, AREA, ASPECT, TOP, LEFT, N_SCALARS,
) = range(15)  # fmt: skip

LEAST_AREA = 0.25  # of the largest
LARGEST_ASPECT = 2.0  # of a rectangle's sides


@dataclass(frozen=True)
class Draws:
    """What is drawn for n images, but for their fields and noise.

    Attributes
    ----------
    maps : ndarray of shape (n, 2, 3), float64
        From a place in the result to the place it shows, both (row, column) from the
        centre: the matrix, and the offset in its last column.
    contrast : ndarray of shape (n,), float64
    rectangles : ndarray of int of shape (n, 4)
        Top, bottom, left and right of what is erased; bottom and right are not part of it.
    """

    maps: FloatArray
    contrast: FloatArray
    rectangles: Array


def draw(words: Array, deformation: Deformation, height: int, width: int) -> Draws:
    """Return what is drawn for the images that these words stand for.

    Parameters
    ----------
    words : ndarray of uint64, of shape (n,)
        From `row_words`.
    deformation : Deformation
        In pixels of the image.
    height, width : int
    """
    u = uniform(unit_words(words, SCALARS, N_SCALARS)).T  # (N_SCALARS, n)
    return Draws(
        inverse_maps(u, deformation),
        contrasts(u, deformation),
        rectangles(u, deformation, height, width),
    )


def inverse_maps(u: FloatArray, deformation: Deformation) -> FloatArray:
    """Return where each place of the result comes from, as maps of shape (n, 2, 3).

    The image is flipped, scaled, sheared, turned and shifted, in this order; here each is
    undone, the last first.
    """
    size, turn = deformation, np.deg2rad(_signed(u[ROTATION]) * deformation.rotation)
    cos, sin, shear = np.cos(turn), np.sin(turn), _signed(u[SHEAR]) * size.shear
    y = _flips(u[FLIP_Y], size.flip in ("vertical", "both"))
    x = _flips(u[FLIP_X], size.flip in ("horizontal", "both"))
    y, x = y / (1 + _signed(u[SCALE_Y]) * size.scale), x / (1 + _signed(u[SCALE_X]) * size.scale)
    matrix = np.array([[y * cos, y * sin], [x * (-sin - shear * cos), x * (cos - shear * sin)]])
    shift = np.array([_signed(u[SHIFT_Y]), _signed(u[SHIFT_X])]) * size.shift  # (2, n)
    offset = -(matrix[:, 0] * shift[0] + matrix[:, 1] * shift[1])
    return np.concatenate([matrix, offset[:, None]], axis=1).transpose(2, 0, 1)


def contrasts(u: FloatArray, deformation: Deformation) -> FloatArray:
    """Return what the distance from the background is multiplied by."""
    return np.asarray(1 + _signed(u[CONTRAST]) * deformation.contrast)


def rectangles(u: FloatArray, deformation: Deformation, height: int, width: int) -> Array:
    """Return what is erased, of shape (n, 4): top, bottom, left, right; nothing as zeros.

    References
    ----------
    Zhong, Z. et al. (2020), "Random erasing data augmentation", AAAI, algorithm 1; here a
    rectangle that does not fit is cut, not drawn again.
    """
    share = deformation.erase_area * (LEAST_AREA + (1 - LEAST_AREA) * u[AREA])
    low = 1 / LARGEST_ASPECT
    aspect = low + (LARGEST_ASPECT - low) * u[ASPECT]
    tall = np.minimum(np.floor(np.sqrt(share * aspect) * height + 0.5), height)
    wide = np.minimum(np.floor(np.sqrt(share / aspect) * width + 0.5), width)
    top, left = np.floor(u[TOP] * (height - tall + 1)), np.floor(u[LEFT] * (width - wide + 1))
    chosen = (u[ERASE] < deformation.erase) & (tall * wide > 0)
    sides = np.stack([top, top + tall, left, left + wide], axis=1) * chosen[:, None]
    return np.asarray(sides.astype(np.intp))


def _signed(u: FloatArray) -> FloatArray:
    return 2 * u - 1


def _flips(u: FloatArray, may: bool) -> FloatArray:
    return np.where(u < 0.5, -1.0, 1.0) if may else np.ones_like(u)
