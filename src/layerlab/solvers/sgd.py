"""Stochastic gradient descent."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._typing import Vector
from layerlab._validation import check_flag, check_real
from layerlab.errors import ParameterError
from layerlab.solvers.minibatch import MiniBatchSolver, Span

__all__ = ["SGD"]


class SGD(MiniBatchSolver):
    """Stochastic gradient descent with momentum.

    Parameters
    ----------
    learning_rate : float
    momentum : float
        Below 1; 0 for none.
    nesterov : bool
        Whether the gradient is taken as if the momentum's step were done already.
    batch_size : int
        Rows a step.
    schedule : str or Schedule
    clip_norm : float, optional
        A longer gradient is shortened to this length.
    average : float, optional
        Decay of the running mean of theta that is returned, such as 0.999.

    References
    ----------
    I. Sutskever, J. Martens, G. Dahl, G. Hinton (2013), "On the importance of
    initialization and momentum in deep learning", eqs. 1–4, with the learning
    rate outside of the velocity, as PyTorch has it.
    """

    def __init__(
        self,
        learning_rate: float = 0.1,
        momentum: float = 0.9,
        nesterov: bool = True,
        *,
        batch_size: int = 128,
        schedule: Any = "constant",
        clip_norm: float | None = None,
        average: float | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.momentum = momentum
        self.nesterov = nesterov
        self.batch_size = batch_size
        self.schedule = schedule
        self.clip_norm = clip_norm
        self.average = average

    def check(self) -> None:
        """Refuse options that are not allowed."""
        check_real("momentum", self.momentum, 0, 1, open_high=True)
        if check_flag("nesterov", self.nesterov) and not self.momentum:
            raise ParameterError(
                "nesterov=True needs a momentum above 0. Got momentum=0; set nesterov=False."
            )

    def begin(self, theta: Vector, spans: tuple[Span, ...]) -> dict[str, Vector]:  # noqa: ARG002
        """Return no velocity."""
        return {"velocity": np.zeros(len(theta))} if self.momentum else {}

    def update(
        self,
        theta: Vector,
        gradient: Vector,
        arrays: dict[str, Vector],
        spans: tuple[Span, ...],  # noqa: ARG002
        rate: float,
        step: int,  # noqa: ARG002
    ) -> None:
        """Take the step v = μ v + g; theta -= rate · v, or rate · (g + μ v)."""
        if self.momentum:
            velocity = arrays["velocity"]
            velocity *= self.momentum
            velocity += gradient
            gradient = gradient + self.momentum * velocity if self.nesterov else velocity
        theta -= rate * gradient
