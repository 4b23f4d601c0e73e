"""When to stop, judged on rows that nothing is learnt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Any

import numpy as np
from sklearn.metrics import get_scorer, get_scorer_names

from layerlab._callbacks import Iteration, Snapshot
from layerlab._typing import Array, Vector
from layerlab._validation import check_integer, check_real, refuse
from layerlab.errors import did_you_mean

__all__ = ["BestWeights", "EarlyStopping", "early_stopping_from"]

OWN = ("accuracy", "loss")


@dataclass(frozen=True)
class EarlyStopping:
    """Stop when a figure on validation rows no longer gets better; the best weights are kept.

    Parameters
    ----------
    metric : str or callable, default="accuracy"
        "accuracy"; "loss", the data term of the cost; the name of a scorer of
        scikit-learn's, such as "balanced_accuracy", which is given the rows' weights
        where they have some; or a function ``(estimator, X, y) -> float``. But for the
        loss, higher is better.
    patience : int, default=10
        Iterations, or epochs, without a better figure that are borne.
    min_delta : float, default=0
        By how much better it must be to count.

    Raises
    ------
    ParameterError
        If one is not allowed.
    """

    metric: str | Callable[[Any, Array, Array], float] = "accuracy"
    patience: int = 10
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        check_integer("patience", self.patience, 1)
        check_real("min_delta", self.min_delta, 0)
        known = (*OWN, *get_scorer_names()) if isinstance(self.metric, str) else ()
        if isinstance(self.metric, str) and self.metric not in known:
            hint = did_you_mean(self.metric, list(known))
            raise refuse(
                "metric", "accuracy, loss or a scorer of scikit-learn's", self.metric, hint
            )
        if not isinstance(self.metric, str) and not callable(self.metric):
            raise refuse("metric", "a name or a function", self.metric)

    @property
    def scorer(self) -> Any:
        """A function (estimator, X, y) -> float; None where cost and accuracy suffice."""
        if not isinstance(self.metric, str):
            return self.metric
        return None if self.metric in OWN else get_scorer(self.metric)

    @property
    def sign(self) -> int:
        """-1 where lower is better."""
        return -1 if self.metric == "loss" else 1


class BestWeights:
    """The best weights met, and how long ago that was.

    Parameters
    ----------
    rule : EarlyStopping

    Attributes
    ----------
    theta : ndarray or None
    value : float
        Of the figure there; higher is better, the loss with its sign turned.
    cost : float
        What training had come to there.
    n_iter : int
        When that was.
    """

    def __init__(self, rule: EarlyStopping) -> None:
        self.rule = rule
        self.theta: Vector | None = None
        self.value, self.cost, self.n_iter, self.waited = -inf, inf, 0, 0

    def see(self, iteration: Iteration, figure: float) -> bool:
        """Take note of an iteration; return whether patience is at its end."""
        value = self.rule.sign * figure
        enough = self.rule.min_delta if self.theta is not None else 0.0
        if value > self.value + enough:
            self.theta, self.value, self.waited = iteration.theta.copy(), value, 0
            self.cost, self.n_iter = iteration.cost, iteration.n_iter
        else:
            self.waited += 1
        return self.waited >= self.rule.patience

    def pack(self) -> Snapshot:
        """Return the state as plain data."""
        return {
            "theta": None if self.theta is None else self.theta.copy(),
            "value": self.value,
            "cost": self.cost,
            "n_iter": self.n_iter,
            "waited": self.waited,
        }

    def unpack(self, packed: Snapshot) -> None:
        """Take over what was packed."""
        theta = packed["theta"]
        self.theta = None if theta is None else np.array(theta, np.float64)
        self.value, self.cost = packed["value"], packed["cost"]
        self.n_iter, self.waited = packed["n_iter"], packed["waited"]


def early_stopping_from(given: Any) -> EarlyStopping | None:
    """Return the rule: of a metric's name, of True the default one, None of None and False.

    Raises
    ------
    ParameterError
        If it is something else.
    """
    if given is None or given is False:
        return None
    if given is True:
        return EarlyStopping()
    if isinstance(given, str):
        return EarlyStopping(given)
    if not isinstance(given, EarlyStopping):
        raise refuse("early_stopping", "a metric's name, an EarlyStopping, a bool or None", given)
    return given
