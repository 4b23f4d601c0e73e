"""Deformation as an estimator asks for it: of which images, on which ground."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from layerlab._typing import Array, ImageShape, IndexArray
from layerlab._validation import refuse
from layerlab.data.deformation import Deformation, deformation_named, warp
from layerlab.errors import ParameterError

__all__ = ["Augmentation", "augmentation_for", "check_image_shape"]

# Rows whose border tells the ground; more tell the same.
LOOKED_AT = 2000
# Views at prediction are deformed by so much less than in training: a view is to be of the same
# kind as the row, where training is to go beyond it.
VIEW_STRENGTH = 0.5


@dataclass(frozen=True)
class Augmentation:
    """A deformation with what it needs to know of the images.

    Attributes
    ----------
    deformation : Deformation
    image_shape : (int, int) or (int, int, int)
    value_range : (float, float)
        Of the training rows.
    background : float
        What comes in from outside.
    n_threads : int
    """

    deformation: Deformation
    image_shape: ImageShape
    value_range: tuple[float, float]
    background: float
    n_threads: int = 1

    def __call__(self, X: Array, seed: int, key: int, rows: IndexArray) -> Array:
        """Return rows deformed for training; see `warp`."""
        return self._warp(self.deformation, X, seed, key, rows)

    def view(self, X: Array, number: int) -> Array:
        """Return rows all deformed alike, as the view of that number is; 0 leaves them.

        So what is predicted for a row does not depend on the rows beside it.
        """
        if number == 0:
            return X
        milder = self.deformation.scaled(VIEW_STRENGTH)
        return self._warp(milder, X, 0, number, np.zeros(len(X), np.intp))

    def _warp(
        self, deformation: Deformation, X: Array, seed: int, key: int, rows: IndexArray
    ) -> Array:
        return warp(
            X,
            deformation,
            self.image_shape,
            seed,
            key,
            rows,
            value_range=self.value_range,
            background=self.background,
            n_threads=self.n_threads,
        )


def augmentation_for(
    augment: Any, image_shape: Any, X: Array, n_threads: int
) -> Augmentation | None:
    """Return what deforms these training rows; None where nothing is to be done.

    Parameters
    ----------
    augment : str, Deformation or None
    image_shape : tuple of int or None
    X : ndarray of shape (m, n_features)
    n_threads : int

    Raises
    ------
    ParameterError
        If the shape is missing or does not fit the rows.
    """
    deformation = deformation_named(augment)
    if image_shape is not None:
        image_shape = check_image_shape(image_shape, X.shape[1])
    if not deformation.changes:
        return None
    if image_shape is None:
        raise ParameterError(
            "augment deforms images, and needs their shape. Give image_shape=(height, width), or "
            "(height, width, channels), or leave augment out."
        )
    seen = X[:: max(1, len(X) // LOOKED_AT)]
    value_range = float(X.min()), float(X.max())
    return Augmentation(
        deformation, image_shape, value_range, _ground(seen, image_shape), n_threads
    )


def check_image_shape(image_shape: Any, n_features: int) -> ImageShape:
    """Return a shape that rows of ``n_features`` can have.

    Raises
    ------
    ParameterError
        If it is none.
    """
    allowed = f"(height, width) or (height, width, channels) of {n_features} values together"
    try:
        sides = tuple(int(side) for side in image_shape)
    except (TypeError, ValueError, OverflowError):
        raise refuse("image_shape", allowed, image_shape) from None
    whole = all(side > 0 for side in sides) and sides == tuple(image_shape)
    if len(sides) not in (2, 3) or not whole or int(np.prod(sides)) != n_features:
        raise refuse("image_shape", allowed, image_shape)
    return sides  # type: ignore[return-value]  # two or three of them


def _ground(X: Array, image_shape: ImageShape) -> float:
    """Return the value that lies at the border of most images."""
    images = X.reshape(len(X), *image_shape[:2], -1)
    rims = images[:, [0, -1]], images[:, 1:-1, [0, -1]]
    border = np.concatenate([rim.reshape(len(X), -1) for rim in rims], axis=1)
    return float(np.median(np.median(border, axis=1)))
