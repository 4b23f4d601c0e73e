"""Checks a gradient against differences of its cost: a user's network and data, or own objective.

The derivative along component i is estimated with the central difference of
fourth order (Abramowitz & Stegun, 1964, sec. 25.3, its outer nodes at ± step),

    (8 (f(θ + h/2 e_i) − f(θ − h/2 e_i)) − (f(θ + h e_i) − f(θ − h e_i))) / 6h,

whose error, about h⁴/480 of the fifth derivative, stays out of sight for inputs of any
usual scale; the plain one's h²/6 of the third does not at fitted weights, where the
gradient itself is nearly zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from typing import Any

import numpy as np
from sklearn.base import clone

from layerlab._random import Purpose, draw_seed, stream
from layerlab._typing import Array, Costs, IndexArray, Objective, Vector
from layerlab._validation import check_integer, check_real, refuse
from layerlab.engine.forward import layer_activations
from layerlab.errors import DataError, ParameterError
from layerlab.models.classifier import FeedforwardClassifier
from layerlab.models.gradient_verdict import GradientCheck, TensorCheck
from layerlab.models.preparing import problem_of, regularisation_of
from layerlab.models.problem import Problem
from layerlab.models.targets import checked, known_rows
from layerlab.network import Layout

__all__ = ["check_gradient", "compare_gradient"]

# Rounding errors of a cost, in units of its last digit: seen up to 10 on deep networks.
ROUNDING = 20
PATTERN_ROWS = 4096

Sides = Callable[[Vector], Array]


def check_gradient(
    classifier: FeedforwardClassifier,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    step: float = 1e-5,
    max_components: int = 100,
    tolerance: float = 1e-6,
    random_state: Any = 0,
) -> GradientCheck:
    """Check a network's gradient on your own data, layer by layer.

    The cost is the very one that ``fit`` minimises, with its input map,
    penalties, label smoothing, sample and class weights, in double precision;
    through layer normalisation, and of several labels a row. Of dropout, noise and
    deformations it is the clean cost, without any. No rows are cut off for early
    stopping.

    Parameters
    ----------
    classifier : FeedforwardClassifier
        Fitted: checked at its weights. Not fitted: at the weights it would
        start from. It is not changed.
    X : array-like of shape (n_samples, n_features)
    y : array-like of shape (n_samples,) or (n_samples, n_labels)
    sample_weight : array-like of shape (n_samples,), optional
    step : float, default=1e-5
        Of the central differences.
    max_components : int, default=100
        Largest number of components, drawn at random, of each layer's W and of
        its b. Each takes four evaluations of the cost over all rows, and two
        more with an activation that has a kink.
    tolerance : float, default=1e-6
        Largest ‖a − n‖ / max(‖a‖, ‖n‖) that passes, a being the gradient
        and n the differences; rounding of the cost is allowed for on top.
    random_state : int, RandomState instance or None, default=0
        Draws the components.

    Returns
    -------
    check : GradientCheck
        ``check.ok``, and ``print(check)`` for the table.

    Raises
    ------
    ParameterError
        If a parameter is not allowed.
    DataError
        If the rows cannot be used, or the cost is not finite.

    Notes
    -----
    Components whose step changes the sign of a pre-activation of a kinked
    activation (ReLU and its kin), or with ``l1`` the sign of a weight, are left out and
    counted.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from layerlab.models import FeedforwardClassifier, check_gradient
    >>> X, y = load_iris(return_X_y=True)
    >>> check_gradient(FeedforwardClassifier((5,), random_state=0), X, y).ok
    True
    """
    if not isinstance(classifier, FeedforwardClassifier):
        raise refuse("classifier", "a FeedforwardClassifier", classifier)
    problem = _problem(classifier, X, y, sample_weight)
    with problem.objective(classifier.alpha, classifier.n_threads) as objective:
        return compare_gradient(
            objective,
            problem.start,
            problem.network.layout,
            step=step,
            max_components=max_components,
            tolerance=tolerance,
            random_state=random_state,
            sides=_sides_of_kinks(problem),
        )


def compare_gradient(
    objective: Objective,
    theta: Vector,
    layout: Layout | None = None,
    *,
    step: float = 1e-5,
    max_components: int = 100,
    tolerance: float = 1e-6,
    random_state: Any = 0,
    sides: Sides | None = None,
) -> GradientCheck:
    """Check the gradient of any objective against differences of its cost.

    Parameters
    ----------
    objective : Objective
        ``evaluate(theta) -> (cost, gradient)``; its ``cost(theta)`` is used
        where it has one.
    theta : ndarray of shape (n_weights,)
    layout : Layout, optional
        Which components belong to which layer; by default all are one tensor.
    step, max_components, tolerance, random_state
        As for `check_gradient`.
    sides : callable theta -> ndarray, optional
        Something that changes where a kink of the cost is crossed, such as the
        signs of pre-activations; components whose step changes it are left out.

    Returns
    -------
    check : GradientCheck

    Raises
    ------
    ParameterError
        If a parameter is not allowed.
    DataError
        If cost or gradient are not finite, or the gradient has not theta's shape.
    """
    step = check_real("step", step, 0, open_low=True)
    tolerance = check_real("tolerance", tolerance, 0, open_low=True)
    check_integer("max_components", max_components, 1)
    theta = np.array(theta, np.float64)
    differences = _Differences(objective, theta, step, sides)
    seed = draw_seed(random_state)
    checks: list[TensorCheck] = []
    for layer, tensor, indices in _tensors(theta, layout):
        drawn = _draw(indices, max_components, seed, len(checks))
        near = np.array([differences.crosses(i) for i in drawn], bool)
        sums = differences.compare(drawn[~near])
        excluded = int(near.sum())
        compared = len(drawn) - excluded
        checks.append(
            TensorCheck(layer, tensor, len(indices), compared, excluded, *sums, tolerance)
        )
    return GradientCheck(tuple(checks), differences.base_cost, step)


class _Differences:
    """An objective around one point: its gradient there, and differences of its cost."""

    def __init__(
        self, objective: Objective, theta: Vector, step: float, sides: Sides | None
    ) -> None:
        self.theta, self.step, self._sides = theta, step, sides or _no_kinks
        cost, gradient = objective.evaluate(theta.copy())
        self.base_cost, self.gradient = float(cost), np.array(gradient, np.float64)
        if self.gradient.shape != theta.shape:
            raise ParameterError(
                f"The gradient must have the shape of theta, {theta.shape}. "
                f"Got {self.gradient.shape} instead."
            )
        if not (np.isfinite(self.base_cost) and np.isfinite(self.gradient).all()):
            raise DataError(
                "The cost or its gradient is not finite at the weights to be checked. "
                "Scale the inputs, or look for very large weights."
            )
        self._cost = objective.cost if isinstance(objective, Costs) else _first_of(objective)
        self._base_sides = self._sides(theta)

    def crosses(self, i: int) -> bool:
        """Return whether a step along component i, to either side, crosses a kink."""
        moved = (self._sides(self._moved(i, h)) for h in (self.step, -self.step))
        return not all(np.array_equal(sides, self._base_sides) for sides in moved)

    def compare(self, indices: IndexArray) -> tuple[float, float, float]:
        """Return max(‖a‖, ‖n‖), ‖a − n‖ and the noise in it, over some components."""
        a = self.gradient[indices]
        n = np.array([self._slope(i) for i in indices])
        larger = max(float(np.linalg.norm(a)), float(np.linalg.norm(n)))
        digit = np.finfo(np.float64).eps * abs(self.base_cost)
        noise = ROUNDING * digit / self.step * len(indices) ** 0.5
        return larger, float(np.linalg.norm(a - n)), noise

    def _slope(self, i: int) -> float:
        inner = self._across(i, self.step / 2)
        return (8 * inner - self._across(i, self.step)) / (6 * self.step)

    def _across(self, i: int, h: float) -> float:
        return float(self._cost(self._moved(i, h)) - self._cost(self._moved(i, -h)))

    def _moved(self, i: int, h: float) -> Vector:
        moved = self.theta.copy()
        moved[i] += h
        return moved


def _no_kinks(_theta: Vector) -> Array:
    return np.empty(0)


def _first_of(objective: Objective) -> Callable[[Vector], float]:
    return lambda theta: objective.evaluate(theta)[0]


def _tensors(theta: Vector, layout: Layout | None) -> Iterator[tuple[int, str, IndexArray]]:
    """Yield (layer, name, components) for each tensor."""
    components = np.arange(len(theta))
    if layout is None:
        yield 0, "theta", components
        return
    for layer, (W, b) in enumerate(layout.split(components)):
        yield layer, "W", W.ravel()
        yield layer, "b", b


def _draw(indices: IndexArray, max_components: int, seed: int, tensor: int) -> IndexArray:
    if len(indices) <= max_components:
        return indices
    random = stream(seed, Purpose.GRADIENT_CHECK, tensor)
    return np.sort(random.choice(indices, max_components, replace=False))


def _problem(classifier: FeedforwardClassifier, X: Any, y: Any, sample_weight: Any) -> Problem:
    """Return what is trained, in double precision, starting where it is to be checked."""
    if not classifier.__sklearn_is_fitted__():
        model: FeedforwardClassifier = clone(classifier).set_params(dtype="float64")
        return problem_of(model, X, y, sample_weight)
    model = copy(classifier)
    X, y = checked(model, X, y, reset=False)
    known = model.classes_, model.multilabel_
    rows = known_rows(X, y, *known, sample_weight, model.class_weight)
    network, theta = model.network_, model.theta_.astype(np.float64)
    kept = regularisation_of(model, len(network.activations))
    parts = network, model.input_map_, rows, theta, np.dtype(np.float64)
    return Problem(*parts, regularisation=kept)


def _sides_of_kinks(problem: Problem) -> Sides | None:
    """Return the function theta -> which pre-activations of kinked activations are positive.

    With an L1 penalty also which weights are.
    """
    network, X = problem.network, problem.rows.X
    kinked = [i for i, g in enumerate(network.activations, start=1) if not g.smooth]
    of_weights = problem.regularisation.l1 > 0
    if not kinked and not of_weights:
        return None

    def sides(theta: Vector) -> Array:
        parts = [np.packbits(theta > 0)] if of_weights else []
        if not kinked:
            return parts[0]
        for start in range(0, len(X), PATTERN_ROWS):
            rows = X[start : start + PATTERN_ROWS]
            layers = layer_activations(network, theta, rows, problem.input_map)
            # Every kinked activation is positive exactly where its pre-activation is.
            parts.extend(np.packbits(layers[i] > 0) for i in kinked)
        return np.concatenate(parts)

    return sides
