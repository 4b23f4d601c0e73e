"""One pass over some rows by mini-batches, going on from the last."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerlab._callbacks import Iteration, Snapshot
from layerlab._random import draw_seed
from layerlab._typing import Array
from layerlab.errors import DataError, ParameterError
from layerlab.models.early_stopping import early_stopping_from
from layerlab.models.preparing import (
    begun,
    check_parameters,
    max_iter_of,
    problem_from,
    problem_going_on,
)
from layerlab.models.problem import Problem
from layerlab.models.targets import (
    TrainingRows,
    checked,
    has_several,
    labels_as_known,
    training_rows,
)
from layerlab.models.watching import Watch
from layerlab.solvers import MiniBatchSolver, Solution, Status, Stopping, solver_named

__all__ = ["Part", "goes_by_batches", "next_part"]


@dataclass(frozen=True, eq=False)
class Part:
    """What one call leaves behind.

    Attributes
    ----------
    problem : Problem
    solution : Solution
    watch : Watch
    course : dict or None
        The minimiser's state, for the next call; None where the pass did not come to its
        end: the next one goes on from the weights alone.
    """

    problem: Problem
    solution: Solution
    watch: Watch
    course: Snapshot | None


class _OnePass:
    """Keeper and callback of one pass: it begins where the last ended, and ends after an epoch."""

    def __init__(self, state: Snapshot | None, watch: Watch) -> None:
        self._state, self._watch = state, watch
        self._over = False
        self.end: Snapshot | None = None

    def __call__(self, iteration: Iteration) -> bool:
        self._over = True
        self._watch(iteration)
        return False

    def saved(self) -> Snapshot | None:
        return self._state

    def step(self, snapshot: Callable[[], Snapshot]) -> bool:
        if self._over:
            self.end = snapshot()
        return self._over


def goes_by_batches(estimator: Any) -> bool:
    """Say whether the estimator's solver goes by mini-batches.

    Raises
    ------
    AttributeError
        If it does not: there is no ``partial_fit`` then.
    """
    if not isinstance(solver_named(estimator.solver), MiniBatchSolver):
        raise AttributeError(
            "partial_fit needs a solver that goes by mini-batches: 'sgd', 'adam', 'adamw' or "
            f"'muon'. Got {estimator.solver!r} instead."
        )
    return True


def next_part(estimator: Any, X: Any, y: Any, classes: Any, sample_weight: Any) -> Part:
    """Go through the rows once, and return what the estimator is to keep.

    Raises
    ------
    DataError
        If labels are not among the classes.
    ParameterError
        If a parameter is not allowed.
    """
    check_parameters(estimator)
    _refuse_what_is_for_fit(estimator)
    solver: Any = solver_named(estimator.solver)
    problem = _problem(estimator, X, y, classes, sample_weight)
    state = getattr(estimator, "_course", None)
    done = 0 if state is None else int(state["epoch"])
    watch = Watch(estimator.callback, estimator.verbose)
    one = _OnePass(state, watch)
    stopping = Stopping(max(done + 1, max_iter_of(estimator, solver)))
    try:
        with problem.objective(estimator.alpha, estimator.n_threads) as objective:
            solution = solver.minimize(
                objective, problem.start, stopping=stopping, callback=one, keeper=one
            )
    finally:
        watch.close()
    if solution.status is Status.CALLBACK:  # that was ours
        solution = replace(solution, status=Status.EPOCHS)
    return Part(problem, begun(solution), watch, one.end)


def _refuse_what_is_for_fit(estimator: Any) -> None:
    rule = early_stopping_from(estimator.early_stopping)
    for name, given in (("early_stopping", rule), ("checkpoint", estimator.checkpoint)):
        if given is not None:
            raise ParameterError(
                f"partial_fit is one pass over the rows, and {name} is for fit. Leave {name} out."
            )


def _problem(estimator: Any, X: Any, y: Any, classes: Any, sample_weight: Any) -> Problem:
    first = not hasattr(estimator, "theta_")
    X, y = checked(estimator, X, y, reset=first)
    if first:
        rows = _first_rows(estimator, X, y, classes, sample_weight)
        return problem_from(estimator, rows, draw_seed(estimator.random_state))
    _check_same_classes(estimator.classes_, classes)
    several = estimator.multilabel_
    rows = _rows(estimator, X, y, estimator.classes_, several, sample_weight)
    seed = getattr(estimator, "_seed", None)
    seed = draw_seed(estimator.random_state) if seed is None else seed
    return problem_going_on(estimator, rows, seed, "partial_fit", "Begin with a new estimator.")


def _first_rows(estimator: Any, X: Array, y: Any, classes: Any, sample_weight: Any) -> TrainingRows:
    if classes is None:
        return training_rows(estimator, X, y, sample_weight, estimator.class_weight)
    known = np.unique(np.asarray(classes))
    if len(known) < 2:
        raise DataError(f"classes must name at least 2 classes. Got {known.tolist()} instead.")
    several = has_several(y)
    if several:
        _check_same_classes(np.arange(np.shape(y)[1]), known)
    return _rows(estimator, X, y, known, several, sample_weight)


def _rows(
    estimator: Any, X: Array, y: Any, classes: Array, several: bool, sample_weight: Any
) -> TrainingRows:
    labels = labels_as_known(y, classes, several, "y")
    rows = TrainingRows.weighted(X, labels, classes, sample_weight)
    return rows.balanced(estimator.class_weight)


def _check_same_classes(known: Array, classes: Any) -> None:
    if classes is None:
        return
    given = np.unique(np.asarray(classes))
    if not np.array_equal(given, known):
        raise DataError(
            f"classes must be those of y in training, {known.tolist()}. Got {given.tolist()} "
            "instead."
        )
