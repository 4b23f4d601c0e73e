"""Muon: momentum whose matrices are made orthogonal."""

from __future__ import annotations

from math import sqrt
from typing import Any

import numpy as np

from layerlab._typing import Array, Vector
from layerlab._validation import check_integer, check_real
from layerlab.solvers.adam_step import Moments, adam_step
from layerlab.solvers.minibatch import MiniBatchSolver, Span

__all__ = ["Muon", "orthogonalised"]

# Jordan's: they bring singular values from 0 … 1 to about 0.7 … 1.2 in five rounds.
A, B, C = 3.4445, -4.7750, 2.0315
# Biases go by Adam, with these.
BETAS, EPSILON = (0.9, 0.999), 1e-8


class Muon(MiniBatchSolver):
    """Momentum on weight matrices, made orthogonal before each step; biases go by Adam.

    Parameters
    ----------
    learning_rate : float
        In Adam's measure: a step on a matrix has the mean size of Adam's.
    weight_decay : float
        Each step takes this share, times the learning rate, off the weights.
    momentum : float
        Of Nesterov's kind.
    rounds : int
        Of the iteration that makes a matrix orthogonal.
    batch_size : int
        Rows a step.
    schedule : str or Schedule
    clip_norm : float, optional
        A longer gradient is shortened to this length.
    average : float, optional
        Decay of the running mean of theta that is returned, such as 0.999.

    References
    ----------
    K. Jordan et al. (2024), "Muon: an optimizer for hidden layers in neural
    networks"; the measure of the step is that of J. Liu et al. (2025), "Muon is
    scalable for LLM training", eq. 4.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.1,
        momentum: float = 0.95,
        rounds: int = 5,
        *,
        batch_size: int = 128,
        schedule: Any = "constant",
        clip_norm: float | None = None,
        average: float | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.momentum = momentum
        self.rounds = rounds
        self.batch_size = batch_size
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.average = average

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("weight_decay", self.weight_decay, 0)
        check_real("momentum", self.momentum, 0, 1, open_high=True)
        check_integer("rounds", self.rounds, 1)

    def begin(self, theta: Vector, spans: tuple[Span, ...]) -> dict[str, Vector]:
        """Return no momentum, and empty mean squares for the biases."""
        biases = sum(s.part.stop - s.part.start for s in spans if s.shape is None)
        return {"momentum": np.zeros(len(theta)), "square": np.zeros(biases)}

    def update(
        self,
        theta: Vector,
        gradient: Vector,
        arrays: dict[str, Vector],
        spans: tuple[Span, ...],
        rate: float,
        step: int,
    ) -> None:
        """Take a step part by part."""
        seen = 0
        for span in spans:
            part, shape = span.part, span.shape
            pieces = theta[part], gradient[part], arrays["momentum"][part]
            if shape is None:
                square = arrays["square"][seen : seen + len(pieces[0])]
                seen += len(square)
                decays = ((len(square), 0.0),)
                adam_step(*pieces, square, Moments(*BETAS, EPSILON, step), rate, decays)
            else:
                self._turn(*pieces, shape, rate)

    def _turn(
        self, W: Vector, gradient: Vector, mean: Vector, shape: tuple[int, int], rate: float
    ) -> None:
        mean += (1 - self.momentum) * (gradient - mean)
        ahead = gradient + self.momentum * (mean - gradient)
        step = orthogonalised(ahead.reshape(shape), self.rounds)
        W *= 1 - rate * self.weight_decay
        W -= (rate * 0.2 * sqrt(max(shape))) * step.ravel()


def orthogonalised(matrix: Array, rounds: int = 5) -> Array:
    """Return a matrix with the same singular vectors and singular values near 1.

    Parameters
    ----------
    matrix : ndarray of shape (n, k)
    rounds : int
        Of X → aX + bXXᵀX + c(XXᵀ)²X (Newton–Schulz, Jordan's numbers).

    Returns
    -------
    orthogonal : ndarray of shape (n, k)
    """
    X = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    X = X / max(float(np.linalg.norm(X)), 1e-7)
    for _ in range(rounds):
        S = X @ X.T
        X = A * X + (B * S + C * (S @ S)) @ X
    return X if matrix.shape[0] <= matrix.shape[1] else X.T
