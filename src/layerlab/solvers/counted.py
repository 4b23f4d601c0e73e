"""An objective that counts what is asked of it."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import numpy as np

from layerlab._callbacks import Snapshot
from layerlab._typing import Costs, Curves, Objective, Vector
from layerlab.solvers.solution import Point

__all__ = ["CountedObjective"]

# The work of each call in forward-and-backward passes over the rows.
COST_PASS = 1 / 3
CURVATURE_PASS = 1.2


class CountedObjective:
    """Counts evaluations, keeps the best, and stands in for what an objective does not offer.

    Parameters
    ----------
    objective : Objective

    Attributes
    ----------
    evaluations, cost_evaluations, curvature_products : int
    best : Point or None
        The lowest finite point that was evaluated with its gradient.
    costs_met : set of float
        Costs seen since it was last cleared; infinite where one was not finite.
    """

    def __init__(self, objective: Objective) -> None:
        self._objective = objective
        # Not isinstance(): before Python 3.12 asking a protocol takes as long as an evaluation.
        known: Any = objective
        self._costs: Costs | None = known if hasattr(known, "cost") else None
        self._curves: Curves | None = known if hasattr(known, "curvature") else None
        self.evaluations = 0
        self.cost_evaluations = 0
        self.curvature_products = 0
        self.best: Point | None = None
        self.costs_met: set[float] = set()

    @property
    def passes(self) -> float:
        """Work so far: a cost alone counts a third, a Gauss–Newton product 1.2."""
        return (
            self.evaluations
            + COST_PASS * self.cost_evaluations
            + CURVATURE_PASS * self.curvature_products
        )

    def pack(self) -> Snapshot:
        """Return counts and best point as plain data."""
        return {
            "evaluations": self.evaluations,
            "cost_evaluations": self.cost_evaluations,
            "curvature_products": self.curvature_products,
            "best": None if self.best is None else self.best.pack(),
            "costs_met": sorted(self.costs_met),
        }

    def unpack(self, packed: Snapshot) -> None:
        """Take over what was packed."""
        self.evaluations = packed["evaluations"]
        self.cost_evaluations = packed["cost_evaluations"]
        self.curvature_products = packed["curvature_products"]
        self.best = None if packed["best"] is None else Point.unpack(packed["best"])
        self.costs_met = set(packed["costs_met"])

    def at(self, theta: Vector) -> Point:
        """Return theta with its cost and gradient, as float64 and in an array of its own."""
        self.evaluations += 1
        cost, gradient = self._objective.evaluate(theta)
        point = Point(theta, float(cost), np.array(gradient, np.float64))
        finite = point.finite
        self.costs_met.add(point.cost if finite else inf)
        if finite and (self.best is None or point.cost <= self.best.cost):
            self.best = point
        return point

    def cost(self, theta: Vector) -> float:
        """Return the cost alone, from a full evaluation where there is no cheaper way."""
        if self._costs is None:
            return self.at(theta).cost
        self.cost_evaluations += 1
        cost = float(self._costs.cost(theta))
        self.costs_met.add(cost if isfinite(cost) else inf)
        return cost

    def curvature(self, point: Point, v: Vector) -> Vector:
        """Return the Gauss–Newton product, or a difference of gradients in its place."""
        if self._curves is None:
            return self._difference(point, v)
        self.curvature_products += 1
        return self._curves.curvature(point.theta, v)

    def _difference(self, point: Point, v: Vector) -> Vector:
        """(g(theta + σ v) - g(theta)) / σ: Møller (1993), eq. 11."""
        length = float((v @ v) ** 0.5) or 1.0
        sigma = 1e-6 * (1 + float((point.theta @ point.theta) ** 0.5)) / length
        ahead = self.at(point.theta + sigma * v)
        return (ahead.gradient - point.gradient) / sigma
