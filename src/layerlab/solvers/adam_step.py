"""One step of Adam: compiled where that was done, else NumPy's."""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import NamedTuple, TypeAlias

import numpy as np

from layerlab._compiled import KERNEL
from layerlab._typing import Vector

__all__ = ["Decays", "Moments", "adam_step"]

Decays: TypeAlias = tuple[tuple[int, float], ...]


class Moments(NamedTuple):
    """How means are taken.

    Attributes
    ----------
    beta1, beta2, epsilon : float
    step : int
        Counted from 1; young means are made up for what they lack.
    """

    beta1: float
    beta2: float
    epsilon: float
    step: int

    @property
    def corrections(self) -> tuple[float, float]:
        """What the means are divided by: 1 - β^t, and its root for the square."""
        return 1 - self.beta1**self.step, sqrt(1 - self.beta2**self.step)


def adam_step(
    theta: Vector,
    gradient: Vector,
    mean: Vector,
    square: Vector,
    moments: Moments,
    rate: float,
    decays: Decays,
    n_threads: int = 1,
) -> None:
    """Take a step in place: Kingma & Ba (2015), algorithm 1.

    Parameters
    ----------
    theta, gradient, mean, square : ndarray of shape (n,)
    moments : Moments
    rate : float
        Learning rate.
    decays : tuple of (int, float)
        Of each part of theta its end, and the share by which it shrinks beforehand.
    n_threads : int
        Every component is computed by itself, so that the bits are the same for any number.
    """
    if KERNEL is None:
        _reference(theta, gradient, mean, square, moments, rate, decays)
        return
    of_mean, of_square = moments.corrections
    beta1, beta2, epsilon, _ = moments
    numbers = (beta1, beta2, epsilon, rate / of_mean, 1 / of_square)
    KERNEL.adam(theta, gradient, mean, square, *numbers, _parts(decays), n_threads)


@lru_cache(maxsize=16)  # most rates stay as they are, and most networks decay nothing
def _parts(decays: Decays) -> Vector:
    """Return each part's end, and what is kept of its theta."""
    return np.array([number for end, decay in decays for number in (end, 1 - decay)], np.float64)


def _reference(
    theta: Vector,
    gradient: Vector,
    mean: Vector,
    square: Vector,
    moments: Moments,
    rate: float,
    decays: Decays,
) -> None:
    of_mean, of_square = moments.corrections
    mean += (1 - moments.beta1) * (gradient - mean)
    square *= moments.beta2
    square += (1 - moments.beta2) * gradient * gradient
    start = 0
    for end, decay in decays:
        theta[start:end] *= 1 - decay
        start = end
    theta -= (rate / of_mean) * mean / (np.sqrt(square) / of_square + moments.epsilon)
