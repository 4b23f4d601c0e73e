"""What is looked at during training: validation rows, a printed line, the user's callback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from math import nan
from typing import Any

import numpy as np

from layerlab._callbacks import (
    Callback,
    Iteration,
    Snapshot,
    close_callback,
    pack_callback,
    unpack_callback,
)
from layerlab._typing import Array, Vector
from layerlab.engine.forward import logits
from layerlab.models.early_stopping import BestWeights, EarlyStopping
from layerlab.models.problem import Problem

__all__ = ["Validation", "Watch"]


@dataclass(frozen=True, eq=False)
class Validation:
    """Rows to watch.

    Attributes
    ----------
    problem : Problem
        The network with these rows.
    y : ndarray
        Their labels as they were given, for a scorer.
    fitted : callable theta -> estimator
        For a scorer.
    """

    problem: Problem
    y: Array
    fitted: Callable[[Vector], Any]


class Watch:
    """A callback that records, prints, and passes on.

    Parameters
    ----------
    callback : callable or None
        The user's.
    verbose : bool
    validation : Validation, optional
    rule : EarlyStopping, optional
        Needs validation rows.

    Attributes
    ----------
    losses, scores : list of float
        Cost (data term) and accuracy on the validation rows.
    best : BestWeights or None
    """

    def __init__(
        self,
        callback: Callback | None,
        verbose: bool,
        validation: Validation | None = None,
        rule: EarlyStopping | None = None,
    ) -> None:
        self._callback, self._verbose = callback, verbose
        self._validation = validation
        self.best = None if rule is None or validation is None else BestWeights(rule)
        self.losses: list[float] = []
        self.scores: list[float] = []
        self._figure = nan

    def __call__(self, iteration: Iteration) -> bool:
        """Record and print an iteration; return whether to stop."""
        if self._validation is not None:
            self._score(self._validation, iteration)
        if self._verbose:
            self._print(iteration)
        asked = self._callback is not None and bool(self._callback(self._scored(iteration)))
        return self._waited_enough(iteration) or asked

    @property
    def score(self) -> float | None:
        """What is to be lowest for the weights to be kept; None where the training cost is."""
        if self.best is not None:
            return -self.best.rule.sign * self._figure
        own: float | None = getattr(self._callback, "score", None)
        return self.losses[-1] if own is None and self.losses else own

    def pack(self) -> Snapshot:
        """Return the state as plain data, the user's callback's with it."""
        return {
            "losses": list(self.losses),
            "scores": list(self.scores),
            "best": None if self.best is None else self.best.pack(),
            "callback": pack_callback(self._callback),
        }

    def unpack(self, packed: Snapshot) -> None:
        """Take over what was packed."""
        self.losses, self.scores = list(packed["losses"]), list(packed["scores"])
        if self.best is not None and packed["best"] is not None:
            self.best.unpack(packed["best"])
        unpack_callback(self._callback, packed["callback"])

    def close(self) -> None:
        """Tell the user's callback that the run is over."""
        close_callback(self._callback)

    def _scored(self, iteration: Iteration) -> Iteration:
        if not self.scores:
            return iteration
        return replace(
            iteration, validation_cost=self.losses[-1], validation_accuracy=self.scores[-1]
        )

    def _print(self, iteration: Iteration) -> None:
        seen = f", validation {self.scores[-1]:.4f}" if self.scores else ""
        sys.stdout.write(
            f"Iteration {iteration.n_iter}, cost {iteration.cost:.8f}, "
            f"largest gradient {iteration.gradient_norm:.2e}{seen}\n"
        )

    def _waited_enough(self, iteration: Iteration) -> bool:
        if self.best is None:
            return False
        return self.best.see(iteration, self._figure)

    def _score(self, validation: Validation, iteration: Iteration) -> None:
        problem = validation.problem
        network, rows = problem.network, problem.rows
        theta = iteration.theta.astype(problem.dtype)
        Z = logits(network, theta, rows.X, problem.input_map)
        counts = np.ones(len(rows.labels)) if rows.weights is None else rows.weights
        # Divided at the end: shares that are rounded before would tell equal counts apart.
        self.scores.append(float(counts @ rows.right(Z) / counts.sum()))
        shares, delta = counts / counts.sum(), np.empty_like(Z)
        with np.errstate(over="ignore", invalid="ignore"):  # a cost that is not finite says so
            self.losses.append(float(network.output.cost(Z, rows.labels, shares, delta)))
        self._figure = self._figure_of(validation, theta)

    def _figure_of(self, validation: Validation, theta: Array) -> float:
        if self.best is None or self.best.rule.metric == "accuracy":
            return self.scores[-1]
        scorer = self.best.rule.scorer
        if scorer is None:
            return self.losses[-1]
        model, rows = validation.fitted(theta), validation.problem.rows
        # A function of the user's takes no weights.
        named = rows.weights is not None and isinstance(self.best.rule.metric, str)
        weights = {"sample_weight": rows.weights} if named else {}
        return float(scorer(model, rows.X, validation.y, **weights))
