"""What is looked at during training: validation rows, a printed line, the user's callback."""

from __future__ import annotations

import sys

import numpy as np

from layerlab._callbacks import Callback, Iteration
from layerlab.engine.forward import logits
from layerlab.models.problem import Problem

__all__ = ["Watch"]


class Watch:
    """A callback that records, prints, and passes on.

    Parameters
    ----------
    callback : callable or None
        The user's.
    verbose : bool
    validation : Problem, optional
        The network with the rows to watch.

    Attributes
    ----------
    losses, scores : list of float
        Cost (data term) and accuracy on the validation rows.
    """

    def __init__(
        self, callback: Callback | None, verbose: bool, validation: Problem | None = None
    ) -> None:
        self._callback, self._verbose = callback, verbose
        self._validation = validation
        self.losses: list[float] = []
        self.scores: list[float] = []

    def __call__(self, iteration: Iteration) -> bool:
        """Record and print an iteration; return whether the user's callback asks to stop."""
        if self._validation is not None:
            self._score(self._validation, iteration)
        if self._verbose:
            sys.stdout.write(
                f"Iteration {iteration.n_iter}, cost {iteration.cost:.8f}, "
                f"largest gradient {iteration.gradient_norm:.2e}\n"
            )
        return bool(self._callback is not None and self._callback(iteration))

    def _score(self, validation: Problem, iteration: Iteration) -> None:
        network, rows = validation.network, validation.rows
        theta = iteration.theta.astype(validation.dtype)
        Z = logits(network, theta, rows.X, validation.input_map)
        counts = np.ones(len(rows.labels)) if rows.weights is None else rows.weights
        shares = counts / counts.sum()
        self.scores.append(float(shares @ (Z.argmax(axis=1) == rows.labels)))
        delta = np.empty_like(Z)
        self.losses.append(float(network.output.cost(Z, rows.labels, shares, delta)))
