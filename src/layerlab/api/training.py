"""`train`: a recipe fitted on all rows given, and the folder it is written to."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from layerlab._callbacks import Callback, ProgressSink
from layerlab._checkpoint import Checkpoint, described
from layerlab._checkpoint.context import check_same
from layerlab._typing import ImageShape, IndexArray
from layerlab._validation import check_integer, check_real, refuse
from layerlab.api.following import Following
from layerlab.api.loading import rows_to_train
from layerlab.api.training_record import microseconds, training_results, whole_seconds
from layerlab.api.writing import check_writable, write_model, write_report
from layerlab.data import Dataset, cut_off, require_classes
from layerlab.engine import effective_threads
from layerlab.errors import DataError, ParameterError
from layerlab.models import EarlyStopping, FeedforwardClassifier, FeedforwardEnsemble, networks_of
from layerlab.models.recipes import Recipe, recipe_named
from layerlab.solvers import Status
from layerlab.storage import RunFolder

__all__ = ["Trained", "train"]

Classifier = FeedforwardClassifier | FeedforwardEnsemble
# How a fit ends whose cost was no longer finite.
BROKEN = (Status.DIVERGED, Status.NON_FINITE_AHEAD)
TRIED = 6  # iterations on a few rows: a Hybrid comes to its finish
ANEW = "Or begin anew there with --overwrite (overwrite=True)."


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained model and the folder it was written to.

    Attributes
    ----------
    path : Path
        Holds ``model.layerlab``, ``report.html``, ``results.json``,
        ``log.jsonl``, ``figures/`` and ``reproduce.py``.
    model : FeedforwardClassifier or FeedforwardEnsemble
    results : dict
        What ``results.json`` holds.
    answer : str
        What came of it, in a few sentences, as the report begins.
    notes : tuple of str
        What has to be known to trust it.
    """

    path: Path
    model: Classifier
    results: dict[str, Any]
    answer: str
    notes: tuple[str, ...]


def train(
    data: Any,
    y: Any = None,
    *,
    recipe: str | Recipe = "digits",
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    seed: int = 0,
    members: int | None = None,
    epochs: int | None = None,
    validation: float = 0.0,
    patience: int | None = None,
    n_threads: int | None = None,
    checkpoint_every: float = 60.0,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
    callback: Callback | None = None,
) -> Trained:
    """Fit a recipe on all rows given, and write a run folder; test rows are left alone.

    Parameters
    ----------
    data : Dataset, Parts, or what `load_data` takes
        Of Parts, and where a test part lies in the same place, the development rows.
    y, label, groups, image_shape, resize, fit, grey, background
        As for `load_data`. What is loaded already takes none of them.
    recipe : str or Recipe, default="digits"
        A name of `layerlab.RECIPES`, or one's own.
    out : path, optional
        Exactly this folder; by default a new one under ``runs``. Where an unfinished
        training of the same data and settings lies in it, that is gone on with, and
        ends with the same bits.
    overwrite : bool, default=False
        Replace what lies in ``out``.
    seed : int, default=0
        The same seed gives the same results, bit for bit.
    members : int, optional
        Networks, each from a seed of its own, whose probabilities are averaged; by default
        as many as the recipe has, mostly one.
    epochs : int, optional
        In place of the recipe's (iterations, where its solver goes by all rows).
    validation : float, default=0
        Share of the rows that is cut off and only watched: of each class, or whole
        groups where the data has groups.
    patience : int, optional
        Epochs without a better accuracy on these rows after which training stops; the best
        weights are kept.
    n_threads : int or None
        None: one a processor.
    checkpoint_every : float, default=60
        Seconds from one saved state to the next.
    progress : ProgressSink, optional
        Told how far the reading is.
    callback : callable, optional
        Called with an `Iteration` after each epoch, such as `ShowProgress`; of several
        networks with their epochs together. Returning True ends the training.

    Returns
    -------
    trained : Trained

    Raises
    ------
    InputError
        If data, folder or another argument do not allow a training, nothing having been
        written then; or if the cost is no longer finite, the last finite state being kept.
    KeyboardInterrupt, SystemExit
        On SIGINT and SIGTERM, after the state was saved.

    Examples
    --------
    >>> import layerlab
    >>> run = layerlab.train("digits", validation=0.1, out="run")  # doctest: +SKIP
    """
    chosen = recipe_named(recipe)
    settings = _Settings(
        chosen,
        check_integer("seed", seed, 0, 2**32 - 1),
        chosen.n_members if members is None else check_integer("members", members, 1),
        None if epochs is None else check_integer("epochs", epochs, 1),
        check_real("validation", validation, 0, 1, open_high=True),
        None if patience is None else check_integer("patience", patience, 1),
    )
    settings.check()
    effective_threads(n_threads)
    if callback is not None and not callable(callback):
        raise refuse("callback", "callable or None", callback)
    every = check_real("checkpoint_every", checkpoint_every, 0)
    known = rows_to_train(
        data,
        progress,
        y=y,
        label=label,
        groups=groups,
        image_shape=image_shape,
        resize=resize,
        fit=fit,
        grey=grey,
        background=background,
    )
    check_writable(out, known.source)
    require_classes(known)
    parts = _cut(known, settings)
    settings.check_with(known)
    folder, resumed = _folder(out, overwrite, known, settings)
    with _saying_how_to_go_on(folder):
        began = perf_counter()
        model = _fitted(folder, known, parts, settings, n_threads, every, callback)
        times = {"since": perf_counter() - began, "threads": n_threads, "resumed": resumed}
        return _write(folder, known, parts, settings, model, times)


