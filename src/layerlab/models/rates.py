"""The learning rate for a user's network and data."""

from __future__ import annotations

from copy import copy
from typing import Any

from layerlab._validation import refuse
from layerlab.models.classifier import FeedforwardClassifier
from layerlab.models.preparing import problem_of
from layerlab.solvers.rate_finder import RateSearch, find_rate

__all__ = ["learning_rate_curve"]


def learning_rate_curve(
    classifier: FeedforwardClassifier,
    X: Any,
    y: Any,
    sample_weight: Any = None,
    *,
    low: float = 1e-5,
    high: float = 1.0,
    n_steps: int = 100,
) -> RateSearch:
    """Try learning rates on your own data in one sweep, and suggest one.

    Parameters
    ----------
    classifier : FeedforwardClassifier
        Its solver goes by mini-batches, such as "adam". The sweep begins with the
        weights that ``fit`` would begin with. It is not changed.
    X : array-like of shape (n_samples, n_features)
        Training rows.
    y : array-like of shape (n_samples,)
    sample_weight : array-like of shape (n_samples,), optional
    low, high : float, default=1e-5 and 1
        First and last rate.
    n_steps : int, default=100

    Returns
    -------
    search : RateSearch
        ``search.suggestion``, and costs against rates for
        `layerlab.reporting.rate_curve`.

    Raises
    ------
    ParameterError
        If a parameter is not allowed, the solver goes by all rows at once, or the
        cost falls at none of the rates.
    DataError
        If the rows cannot be used, or the cost is not finite.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from layerlab import FeedforwardClassifier
    >>> from layerlab.models.rates import learning_rate_curve
    >>> X, y = load_digits(return_X_y=True)
    >>> model = FeedforwardClassifier((64,), solver="adam", random_state=0)
    >>> 0.001 < learning_rate_curve(model, X, y).suggestion < 0.1
    True
    """
    if not isinstance(classifier, FeedforwardClassifier):
        raise refuse("classifier", "a FeedforwardClassifier", classifier)
    problem = problem_of(copy(classifier), X, y, sample_weight)
    with problem.objective(classifier.alpha, classifier.n_threads) as objective:
        return find_rate(
            classifier.solver, objective, problem.start, low=low, high=high, n_steps=n_steps
        )
