"""Several networks whose probabilities are averaged."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import nullcontext
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.utils.validation import (
    _num_samples,
    check_consistent_length,
    check_is_fitted,
)

from layerlab._callbacks import Iteration, member_callback
from layerlab._checkpoint import Checkpoint, NotedSignals, Stopped
from layerlab._guard import single_threaded_blas
from layerlab._random import Purpose, draw_seed, stream
from layerlab._typing import Array, IndexArray
from layerlab._validation import check_choice, check_integer, refuse
from layerlab.callbacks import Callbacks
from layerlab.engine import effective_threads
from layerlab.errors import ParameterError
from layerlab.models.classifier import FeedforwardClassifier
from layerlab.models.prediction import log_odds
from layerlab.models.preparing import check_seeded

__all__ = ["FeedforwardEnsemble", "networks_of"]

VARIATIONS = ("seed", "bag", "scaling")
# What members are given in turn where they are to differ by how rows are made ready.
SCALINGS = ("range", "standard")
POLL = 0.1  # seconds between two looks at whether a signal came


class FeedforwardEnsemble(ClassifierMixin, BaseEstimator):
    """Networks that differ by chance, trained side by side; their probabilities are averaged.

    Parameters
    ----------
    estimator : FeedforwardClassifier, optional
        What each member is, but for its seed; by default one with default options.
    n_members : int, default=5
    vary : {"seed", "bag", "scaling"}, default="seed"
        By what members differ: their seed alone; also the rows, drawn with
        replacement within each class (Breiman 1996); or also the scaling of the inputs, in turn.
    n_threads : int or None, default=None
        Members trained side by side. None: one a processor.
    random_state : int, RandomState instance or None, default=None

    Attributes
    ----------
    members_ : list of FeedforwardClassifier
    classes_ : ndarray of shape (n_classes,)
    n_features_in_ : int

    Notes
    -----
    The members are the same for any number of threads. Ctrl-C ends all of them.
    Where ``estimator`` has a ``checkpoint``, each member keeps its state in a
    folder of its own within it, also when SIGINT or SIGTERM come. A ``callback``
    is copied for each member, or is what its ``of_member(number)`` returns.

    References
    ----------
    L. K. Hansen, P. Salamon (1990), "Neural network ensembles", IEEE PAMI 12.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from layerlab import FeedforwardClassifier, FeedforwardEnsemble
    >>> X, y = load_iris(return_X_y=True)
    >>> model = FeedforwardEnsemble(FeedforwardClassifier((8,)), 3, random_state=0).fit(X, y)
    >>> bool(model.score(X, y) > 0.9)
    True
    """

    def __init__(
        self,
        estimator: FeedforwardClassifier | None = None,
        n_members: int = 5,
        *,
        vary: str = "seed",
        n_threads: int | None = None,
        random_state: Any = None,
    ) -> None:
        self.estimator = estimator
        self.n_members = n_members
        self.vary = vary
        self.n_threads = n_threads
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> FeedforwardEnsemble:
        """Train the members.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
        y : array-like of shape (n_samples,)
        sample_weight : array-like of shape (n_samples,), optional
        X_val, y_val, sample_weight_val : optional
            Rows that every member watches, as `FeedforwardClassifier.fit` takes them.

        Returns
        -------
        self : FeedforwardEnsemble

        Raises
        ------
        ParameterError, ValueError
            As `FeedforwardClassifier.fit`.
        """
        members = self._members()
        bags = [self._bag(i, X, y, sample_weight) for i in range(len(members))]
        watched = {"X_val": X_val, "y_val": y_val, "sample_weight_val": sample_weight_val}
        tasks = [
            _Task(member, (X, y, weight), watched)
            for member, weight in zip(members, bags, strict=True)
        ]
        _run(tasks, effective_threads(self.n_threads))
        return self.take(members)

    def take(self, members: list[FeedforwardClassifier]) -> FeedforwardEnsemble:
        """Become the ensemble of these fitted members."""
        for member in members:
            if not np.array_equal(member.classes_, members[0].classes_):
                raise ParameterError(
                    "The members of an ensemble must know the same classes. Got "
                    f"{members[0].classes_.tolist()} and {member.classes_.tolist()}."
                )
        self.members_ = members
        self.classes_ = members[0].classes_
        self.n_features_in_ = members[0].n_features_in_
        self.multilabel_ = members[0].multilabel_
        if hasattr(members[0], "feature_names_in_"):
            self.feature_names_in_ = members[0].feature_names_in_
        elif hasattr(self, "feature_names_in_"):  # of an earlier fit
            del self.feature_names_in_
        return self

    def predict(self, X: Any) -> Array:
        """Return the class of highest mean probability.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        y : ndarray of shape (n_samples,), or (n_samples, n_labels) of 0 and 1
        """
        P = self.predict_proba(X)
        if self.multilabel_:
            return (P > 0.5).astype(np.int64)
        return np.asarray(self.classes_[P.argmax(axis=1)])

    def predict_proba(self, X: Any) -> Array:
        """Return the mean of the members' probabilities.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        probabilities : ndarray of shape (n_samples, n_classes)
        """
        check_is_fitted(self)
        total = sum(member.predict_proba(X) for member in self.members_)
        return np.asarray(total / len(self.members_))

    def predict_log_proba(self, X: Any) -> Array:
        """Return the logarithm of the mean probabilities."""
        return np.log(self.predict_proba(X))

    def decision_function(self, X: Any) -> Array:
        """Return the logarithm of the mean probabilities; of two classes, their difference."""
        return log_odds(self.predict_proba(X), several=self.multilabel_)

    def predictor(self) -> Callable[[Array], Array]:
        """Return a function from rows to probabilities; see `FeedforwardClassifier.predictor`."""
        check_is_fitted(self)
        return _Mean([member.predictor() for member in self.members_])

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "members_")

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def _members(self) -> list[FeedforwardClassifier]:
        """Return the untrained members, each with a seed of its own."""
        check_integer("n_members", self.n_members, 1)
        check_choice("vary", self.vary, VARIATIONS)
        base = FeedforwardClassifier() if self.estimator is None else self.estimator
        if not isinstance(base, FeedforwardClassifier):
            raise refuse("estimator", "a FeedforwardClassifier", base)
        if base.checkpoint is not None:
            check_seeded(self)
        self._seed = draw_seed(self.random_state)
        threads = 1 if self.n_members > 1 else self.n_threads
        # A callback may hold what cannot be copied: members are given theirs in `_own`.
        bare = copy(base).set_params(callback=None)
        return [
            clone(bare).set_params(
                random_state=_member_seed(self._seed, i), n_threads=threads, **self._own(base, i)
            )
            for i in range(self.n_members)
        ]

    def _own(self, base: FeedforwardClassifier, i: int) -> dict[str, Any]:
        """Return what a member has to itself beside its seed."""
        own: dict[str, Any] = {}
        if self.vary == "scaling":
            own["scaling"] = SCALINGS[i % len(SCALINGS)]
        if base.checkpoint is not None:
            own["checkpoint"] = _folder_within(base.checkpoint, f"member-{i + 1}")
        own["callback"] = member_callback(base.callback, i)
        return own

    def _bag(self, i: int, X: Any, y: Any, sample_weight: Any) -> Any:
        """Return a member's weights: how often each row was drawn, times its own."""
        if self.vary != "bag":
            return sample_weight
        check_consistent_length(X, y, sample_weight)
        n = _num_samples(X)
        weight = np.ones(n) if sample_weight is None else np.asarray(sample_weight, np.float64)
        random, counts = stream(self._seed, Purpose.MEMBERS, i, 1), np.zeros(n)
        for rows in _strata(y, weight):
            np.add.at(counts, random.choice(rows, len(rows)), 1.0)
        return counts * weight