@dataclass(frozen=True)
class _Settings:
    """What the bits of a training depend on, beside its rows."""

    recipe: Recipe
    seed: int
    members: int
    epochs: int | None
    validation: float
    patience: int | None

    def check(self) -> None:
        if self.patience is not None and not self.validation:
            raise ParameterError(
                "patience needs rows to watch. Give their share too: validation=0.1, or "
                "--validation 0.1."
            )

    def asked(self) -> dict[str, Any]:
        """Return what was asked for beside the recipe."""
        return {
            "seed": self.seed,
            "members": self.members,
            "epochs": self.epochs,
            "validation": self.validation,
            "patience": self.patience,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as plain data."""
        parameters = described(dict(self.recipe.parameters))
        return {"recipe": self.recipe.name, "parameters": parameters, **self.asked()}

    def classifier(self, data: Dataset, n_threads: int | None = None, **changes: Any) -> Classifier:
        """Return the untrained model."""
        if self.epochs is not None:
            changes["max_iter"] = self.epochs
        if self.patience is not None:
            changes["early_stopping"] = EarlyStopping(patience=self.patience)
        return self.recipe.classifier(
            self.seed,
            image_shape=data.image_shape,
            n_members=self.members,
            n_threads=n_threads,
            **changes,
        )

    def check_with(self, data: Dataset) -> None:
        """Refuse what does not go together, before anything is written: fit a few rows once."""
        few = data.subset(_few_of_each(data.labels))
        model = replace(self, members=1, epochs=TRIED).classifier(few)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model.fit(few.rows, few.y, X_val=few.rows, y_val=few.y)


def _few_of_each(labels: IndexArray, n: int = 2) -> IndexArray:
    """Return the numbers of each class's first rows."""
    return np.sort([row for k in np.unique(labels) for row in np.flatnonzero(labels == k)[:n]])


@dataclass(frozen=True, eq=False)
class _Parts:
    """Rows to train on and rows to watch, by their numbers; and how they were cut."""

    train: IndexArray
    validation: IndexArray
    kind: str


def _cut(data: Dataset, settings: _Settings) -> _Parts | None:
    if not settings.validation:
        return None
    kind = "stratified" if data.groups is None else "group"
    return _Parts(*cut_off(data, settings.validation, kind, random_state=settings.seed), kind)


def _folder(
    out: str | os.PathLike[str] | None, overwrite: bool, data: Dataset, settings: _Settings
) -> tuple[RunFolder, bool]:
    """Return the folder of a new run, or of an unfinished one, and whether it is such."""
    now = {**settings.to_dict(), "data": {"name": data.name, "fingerprint": data.fingerprint}}
    found = None if overwrite else RunFolder.begun(out)
    if found is not None:
        _check_same(found, now)
        found.log("resume")
        return found, True
    folder = RunFolder.create(out, name=data.name, overwrite=overwrite)
    folder.begin_with(now)
    folder.log("begin", data=data.name, recipe=settings.recipe.name, **settings.asked())
    return folder, False


def _check_same(folder: RunFolder, now: dict[str, Any]) -> None:
    """Refuse to go on with other data or settings, and name the difference."""
    try:
        check_same(folder.begun_with(), now, folder.path)
    except (DataError, ParameterError) as error:
        raise type(error)(f"{error} {ANEW}") from None


@contextmanager
def _saying_how_to_go_on(folder: RunFolder) -> Iterator[None]:
    """Have whoever is told of an interrupt told how to go on."""
    try:
        yield
    except (KeyboardInterrupt, SystemExit) as end:
        if not folder.finished:
            end.add_note(
                f"The state is kept in {folder.path}: the same command with --out {folder.path} "
                "goes on from it."
            )
        raise


def _fitted(
    folder: RunFolder,
    data: Dataset,
    parts: _Parts | None,
    settings: _Settings,
    n_threads: int | None,
    every: float,
    callback: Callback | None,
) -> Classifier:
    """Return the trained model, without what was for its training alone."""
    following = Following(folder, settings.members, callback)
    told: Any = following if settings.members > 1 else following.of_member(0)
    checkpoint = Checkpoint(folder.checkpoint, every)
    model = settings.classifier(data, n_threads, callback=told, checkpoint=checkpoint)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # the report says it
            model.fit(*_rows(data, parts), **_watched(data, parts))
    finally:
        following.close()
    _refuse_broken(model, folder)
    return _bare(model)


def _rows(data: Dataset, parts: _Parts | None) -> tuple[Any, Any]:
    """Return the rows to train on as they lie, where they are all of them."""
    chosen = data if parts is None else data.subset(parts.train)
    return chosen.rows, chosen.y


def _watched(data: Dataset, parts: _Parts | None) -> dict[str, Any]:
    if parts is None:
        return {}
    chosen = data.subset(parts.validation)
    return {"X_val": chosen.rows, "y_val": chosen.y}


def _refuse_broken(model: Classifier, folder: RunFolder) -> None:
    """Refuse a network whose cost was no longer finite: a fault of its settings."""
    for network in networks_of(model):
        solution = network.solution_
        if solution.status in BROKEN:
            raise ParameterError(
                f"Training broke off after {solution.stats.n_iter} epochs. "
                f"{solution.status.value} The last finite state is kept in {folder.checkpoint}; "
                "with other settings begin anew, in another folder or with --overwrite."
            )


def _bare(model: Classifier) -> Classifier:
    """Return the model without callback and checkpoint, which were for its training alone."""
    ensemble = isinstance(model, FeedforwardEnsemble)
    for part in (*model.members_, model.estimator) if ensemble else (model,):
        part.set_params(callback=None, checkpoint=None)
    return model


def _write(
    folder: RunFolder,
    data: Dataset,
    parts: _Parts | None,
    settings: _Settings,
    model: Classifier,
    times: dict[str, Any],
) -> Trained:
    """Write the run's files; the results last, the mark of an unfinished run after them."""
    from layerlab.reporting.training import draw_training_figures, training_content
    from layerlab.reporting.training_outcome import TrainingOutcome, validated
    from layerlab.reporting.training_script import training_script

    place = write_model(folder, model, data, data.stated_range or data.value_range)
    found = None if parts is None else validated(model, data, parts.validation, parts.kind)
    outcome = TrainingOutcome(
        data,
        settings.recipe,
        settings.asked(),
        model,
        found,
        None if parts is None else parts.train,
        whole_seconds(networks_of(model), times["since"], times["threads"]),
        microseconds(model, data),
        str(place),
        times["resumed"],
    )
    figures = draw_training_figures(outcome)
    content = training_content(outcome, figures)
    script = training_script(outcome, version("layerlab"))
    run = {"source": data.source, "folder": str(folder.path), "threads": times["threads"]}
    record = training_results(outcome, settings.to_dict(), run)
    write_report(folder, figures, content, script, record, seconds=outcome.seconds)
    return Trained(folder.path, model, record, content.answer, tuple(content.notes))
