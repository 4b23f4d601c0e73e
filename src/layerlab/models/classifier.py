"""The estimator: a feedforward network behind scikit-learn's interface."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from layerlab._callbacks import Callback, Snapshot
from layerlab._typing import Array, FloatArray, ImageShape
from layerlab.engine import effective_threads
from layerlab.engine.forward import finite_logits, layer_activations
from layerlab.errors import ParameterError
from layerlab.models.columns import columns_kept
from layerlab.models.partial_fit import goes_by_batches, next_part
from layerlab.models.prediction import averages_views, log_probabilities, probability_function
from layerlab.models.preparing import prepared
from layerlab.models.problem import Problem
from layerlab.models.watching import Watch
from layerlab.solvers import Solution, Status

__all__ = ["FeedforwardClassifier"]

# Multiplications from which it pays to start threads for one prediction alone.
THREADS_FOR_ONCE = 100_000_000
# How training may end with something left to gain, of which the user is told.
UNFINISHED = (Status.MAX_ITER, Status.INTERRUPTED, Status.NON_FINITE_AHEAD, Status.DIVERGED)


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
        By all rows at once: "lbfgs", "cg", "scg", "scipy-cg", "scipy-lbfgs"; by
        mini-batches: "sgd", "adam", "adamw", "muon"; "hybrid" begins with
        these and ends with L-BFGS. Or an object such as
        ``AdamW(learning_rate=3e-3, schedule="cosine")``, whose options a search
        reaches as ``solver__learning_rate``.
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
    max_iter : int or None, default=None
        Iterations; epochs where the solver goes by mini-batches. None: 500, or
        100 epochs.
    tol : float, default=1e-5
        Training stops when no component of the gradient exceeds it.
    dropout : float or sequence of float, default=0
        Probability that a unit is dropped; one for all hidden layers, or one a layer.
    input_dropout : float, default=0
        Probability that an input is dropped.
    noise : float or sequence of float, default=0
        Standard deviation of the Gaussian noise added to the mapped inputs and
        to every hidden layer's pre-activations; one for all, or one each.
    label_smoothing : float, default=0
        Share of each target that is spread over all classes.
    l1 : float, default=0
        Penalty l1/m · Σ|W|, biases left out.
    layer_norm : bool, default=False
        Whether each hidden layer's pre-activations are normalised row by row.
    augment : str, Deformation or None, default=None
        "digits", "letters", "clothing", or a `Deformation`: images are deformed
        at random, anew in each epoch; where the solver goes by all rows, every
        ten iterations (see `Redrawing`).
    image_shape : tuple of int or None, default=None
        Height and width, and channels, of rows that are images.
    views : int, default=1
        At prediction, the mean over so many views of each row: itself, and
        deformed mildly as ``augment`` says, all rows alike.
    early_stopping : str, EarlyStopping, bool or None, default=None
        A metric's name, or a rule: training stops when the metric no longer
        gets better on the validation rows, and the best weights are kept.
    validation_fraction : float, default=0.1
        Of each class, cut off the training rows for early stopping where no
        validation rows are given.
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
    checkpoint : path, Checkpoint or None, default=None
        A folder in which the state of the fit is kept. A fit with the same
        settings and rows goes on from it, and ends with the same bits.
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
    best_iteration_ : int
        The iteration whose weights are kept, where training stops early.
    augmentation_ : Augmentation or None
        What deforms rows.
    multilabel_ : bool
        Whether y had a column a label; ``predict`` then gives 0 or 1 for each, and
        ``predict_proba`` each label's own probability, strictly inside (0, 1).

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
        max_iter: int | None = None,
        tol: float = 1e-5,
        dropout: float | Sequence[float] = 0.0,
        input_dropout: float = 0.0,
        noise: float | Sequence[float] = 0.0,
        label_smoothing: float = 0.0,
        l1: float = 0.0,
        layer_norm: bool = False,
        augment: Any = None,
        image_shape: ImageShape | None = None,
        views: int = 1,
        early_stopping: Any = None,
        validation_fraction: float = 0.1,
        class_weight: dict[Any, float] | str | None = None,
        warm_start: bool = False,
        dtype: str | None = None,
        n_threads: int | None = None,
        callback: Callback | None = None,
        checkpoint: Any = None,
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
        self.dropout = dropout
        self.input_dropout = input_dropout
        self.noise = noise
        self.label_smoothing = label_smoothing
        self.l1 = l1
        self.layer_norm = layer_norm
        self.augment = augment
        self.image_shape = image_shape
        self.views = views
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.class_weight = class_weight
        self.warm_start = warm_start
        self.dtype = dtype
        self.n_threads = n_threads
        self.callback = callback
        self.checkpoint = checkpoint
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
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Labels of any one type; or 0 and 1 for each of several labels by itself,
            for which the output is "sigmoid" whatever was set.
        sample_weight : array-like of shape (n_samples,), optional
            A row of weight zero is as good as absent.
        X_val, y_val, sample_weight_val : optional
            Rows to watch during training; nothing is learnt from them but when to stop.

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
        given = None if X_val is None and y_val is None else (X_val, y_val, sample_weight_val)
        if given is None and sample_weight_val is not None:
            raise ParameterError(
                "X_val and y_val must be given together, and sample_weight_val only with them."
            )
        with columns_kept(self):
            task = prepared(self, X, y, sample_weight, given)
            solution = task.solution()
        self._keep(task.problem, solution, task.watch)
        self._course: Snapshot | None = None
        return self

    @available_if(goes_by_batches)  # type: ignore[untyped-decorator]
    def partial_fit(
        self, X: Any, y: Any, classes: Any = None, sample_weight: Any = None
    ) -> FeedforwardClassifier:
        """Go through some rows once, by mini-batches, from where the last call ended.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
        classes : array-like of shape (n_classes,), optional
            All labels that may come; needed in the first call, where not all of
            them are in ``y``.
        sample_weight : array-like of shape (n_samples,), optional

        Returns
        -------
        self : FeedforwardClassifier

        Raises
        ------
        AttributeError
            If the solver does not go by mini-batches.
        ParameterError
            If a parameter is not allowed: ``early_stopping`` and ``checkpoint`` are for `fit`.
        ValueError
            If the rows cannot be used; `DataError` where layerlab found it.

        Notes
        -----
        The input map is fitted on the rows of the first call, and kept. The
        minimiser's memory goes on from call to call, and so does its schedule, which
        reaches over ``max_iter`` calls: so many on the same rows are what `fit` does.
        """
        part = next_part(self, X, y, classes, sample_weight)
        self._keep(part.problem, part.solution, part.watch)
        self._course, self._seed = part.course, part.problem.seed
        return self

    def predict(self, X: Any) -> Array:
        """Return the most probable class of each row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,), or (n_samples, n_labels) of 0 and 1
        """
        Z = self._decision(X)
        if self.multilabel_:
            return (Z > 0).astype(np.int64)
        return np.asarray(self.classes_[Z.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Return the probability of each class; every row sums to one.

        Where a row may have several labels it is each label's own, and does not.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
            Never 0, however small; `predict_log_proba` tells such ones apart.
        """
        rows = self._rows(X)
        return probability_function(self, self._threads_for(rows))(rows)

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of each probability, exact also where that rounds to 0 or 1.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        log_probabilities : ndarray of shape (n_samples, n_classes)
        """
        rows = self._rows(X)
        return log_probabilities(self, rows, self._threads_for(rows))

    def decision_function(self, X: Any) -> Array:
        """Return the logits; for two classes the second's minus the first's.

        Of a mean over views it is the logarithm of the mean.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        decision : ndarray of shape (n_samples, n_classes), or (n_samples,) for two classes
        """
        Z = self._decision(X)
        if self.multilabel_ or len(self.classes_) > 2:
            return Z
        return np.asarray(Z[:, 1] - Z[:, 0])

    def _decision(self, X: Any) -> Array:
        check_is_fitted(self)
        if not averages_views(self):
            return self._logits(X)
        P = self.predict_proba(X)
        return np.log(P) - np.log1p(-P) if self.multilabel_ else np.log(P)

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
        return probability_function(self, effective_threads(self.n_threads))

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

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "theta_")

    def _keep(self, problem: Problem, solution: Solution, watch: Watch) -> None:
        """Store what a fit leaves behind; until here the last fit is as it was."""
        self.solution_ = solution
        self.take(problem, solution.theta.astype(problem.dtype))
        self.loss_ = solution.cost
        self.loss_curve_ = solution.stats.history.cost[1:]
        costs = filter(isfinite, [solution.cost, *self.loss_curve_])
        self.best_loss_ = min(costs, default=solution.cost)
        self.n_iter_ = max(1, solution.stats.n_iter)
        self.validation_loss_curve_, self.validation_scores_ = watch.losses, watch.scores
        self.best_iteration_ = self.n_iter_ if watch.best is None else watch.best.n_iter
        if solution.status in UNFINISHED:
            warnings.warn(solution.status.value, ConvergenceWarning, stacklevel=3)

    def take(self, problem: Problem, theta: Array) -> None:
        """Become the network of a problem, with these weights."""
        self.classes_, self.network_ = problem.rows.classes, problem.network
        self.input_map_, self.augmentation_ = problem.input_map, problem.deform
        self.multilabel_ = problem.rows.several
        self.set_theta(theta)

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

    def _threads_for(self, rows: Array) -> int:
        many = rows.shape[0] * len(self.theta_) >= THREADS_FOR_ONCE
        return effective_threads(self.n_threads if many else 1)

    def _logits(self, X: Any) -> Array:
        rows = self._rows(X)
        return finite_logits(self.network_, self.theta_, rows, self.input_map_)
