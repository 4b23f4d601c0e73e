"""What is looked at during training: validation rows, a printed line, the user's callback."""

from __future__ import annotations

import sys
from types import TracebackType

import numpy as np

from layerlab._callbacks import Callback, Iteration
from layerlab.engine import RowObjective
from layerlab.engine.forward import logits
from layerlab.models.targets import TrainingRows

__all__ = ["Watch"]


class Watch:
    """A callback that records, prints, and passes on.

    Parameters
    ----------
    callback : callable or None
        The user's.
    verbose : bool
    objective : RowObjective, optional
        Over the validation rows.
    rows : TrainingRows, optional
        The validation rows.

    Attributes
    ----------
    losses, scores : list of float
        Cost (data term) and accuracy on the validation rows.
    """

    def __init__(
        self,
        callback: Callback | None,
        verbose: bool,
        objective: RowObjective | None = None,
        rows: TrainingRows | None = None,
    ) -> None:
        self._callback, self._verbose = callback, verbose
        self._objective, self._rows = objective, rows
        self.losses: list[float] = []
        self.scores: list[float] = []

    def __call__(self, iteration: Iteration) -> bool:
        """Record and print an iteration; return whether the user's callback asks to stop."""
        if self._objective is not None and self._rows is not None:
            self._score(self._objective, self._rows, iteration)
        if self._verbose:
            sys.stdout.write(
                f"Iteration {iteration.n_iter}, cost {iteration.cost:.8f}, "
                f"largest gradient {iteration.gradient_norm:.2e}\n"
            )
        return bool(self._callback is not None and self._callback(iteration))

    def __enter__(self) -> Watch:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._objective is not None:
            self._objective.close()

    def _score(self, objective: RowObjective, rows: TrainingRows, iteration: Iteration) -> None:
        theta = iteration.theta.astype(objective.dtype)
        Z = logits(objective.network, theta, rows.X, objective.input_map)
        right = (Z.argmax(axis=1) == rows.labels).astype(np.float64)
        self.scores.append(float(np.average(right, weights=rows.weights)))
        self.losses.append(objective.cost(iteration.theta))