def _strata(y: Any, weight: Array) -> list[IndexArray]:
    """Return the rows of each class that have weight, so that no class is missing from a bag."""
    counted = np.flatnonzero(weight)
    labels = np.asarray(y)
    if labels.ndim > 1 and labels.shape[1] > 1:  # several a row: none is lost with its rows
        return [counted]
    numbers: dict[Any, int] = {}
    number = np.array([numbers.setdefault(v, len(numbers)) for v in labels[counted].flat])
    return [counted[number == k] for k in range(len(numbers))]


def networks_of(model: FeedforwardClassifier | FeedforwardEnsemble) -> list[FeedforwardClassifier]:
    """Return the networks that a fitted model is made of."""
    return model.members_ if isinstance(model, FeedforwardEnsemble) else [model]


@dataclass(frozen=True, eq=False)
class _Mean:
    """Several functions' mean."""

    functions: list[Callable[[Array], Array]]

    def __call__(self, X: Array) -> Array:
        """Return the mean probabilities."""
        return np.asarray(sum(f(X) for f in self.functions) / len(self.functions))


@dataclass(frozen=True, eq=False)
class _Task:
    """A member and its rows."""

    member: FeedforwardClassifier
    rows: tuple[Any, Any, Any]
    watched: dict[str, Any]

    def fit(self) -> None:
        """Train the member."""
        self.member.fit(*self.rows, **self.watched)

    def run(self, stop: Event) -> None:
        """Train the member; end early where all are to stop."""
        own = {"callback": self.member.callback, "checkpoint": self.member.checkpoint}
        self.member.set_params(**_stopping(**own, stop=stop))
        try:
            self.fit()
        finally:
            self.member.set_params(**own)


def _stopping(callback: Any, checkpoint: Checkpoint | None, stop: Event) -> dict[str, Any]:
    """Return callback and checkpoint of a fit that stops where asked to.

    One whose state is kept must not end as if it were done: its keeper stops it.
    """
    if checkpoint is not None:
        own = checkpoint.stop
        both = stop.is_set if own is None else lambda: stop.is_set() or own()
        return {"callback": callback, "checkpoint": replace(checkpoint, stop=both)}

    def asked(_: Iteration) -> bool:
        return stop.is_set()

    return {"callback": Callbacks([asked] if callback is None else [callback, asked])}


def _run(tasks: list[_Task], n_threads: int) -> None:
    """Train all members; on an error, Ctrl-C or SIGTERM, let the others end first."""
    if len(tasks) == 1:
        tasks[0].fit()
        return
    stop = Event()
    noted = NotedSignals()
    with noted if tasks[0].member.checkpoint is not None else nullcontext():
        with single_threaded_blas(), ThreadPoolExecutor(n_threads) as pool:
            futures = [pool.submit(task.run, stop) for task in tasks]
            try:
                _wait(futures, noted)
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
        noted.in_time()


def _wait(futures: list[Future[None]], noted: NotedSignals) -> None:
    """Wait for all; raise the first error, or that a signal came."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, POLL, FIRST_COMPLETED)
        for future in done:
            future.result()
        if waiting and noted.came is not None:
            raise Stopped


def _member_seed(seed: int, i: int) -> int:
    return int(stream(seed, Purpose.MEMBERS, i).integers(0, np.iinfo(np.int32).max))


def _folder_within(checkpoint: Any, name: str) -> Checkpoint:
    whole = checkpoint if isinstance(checkpoint, Checkpoint) else Checkpoint(checkpoint)
    return replace(whole, folder=Path(whole.folder) / name)
