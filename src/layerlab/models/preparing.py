"""From an estimator's parameters and rows to a task: all that training takes, checked."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from layerlab._callbacks import Callback, Keeper
from layerlab._checkpoint import Checkpoint, fingerprint
from layerlab._random import draw_seed
from layerlab._typing import Array, Vector
from layerlab._validation import check_choice, check_flag, check_integer, check_real, refuse
from layerlab.engine import RowObjective, effective_threads
from layerlab.errors import DataError, ParameterError
from layerlab.models.augmentation import Augmentation, augmentation_for
from layerlab.models.early_stopping import EarlyStopping, early_stopping_from
from layerlab.models.held_out import held_out
from layerlab.models.problem import Problem
from layerlab.models.targets import TrainingRows, checked, labels_as_known, training_rows
from layerlab.models.watching import Validation, Watch
from layerlab.network import Network, Regularisation, fit_input_map, start_weights
from layerlab.network.initialisers import initialiser_for
from layerlab.network.network import check_hidden_layer_sizes
from layerlab.solvers import (
    LBFGS,
    MiniBatchSolver,
    NonlinearCG,
    Redrawing,
    ScaledCG,
    ScipyMinimizer,
    Solution,
    Solver,
    Status,
    Stopping,
    solver_named,
)
from layerlab.solvers.kept import run_kept

__all__ = [
    "Task",
    "begun",
    "check_parameters",
    "checked_rows",
    "max_iter_of",
    "prepared",
    "problem_from",
    "problem_going_on",
    "problem_of",
    "regularisation_of",
    "solver_for",
]

MAX_ITER, MAX_EPOCHS = 500, 100
# These know of one cost alone: where rows or units are drawn at random, they go by legs.
OF_ONE_COST = (LBFGS, NonlinearCG, ScaledCG, ScipyMinimizer)
# What the bits of a result do not depend on.
BESIDE_THE_RESULT = ("callback", "checkpoint", "n_threads", "verbose", "views")


@dataclass(frozen=True, eq=False)
class Task:
    """A fit that is ready to run.

    Attributes
    ----------
    problem : Problem
    solver : Solver
    stopping : Stopping
    watch : Watch
    alpha : float
    n_threads : int or None
    checkpoint : Checkpoint or None
    context : dict
        What a checkpoint's run is told by.
    """

    problem: Problem
    solver: Solver
    stopping: Stopping
    watch: Watch
    alpha: float
    n_threads: int | None
    checkpoint: Checkpoint | None
    context: dict[str, Any]

    def solution(self) -> Solution:
        """Train, and return the end, or the best weights where they were watched for.

        Raises
        ------
        DataError
            If the cost at the start is not finite.
        """
        with self.problem.objective(self.alpha, self.n_threads) as objective:

            def minimise(keeper: Keeper | None, callback: Callback | None) -> Solution:
                # A solver of the user's own need not know of keepers.
                kept = {} if keeper is None else {"keeper": keeper}
                start = self.problem.start
                return self.solver.minimize(
                    objective, start, stopping=self.stopping, callback=callback, **kept
                )

            solution = run_kept(self.checkpoint, self.context, minimise, self.watch)
            return self._best(begun(solution), objective)

    def _best(self, solution: Solution, objective: RowObjective) -> Solution:
        best = self.watch.best
        if best is None or best.theta is None:
            return solution
        _, gradient = objective.evaluate(best.theta)
        return replace(solution, theta=best.theta, cost=best.cost, gradient=gradient)


def begun(solution: Solution) -> Solution:
    """Return the solution.

    Raises
    ------
    DataError
        If there is none: the cost at the start is not finite.
    """
    if solution.status is Status.NON_FINITE:
        raise DataError(f"Training could not begin. {solution.status.value}")
    return solution


def prepared(estimator: Any, X: Any, y: Any, sample_weight: Any, given: Any) -> Task:
    """Return the task of a fit.

    Parameters
    ----------
    estimator : FeedforwardClassifier
    X, y, sample_weight
        As `fit` takes them.
    given : (X_val, y_val, sample_weight_val) or None

    Raises
    ------
    ParameterError, ValueError
        If parameters or rows are not allowed.
    """
    check_parameters(estimator)
    rows = whole = checked_rows(estimator, X, y, sample_weight)
    seed = draw_seed(estimator.random_state)
    rule = early_stopping_from(estimator.early_stopping)
    apart = None
    if rule is not None and given is None:
        rows, apart = held_out(rows, estimator.validation_fraction, seed)
    problem = problem_from(estimator, rows, seed)
    if given is not None:
        apart = _given_rows(estimator, given, rows)
    solver = solver_for(estimator, draws=problem.draws)
    return Task(
        problem,
        solver,
        Stopping(max_iter_of(estimator, solver), estimator.tol),
        _watch(estimator, problem, apart, rule),
        estimator.alpha,
        estimator.n_threads,
        *_kept(estimator, problem, whole, None if given is None else apart),
    )


def problem_of(estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> Problem:
    """Return what `fit` would minimise, and where it would start."""
    check_parameters(estimator)
    rows = checked_rows(estimator, X, y, sample_weight)
    return problem_from(estimator, rows, draw_seed(estimator.random_state))


def checked_rows(estimator: Any, X: Any, y: Any, sample_weight: Any) -> TrainingRows:
    """Return rows, labels and weights, and let the estimator know their columns."""
    X, y = checked(estimator, X, y)
    return training_rows(estimator, X, y, sample_weight, estimator.class_weight)


def check_parameters(e: Any) -> None:
    """Refuse parameters that are not allowed, whatever the rows.

    Raises
    ------
    ParameterError
    """
    hidden = check_hidden_layer_sizes(e.hidden_layer_sizes)
    check_real("alpha", e.alpha, 0)
    check_real("tol", e.tol, 0)
    if e.max_iter is not None:
        check_integer("max_iter", e.max_iter, 1)
    for name in ("warm_start", "verbose", "layer_norm"):
        check_flag(name, getattr(e, name))
    effective_threads(e.n_threads)
    if e.dtype is not None:
        check_choice("dtype", dtype_name(e.dtype), ["float32", "float64"])
    if not isinstance(e.class_weight, dict | None):
        check_choice("class_weight", e.class_weight, ["balanced"])
    if e.callback is not None and not callable(e.callback):
        raise refuse("callback", "callable or None", e.callback)
    check_integer("views", e.views, 1)
    check_real("validation_fraction", e.validation_fraction, 0, 1, open_low=True, open_high=True)
    early_stopping_from(e.early_stopping)
    regularisation_of(e, len(hidden))
    solver_named(e.solver)
    _checkpoint(e)


def solver_for(e: Any, *, draws: bool) -> Solver:
    """Return the solver, in legs where it knows of one cost and something is drawn at random."""
    solver = solver_named(e.solver)
    return Redrawing(solver) if draws and isinstance(solver, OF_ONE_COST) else solver


def dtype_name(dtype: Any) -> Any:
    """Return the name NumPy gives a dtype, or what came where that is none."""
    try:
        return np.dtype(dtype).name
    except TypeError:
        return dtype


def problem_from(e: Any, rows: TrainingRows, seed: int) -> Problem:
    """Return what rows that are checked are to be learnt by, and where that starts."""
    if e.warm_start and hasattr(e, "theta_"):
        remedy = "Set warm_start=False to start anew."
        return problem_going_on(e, rows, seed, "warm_start", remedy)
    network, dtype = _network(e, rows), _computing_dtype(e, rows.X)
    input_map = fit_input_map(rows.X, e.scaling, rows.weights)
    drawn = seed, regularisation_of(e, len(network.activations)), _augmentation(e, rows)
    return Problem(network, input_map, rows, _start(e, network, seed), dtype, *drawn)


def problem_going_on(e: Any, rows: TrainingRows, seed: int, who: str, remedy: str) -> Problem:
    """Return the same, starting at the last weights, with the input map they belong to.

    Raises
    ------
    ParameterError
        If layers or classes are not those of the last fit: ``who`` needs that, and the
        ``remedy``.
    """
    network, dtype = _network(e, rows), _computing_dtype(e, rows.X)
    start = _last_theta(e, network, rows, who, remedy)
    deform = _same_ground(_augmentation(e, rows), e.augmentation_)
    drawn = seed, regularisation_of(e, len(network.activations)), deform
    return Problem(network, e.input_map_, rows, start, dtype, *drawn)


def _network(e: Any, rows: TrainingRows) -> Network:
    return Network.build(
        rows.X.shape[1],
        e.hidden_layer_sizes,
        len(rows.classes),
        e.activation,
        "sigmoid" if rows.several else e.output,
        layer_norm=e.layer_norm,
    )


def _augmentation(e: Any, rows: TrainingRows) -> Augmentation | None:
    return augmentation_for(e.augment, e.image_shape, rows.X, effective_threads(e.n_threads))


def _same_ground(now: Augmentation | None, last: Augmentation | None) -> Augmentation | None:
    """Return the augmentation with what the first rows said of their range and ground."""
    if now is None or last is None or now.image_shape != last.image_shape:
        return now
    return replace(now, value_range=last.value_range, background=last.background)


def regularisation_of(e: Any, n_hidden: int) -> Regularisation:
    """Return an estimator's regularisation for that many hidden layers.

    Raises
    ------
    ParameterError
        If it is not allowed.
    """
    return Regularisation.build(
        n_hidden,
        dropout=e.dropout,
        input_dropout=e.input_dropout,
        noise=e.noise,
        label_smoothing=e.label_smoothing,
        l1=e.l1,
    )


def _start(e: Any, network: Network, seed: int) -> Vector:
    """Return the weights to start from: given ones, or random ones."""
    if not isinstance(e.init, str):
        theta = np.array(e.init, np.float64)
        network.layout.split(theta)  # refuses a wrong length
        if not np.isfinite(theta).all():
            raise refuse("init", "finite where it is an array", e.init)
        return theta
    initialiser_for(network, e.init)
    return start_weights(network, e.init, seed=seed)


def _last_theta(e: Any, network: Network, rows: TrainingRows, who: str, remedy: str) -> Vector:
    classes = rows.classes
    same_labels = e.multilabel_ == rows.several and np.array_equal(e.classes_, classes)
    if e.network_.widths != network.widths or not same_labels:
        raise ParameterError(
            f"{who} needs the layers and classes of the last fit, {e.network_.widths} "
            f"and {e.classes_.tolist()}{_each(e.multilabel_)}. Got {network.widths} and "
            f"{classes.tolist()}{_each(rows.several)} instead. {remedy}"
        )
    theta: Vector = e.theta_.astype(np.float64)
    return theta


def _each(several: bool) -> str:
    return " (several a row)" if several else ""


def _computing_dtype(e: Any, X: Array) -> Any:
    if e.dtype is not None:
        return np.dtype(dtype_name(e.dtype))  # in this machine's byte order
    return np.dtype(np.float32 if X.dtype == np.float32 else np.float64)


def max_iter_of(e: Any, solver: Solver) -> int:
    """Return how many iterations, or epochs, a fit takes at most."""
    if e.max_iter is not None:
        return int(e.max_iter)
    return MAX_EPOCHS if isinstance(solver, MiniBatchSolver) else MAX_ITER


def _given_rows(e: Any, given: Any, rows: TrainingRows) -> TrainingRows:
    X, y, weight = given
    if X is None or y is None:
        raise ParameterError(
            "X_val and y_val must be given together, and sample_weight_val only with them."
        )
    X, y = checked(e, X, y, reset=False)
    labels = labels_as_known(y, rows.classes, rows.several, "y_val")
    return TrainingRows.weighted(X, labels, rows.classes, weight)


def _watch(
    e: Any, problem: Problem, apart: TrainingRows | None, rule: EarlyStopping | None
) -> Watch:
    if apart is None:
        return Watch(e.callback, e.verbose)

    def fitted(theta: Array) -> Any:
        model = copy(e)
        model.views = 1  # as the other figures are
        vars(model).pop("feature_names_in_", None)  # the rows are an array by now
        model.take(problem, theta)
        return model

    y = apart.labels if apart.several else apart.classes[apart.labels]
    validation = Validation(replace(problem, rows=apart), y, fitted)
    return Watch(e.callback, e.verbose, validation, rule)


def _checkpoint(e: Any) -> Checkpoint | None:
    if e.checkpoint is None:
        return None
    check_seeded(e)
    return e.checkpoint if isinstance(e.checkpoint, Checkpoint) else Checkpoint(e.checkpoint)


def check_seeded(e: Any) -> None:
    """Refuse a seed that another call would not have again, for a run that is to be gone on with.

    Raises
    ------
    ParameterError
    """
    if isinstance(e.random_state, bool | np.bool_) or not isinstance(
        e.random_state, int | np.integer
    ):
        raise ParameterError(
            "checkpoint needs random_state to be an integer: with another seed a run cannot go on. "
            f"Got random_state={e.random_state!r}."
        )


def _kept(
    e: Any, problem: Problem, whole: TrainingRows, given: TrainingRows | None
) -> tuple[Checkpoint | None, dict[str, Any]]:
    """Return the checkpoint, and what its run is told by: what was given, not what came of it.

    So another seed is named as such, and not as other weights at the start or rows cut off.
    """
    checkpoint = _checkpoint(e)
    if checkpoint is None:
        return None, {}
    settings = {k: v for k, v in e.get_params(deep=False).items() if k not in BESIDE_THE_RESULT}
    data: dict[str, Any] = {"training": _described(whole)}
    if given is not None:
        data["validation"] = _described(given)
    if e.warm_start:
        data["start"] = fingerprint(problem.start)
    return checkpoint, {**settings, "data": data}


def _described(rows: TrainingRows) -> dict[str, Any]:
    return {
        "rows": fingerprint(rows.X),
        "labels": fingerprint(rows.labels),
        "classes": [str(name) for name in rows.classes],
        "weights": fingerprint(rows.weights),
    }
