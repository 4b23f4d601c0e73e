"""Adam, and AdamW with its weight decay apart from the gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._typing import Vector
from layerlab._validation import check_real
from layerlab.solvers.adam_step import Moments, adam_step
from layerlab.solvers.minibatch import MiniBatchSolver, Span

__all__ = ["Adam", "AdamW"]


class AdamW(MiniBatchSolver):
    """Adam with decoupled weight decay; biases do not decay.

    Parameters
    ----------
    learning_rate : float
    weight_decay : float
        Each step takes this share, times the learning rate, off the weights.
    beta1, beta2 : float
        How much is remembered of the gradient, and of its square.
    epsilon : float
        Added to the root of the mean square.
    batch_size : int
        Rows a step.
    schedule : str or Schedule
    clip_norm : float, optional
        A longer gradient is shortened to this length.
    average : float, optional
        Decay of the running mean of theta that is returned, such as 0.999.

    References
    ----------
    D. P. Kingma, J. Ba (2015), "Adam", algorithm 1; I. Loshchilov, F. Hutter
    (2019), "Decoupled weight decay regularization", algorithm 2.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        weight_decay: float = 0.01,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        *,
        batch_size: int = 128,
        schedule: Any = "constant",
        clip_norm: float | None = None,
        average: float | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.batch_size = batch_size
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.average = average

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("weight_decay", self.weight_decay, 0)
        check_real("beta1", self.beta1, 0, 1, open_high=True)
        check_real("beta2", self.beta2, 0, 1, open_high=True)
        check_real("epsilon", self.epsilon, 0, open_low=True)

    def begin(self, theta: Vector, spans: tuple[Span, ...]) -> dict[str, Vector]:  # noqa: ARG002
        """Return empty means."""
        return {"mean": np.zeros(len(theta)), "square": np.zeros(len(theta))}

    def update(
        self,
        theta: Vector,
        gradient: Vector,
        arrays: dict[str, Vector],
        spans: tuple[Span, ...],
        rate: float,
        step: int,
    ) -> None:
        """Take the step of algorithm 2."""
        moments = Moments(self.beta1, self.beta2, self.epsilon, step)
        decay = rate * self.weight_decay
        decays = tuple((span.part.stop, decay if span.shape else 0.0) for span in spans)
        means = arrays["mean"], arrays["square"]
        adam_step(theta, gradient, *means, moments, rate, decays, spans[0].n_threads)


class Adam(AdamW):
    """Adam: AdamW without weight decay.

    Parameters and reference are those of `AdamW`.
    """

    def __init__(
        self,
        learning_rate: float = 1e-3,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
        *,
        batch_size: int = 128,
        schedule: Any = "constant",
        clip_norm: float | None = None,
        average: float | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.beta1 = beta1
        self.beta2 = beta2
        self.epsilon = epsilon
        self.batch_size = batch_size
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.average = average

    weight_decay = 0.0
