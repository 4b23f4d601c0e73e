"""The estimator: a feedforward network behind scikit-learn's interface."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted, validate_data

from layerlab._callbacks import Callback
from layerlab._random import draw_seed
from layerlab._typing import Array, FloatArray, Vector
from layerlab._validation import check_choice, check_flag, check_integer, check_real, refuse
from layerlab.engine import effective_threads
from layerlab.engine.forward import finite_logits, layer_activations
from layerlab.engine.predictor import Predictor
from layerlab.errors import DataError, ParameterError
from layerlab.models.problem import Problem
from layerlab.models.targets import TrainingRows, known_labels, training_rows
from layerlab.models.watching import Watch
from layerlab.network import Network, fit_input_map, start_weights
from layerlab.network.initialisers import initialiser_for
from layerlab.network.network import check_hidden_layer_sizes
from layerlab.solvers import Solution, Status, Stopping, solver_named

__all__ = ["FeedforwardClassifier"]

# Multiplications from which it pays to start threads for one prediction alone.
THREADS_FOR_ONCE = 100_000_000
# How training may end with something left to gain, of which the user is told.
UNFINISHED = (Status.MAX_ITER, Status.INTERRUPTED, Status.NON_FINITE_AHEAD)


class FeedforwardClassifier(ClassifierMixin, BaseEstimator):
    """A deep feedforward network that classifies rows of numbers, such as small images.

    Trained on all rows at once by a minimiser of its own; the same
    ``random_state`` gives the same bits for any number of threads.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(64,)
        Units of each hidden layer; ``()`` for none, which is softmax regression.
    activation : str or sequence of str, default="tanh"
        identity, sigmoid, tanh, relu, leaky_relu, elu, selu, softplus, gelu or
        silu; one for all hidden layers, or one a layer.
    output : {"softmax", "sigmoid"}, default="softmax"
        Softmax with cross-entropy, or one independent sigmoid a class with
        binary cross-entropy.
    solver : str or solver object, default="lbfgs"
        "lbfgs", "cg", "scg", "scipy-cg", "scipy-lbfgs", or an object such as
        ``NonlinearCG(beta="hager_zhang")``, whose options a search reaches as
        ``solver__beta``.
    alpha : float, default=1e-4
        Penalty on the weights: α/(2m) · ΣW², biases left out, m being the
        number of rows (the sum of their weights).
    scaling : {"auto", "range", "standard"} or None, default="auto"
        What is done to the features, fitted on the training rows:
        ``"range"`` divides by their common range and subtracts means,
        ``"standard"`` standardises each, ``"auto"`` takes ``"range"`` where the
        features share one range, as pixels do.
    init : {"auto", "glorot", "he", "lecun", "notebook"} or ndarray, default="auto"
        Where the weights start; an array is taken as theta itself.
    max_iter : int, default=500
    tol : float, default=1e-5
        Training stops when no component of the gradient exceeds it.
    class_weight : dict, "balanced" or None, default=None
    warm_start : bool, default=False
        Whether `fit` continues from the last weights. The input map they
        belong to is kept then, and not fitted anew.
    dtype : {"float32", "float64"} or None, default=None
        What is computed in; None: the dtype of X if that is float32, else
        float64. Costs are float64 in both.
    n_threads : int or None, default=None
        None: one a processor, and one inside joblib's workers.
    callback : callable or None, default=None
        Called with an `Iteration` after each; returning True stops.
    random_state : int, RandomState instance or None, default=None
    verbose : bool, default=False
        Whether to print a line an iteration.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
    coefs_ : list of ndarray of shape (n_in, n_out)
        Weights of each layer, on mapped inputs; views of ``theta_``.
    intercepts_ : list of ndarray of shape (n_out,)
    theta_ : ndarray of shape (n_weights,)
        All weights, layer by layer W and then b.
    input_map_ : InputMap
        Shift and scale of each feature.
    network_ : Network
    loss_, best_loss_ : float
        Cost at the end, penalty included, and the lowest met.
    loss_curve_ : list of float
        Cost after each iteration.
    n_iter_, n_layers_, n_outputs_, n_features_in_ : int
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Where X has column names.
    out_activation_ : str
    solution_ : Solution
        How training ended and what it took.
    validation_loss_curve_, validation_scores_ : list of float
        Data term of the cost, and accuracy, on the validation rows after each
        iteration; empty where none were given.

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The estimator whose names these are.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from layerlab import FeedforwardClassifier
    >>> X, y = load_digits(return_X_y=True)
    >>> model = FeedforwardClassifier((64,), random_state=0).fit(X[:1400], y[:1400])
    >>> bool(model.score(X[1400:], y[1400:]) > 0.9)
    True
    """

    def __init__(
        self,
        hidden_layer_sizes: int | Sequence[int] = (64,),
        activation: str | Sequence[str] = "tanh",
        *,
        output: str = "softmax",
        solver: Any = "lbfgs",
        alpha: float = 1e-4,
        scaling: str | None = "auto",
        init: str | FloatArray = "auto",
        max_iter: int = 500,
        tol: float = 1e-5,
        class_weight: dict[Any, float] | str | None = None,
        warm_start: bool = False,
        dtype: str | None = None,
        n_threads: int | None = None,
        callback: Callback | None = None,
        random_state: Any = None,
        verbose: bool = False,
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.output = output
        self.solver = solver
        self.alpha = alpha
        self.scaling = scaling
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.dtype = dtype
        self.n_threads = n_threads
        self.callback = callback
        self.random_state = random_state
        self.verbose = verbose

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> FeedforwardClassifier:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
            Labels of any one type.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight zero is as good as absent.
        X_val, y_val, sample_weight_val : optional
            Rows to watch during training; nothing is learnt from them.

        Returns
        -------
        self : FeedforwardClassifier

        Raises
        ------
        ParameterError
            If a parameter is not allowed.
        ValueError
            If the rows cannot be used; `DataError` where layerlab found it.

        Warns
        -----
        ConvergenceWarning
            If training ended before it converged: at ``max_iter``, by Ctrl-C,
            or where the cost was no longer finite.
        """
        problem = self._problem(X, y, sample_weight)
        watch = self._watch(problem, X_val, y_val, sample_weight_val)
        self._keep(problem, self._minimise(problem, watch), watch)
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,)
        """
        likeliest = self._logits(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class; every row sums to one.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Never 0, however small; `predict_log_proba` tells such ones apart.
        """
        rows = self._rows(X)
        many = rows.shape[0] * len(self.theta_) >= THREADS_FOR_ONCE
        return self._predictor(self.n_threads if many else 1)(rows)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of each probability, exact also where that rounds to 0 or 1.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        Z = self._logits(X)
        return self.network_.output.log_probabilities(Z)

    def decision_function(self, X: Any) -> Array:
        """Return the logits; for two classes the second's minus the first's.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        decision : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
        """
        Z = self._logits(X)
        return np.asarray(Z[:, 1] - Z[:, 0]) if Z.shape[1] == 2 else Z

    def predictor(self) -> Callable[[Array], Array]:
        """Return a function from rows to probabilities, without the checks of `predict_proba`.

        Returns
        -------
        predict : callable
            Takes an ndarray of shape (n_samples, n_features), of any real dtype
            and without column names; gives an ndarray (n_samples, n_classes).
            Later fits do not change it.
        """
        check_is_fitted(self)
        return self._predictor(self.n_threads)

    def _predictor(self, n_threads: int | None) -> Predictor:
        theta = self.theta_.copy()
        return Predictor(self.network_, theta, self.input_map_, effective_threads(n_threads))

    def activations(self, X: Any) -> list[Array]:
        """Return what every layer makes of the rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        layers : list of ndarray of shape (n_samples, width)
            The mapped inputs, each hidden layer, and the output units.
        """
        rows = self._rows(X)
        return layer_activations(self.network_, self.theta_, rows, self.input_map_)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        if hasattr(self, "theta_"):
            self.set_theta(self.theta_)  # a pickle keeps coefs_ apart from theta_, not as views

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "theta_")

    def _problem(self, X: Any, y: Any, sample_weight: Any) -> Problem:
        """Check parameters and rows, and return all that training needs."""
        self._check_parameters()
        X, y = validate_data(self, X, y, dtype="numeric", order="C", estimator=self)
        rows = training_rows(self, X, y, sample_weight, self.class_weight)
        network = Network.build(
            X.shape[1], self.hidden_layer_sizes, len(rows.classes), self.activation, self.output
        )
        dtype = self._computing_dtype(X)
        if self.warm_start and hasattr(self, "theta_"):
            start = self._last_theta(network, rows.classes)
            return Problem(network, self.input_map_, rows, start, dtype)
        input_map = fit_input_map(rows.X, self.scaling, rows.weights)
        return Problem(network, input_map, rows, self._start(network), dtype)

    def _check_parameters(self) -> None:
        check_hidden_layer_sizes(self.hidden_layer_sizes)
        check_real("alpha", self.alpha, 0)
        check_real("tol", self.tol, 0)
        check_integer("max_iter", self.max_iter, 1)
        check_flag("warm_start", self.warm_start)
        check_flag("verbose", self.verbose)
        effective_threads(self.n_threads)
        if self.dtype is not None:
            check_choice("dtype", _dtype_name(self.dtype), ["float32", "float64"])
        if not isinstance(self.class_weight, dict | None):
            check_choice("class_weight", self.class_weight, ["balanced"])
        if self.callback is not None and not callable(self.callback):
            raise refuse("callback", "callable or None", self.callback)
        solver_named(self.solver)

    def _start(self, network: Network) -> Vector:
        """Return the weights to start from: given ones, or random ones."""
        if not isinstance(self.init, str):
            theta = np.array(self.init, np.float64)
            network.layout.split(theta)  # refuses a wrong length
            if not np.isfinite(theta).all():
                raise refuse("init", "finite where it is an array", self.init)
            return theta
        initialiser_for(network, self.init)
        return start_weights(network, self.init, seed=draw_seed(self.random_state))

    def _last_theta(self, network: Network, classes: Array) -> Vector:
        if self.network_.widths != network.widths or not np.array_equal(self.classes_, classes):
            raise ParameterError(
                f"warm_start needs the layers and classes of the last fit, {self.network_.widths} "
                f"and {list(self.classes_)}. Got {network.widths} and {list(classes)} instead. "
                "Set warm_start=False to start anew."
            )
        return self.theta_.astype(np.float64)

    def _computing_dtype(self, X: Array) -> Any:
        if self.dtype is not None:
            return np.dtype(_dtype_name(self.dtype))  # in this machine's byte order
        return np.dtype(np.float32 if X.dtype == np.float32 else np.float64)

    def _watch(self, problem: Problem, X_val: Any, y_val: Any, weight: Any) -> Watch:
        if X_val is None and y_val is None and weight is None:
            return Watch(self.callback, self.verbose)
        if X_val is None or y_val is None:
            raise ParameterError(
                "X_val and y_val must be given together, and sample_weight_val only with them."
            )
        X_val, y_val = validate_data(self, X_val, y_val, reset=False, dtype="numeric", order="C")
        classes = problem.rows.classes
        labels = known_labels(y_val, classes, "y_val")
        rows = TrainingRows.weighted(X_val, labels, classes, weight)
        return Watch(self.callback, self.verbose, replace(problem, rows=rows))

    def _minimise(self, problem: Problem, watch: Watch) -> Solution:
        stopping = Stopping(self.max_iter, self.tol)
        solver = solver_named(self.solver)
        with problem.objective(self.alpha, self.n_threads) as objective:
            return solver.minimize(objective, problem.start, stopping=stopping, callback=watch)

    def _keep(self, problem: Problem, solution: Solution, watch: Watch) -> None:
        """Store what a fit leaves behind; until here the last fit is as it was."""
        if solution.status is Status.NON_FINITE:
            raise DataError(f"Training could not begin. {solution.status.value}")
        self.solution_ = solution
        self.classes_, self.network_ = problem.rows.classes, problem.network
        self.input_map_ = problem.input_map
        self.set_theta(solution.theta.astype(problem.dtype))
        self.loss_ = self.best_loss_ = solution.cost
        self.loss_curve_ = solution.stats.history.cost[1:]
        self.n_iter_ = max(1, solution.stats.n_iter)
        self.validation_loss_curve_, self.validation_scores_ = watch.losses, watch.scores
        if solution.status in UNFINISHED:
            warnings.warn(solution.status.value, ConvergenceWarning, stacklevel=3)

    def set_theta(self, theta: Array) -> None:
        """Take over all weights at once, for `fit` and for a loader of model files.

        Parameters
        ----------
        theta : ndarray of shape (n_weights,)
        """
        self.theta_ = theta
        layers = self.network_.layout.split(theta)
        self.coefs_ = [W for W, _ in layers]
        self.intercepts_ = [b for _, b in layers]
        self.n_layers_ = len(self.network_.widths)
        self.n_outputs_ = self.network_.widths[-1]
        self.out_activation_ = self.network_.output.title

    def _rows(self, X: Any) -> Array:
        check_is_fitted(self)
        return np.asarray(validate_data(self, X, reset=False, dtype="numeric", order="C"))

    def _logits(self, X: Any) -> Array:
        rows = self._rows(X)
        return finite_logits(self.network_, self.theta_, rows, self.input_map_)


def _dtype_name(dtype: Any) -> Any:
    """Return the name NumPy gives a dtype, or what came where that is none."""
    try:
        return np.dtype(dtype).name
    except TypeError:
        return dtype
