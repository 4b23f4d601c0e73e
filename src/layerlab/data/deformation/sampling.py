"""Pixels of moved images, by one bilinear sampling of a whole batch."""

from __future__ import annotations

import numpy as np

from layerlab._typing import Array, FloatArray

__all__ = ["displacements", "sample"]

BORDER = 2  # pixels of background around an image: then every sample has its four neighbours


def displacements(maps: FloatArray, height: int, width: int) -> tuple[FloatArray, FloatArray]:
    """Return how far each place of the result is from the place it shows.

    Parameters
    ----------
    maps : ndarray of shape (n, 2, 3)
        As in `Draws`.
    height, width : int

    Returns
    -------
    down, right : ndarray of shape (n, height, width), float32
        In pixels. Unlike places they are small numbers, which keep more of their digits.
    """
    moves = (maps - np.eye(2, 3)).astype(np.float32)
    y = _from_centre(height)[:, None]  # (height, 1)
    x = _from_centre(width)  # (width,)
    of_y, of_x, offset = moves.transpose(2, 1, 0)[..., None, None]  # each (2, n, 1, 1)
    down, right = of_y * y + (of_x * x + offset)
    return down, right


def _from_centre(side: int) -> FloatArray:
    return (np.arange(side, dtype=np.float32) - np.float32((side - 1) / 2)).astype(np.float32)


def sample(images: Array, down: FloatArray, right: FloatArray) -> FloatArray:
    """Return images whose every pixel shows the place so far from its own, zero outside.

    Parameters
    ----------
    images : ndarray of shape (n, height, width, channels), float32
    down, right : ndarray of shape (n, height, width), float32

    Returns
    -------
    moved : ndarray of shape (n, height, width, channels), float32
    """
    n, height, width, channels = images.shape
    padded = np.pad(images, ((0, 0), (BORDER, BORDER), (BORDER, BORDER), (0, 0)))
    y, of_y = _corner(down, np.arange(height)[:, None], height)
    x, of_x = _corner(right, np.arange(width), width)
    across, pixels = width + 2 * BORDER, padded.reshape(-1, channels)
    at = (np.arange(n)[:, None, None] * (height + 2 * BORDER) + y) * across + x  # (n, h, w)
    upper = _between(pixels.take(at, 0), pixels.take(at + 1, 0), of_x)
    at += across
    lower = _between(pixels.take(at, 0), pixels.take(at + 1, 0), of_x)
    return _between(upper, lower, of_y)


def _corner(moves: FloatArray, own: Array, side: int) -> tuple[Array, FloatArray]:
    """Return the neighbour above (or to the left), counted with the border, and the rest."""
    reach = np.float32(2 * side + 8)  # whatever is further shows the background as well
    moves = np.clip(moves, -reach, reach)
    whole = np.floor(moves)
    at = np.clip(whole.astype(np.intp) + own, -BORDER, side) + BORDER
    return at, (moves - whole)[..., None]


def _between(a: FloatArray, b: FloatArray, share: FloatArray) -> FloatArray:
    return np.asarray(a + (b - a) * share)
