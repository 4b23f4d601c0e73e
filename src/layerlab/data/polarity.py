"""Polarity: whether images show dark on light or light on dark."""

from __future__ import annotations

from typing import Literal

import numpy as np

from layerlab._typing import Array, ImageShape

__all__ = ["Polarity", "find_polarity", "polarity_note"]

Polarity = Literal["dark on light", "light on dark", "neither"]

_ROWS = 1000  # images looked at, spread evenly
_NEAR = 0.25  # of the values' range: so near an end, the ground is light or dark …
_EVEN = 0.6  # … where this share of the border's pixels is


def find_polarity(rows: Array, image_shape: ImageShape) -> Polarity:
    """Return whether the ground of the images, seen at their border, is light or dark.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    image_shape : (int, int) or (int, int, int)

    Returns
    -------
    polarity : {"dark on light", "light on dark", "neither"}
        Of up to 1000 images, spread evenly over the rows. Neither where most of the border
        is not near one end of their values, as in photographs.
    """
    some = np.asarray(rows[:: -(-len(rows) // _ROWS)], dtype=np.float64)
    low, high = some.min(), some.max()
    if low == high:
        return "neither"
    border = _border(((some - low) / (high - low)).reshape(len(some), *image_shape))
    if np.mean(border >= 1 - _NEAR) > _EVEN:
        return "dark on light"
    return "light on dark" if np.mean(border <= _NEAR) > _EVEN else "neither"


def polarity_note(rows: Array, image_shape: ImageShape) -> str:
    """Return the sentence that states the polarity.

    Parameters
    ----------
    rows : ndarray of shape (m, d)
    image_shape : (int, int) or (int, int, int)

    Returns
    -------
    note : str
    """
    polarity = find_polarity(rows, image_shape)
    if polarity == "neither":
        return "Polarity: neither dark on light nor light on dark, by the images' borders."
    return f"Polarity: {polarity}, by the images' borders."


def _border(images: Array) -> Array:
    """Return the outermost pixels of images of shape (m, h, w) or (m, h, w, c)."""
    m, height, width = images.shape[:3]
    inner = np.zeros((height, width), dtype=bool)
    inner[1:-1, 1:-1] = True
    return images[:, ~inner].reshape(m, -1)
