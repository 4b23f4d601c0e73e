"""What ``import layerlab`` offers."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from layerlab._callbacks import ProgressSink
from layerlab._files import canonical_json
from layerlab._validation import check_integer, check_real, refuse
from layerlab.data import (
    Dataset,
    Rows,
    Split,
    SplitRule,
    health_line,
    load_data,
    load_labelled_rows,
    load_rows,
    make_folds,
    parse_split,
    read_split,
    require_classes,
    split_rows,
    take_features,
)
from layerlab.engine.forward import finite_logits
from layerlab.errors import DataError, ParameterError
from layerlab.exploration import Exploration, Explorer, knn_curve, results
from layerlab.metrics import Score, log_loss, paired_difference, wilson_interval
from layerlab.models import FeedforwardClassifier, GradientCheck, check_gradient
from layerlab.models.targets import known_labels
from layerlab.network import (
    Network,
    cost,
    cost_and_gradient,
    feedforward,
    fit_input_map,
    gradient,
    start_weights,
)
from layerlab.solvers import LBFGS, NonlinearCG, ScaledCG, ScipyMinimizer, Stopping
from layerlab.storage import RunFolder, load_model, save_model

if TYPE_CHECKING:
    from layerlab.reporting import picture_grid
    from layerlab.reporting.drawings import draw_knn_curve, draw_rows

__all__ = [
    "LBFGS",
    "Dataset",
    "Evaluation",
    "FeedforwardClassifier",
    "GradientCheck",
    "Network",
    "NonlinearCG",
    "Run",
    "ScaledCG",
    "ScipyMinimizer",
    "Score",
    "Split",
    "Stopping",
    "check_gradient",
    "cost",
    "cost_and_gradient",
    "draw_knn_curve",
    "draw_rows",
    "evaluate",
    "explore",
    "feedforward",
    "fit_input_map",
    "gradient",
    "health_line",
    "knn_curve",
    "load_data",
    "load_labelled_rows",
    "load_model",
    "load_rows",
    "make_folds",
    "paired_difference",
    "picture_grid",
    "read_split",
    "save_model",
    "split_rows",
    "start_weights",
    "wilson_interval",
]

DRAWING = {
    "draw_knn_curve": "layerlab.reporting.drawings",
    "draw_rows": "layerlab.reporting.drawings",
    "picture_grid": "layerlab.reporting.pictures",
}

if not TYPE_CHECKING:  # or any name would pass for one of ours

    def __getattr__(name: str) -> Any:
        """Import what draws when it is asked for: matplotlib takes long, and most do not draw."""
        if name in DRAWING:
            return getattr(import_module(DRAWING[name]), name)
        raise AttributeError(f"module 'layerlab.api' has no attribute {name!r}")


@dataclass(frozen=True, eq=False)
class Run:
    """An exploration and the folder it was written to.

    Attributes
    ----------
    path : Path
        Holds ``report.html``, ``model.layerlab``, ``results.json``,
        ``log.jsonl``, ``figures/`` and ``reproduce.py``.
    exploration : Exploration
    results : dict
        What ``results.json`` holds.
    """

    path: Path
    exploration: Exploration
    results: dict[str, Any]

    @property
    def model(self) -> FeedforwardClassifier:
        """The network that ships."""
        return self.exploration.model


def explore(
    data: Any,
    *,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    seed: int = 0,
    n_threads: int | None = None,
    budget: float | None = None,
    split: str | Split | SplitRule | None = None,
    label: str | int | None = None,
    groups: str | int | None = None,
    progress: ProgressSink | None = None,
) -> Run:
    """Explore how well feedforward networks do on some data, and write a run folder.

    Parameters
    ----------
    data : Dataset, or what `load_data` takes
    out : path, optional
        Exactly this folder; by default a new one under ``runs``.
    overwrite : bool, default=False
        Replace an earlier run in ``out``.
    seed : int, default=0
        The same seed gives the same results, bit for bit.
    n_threads : int or None
        Fits side by side; None: one a processor.
    budget : float, optional
        Seconds; asked between fits only. Results then depend on the clock.
    split : str, Split or None
        ``"stratified"``, ``"contiguous"`` or ``"group"``, with fractions if
        wanted (``"contiguous:70/15/15"``), or the file of an earlier run, or a
        `Split`. By default by group where the data names groups, else
        stratified; for ``"digits"`` stratified.
    label, groups : str or int, optional
        The columns of labels and of groups, where ``data`` is no Dataset: that was loaded
        with them.
    progress : ProgressSink, optional

    Returns
    -------
    run : Run

    Raises
    ------
    InputError
        If data, split, folder or another argument do not allow a run; nothing has been
        written then.
    """
    check_integer("seed", seed, 0, 2**32 - 1)
    if budget is not None:
        check_real("budget", budget, 0, open_low=True)
    known = _loaded(data, label, groups)
    _check_writable(out, known.source)
    require_classes(known)
    explorer = Explorer(known, _split(known, split, seed), seed=seed, n_threads=n_threads)
    folder = RunFolder.create(out, name=known.name, overwrite=overwrite)
    with _noting_unfinished(folder):
        folder.log("begin", data=known.name, seed=seed, fingerprint=known.fingerprint)
        exploration = explorer.explore(budget=budget, progress=progress, log=folder.log)
        return _write(folder, exploration, {"budget": budget, "threads": explorer.n_threads})


@dataclass(frozen=True)
class Evaluation:
    """What a model reaches on some rows.

    Attributes
    ----------
    score : Score
    log_loss : float
        Mean of -log(probability of the label), in nats.
    """

    score: Score
    log_loss: float

    def to_dict(self) -> dict[str, Any]:
        """Return accuracy, interval, rows and log loss."""
        return {**self.score.to_dict(), "log_loss": self.log_loss}


def evaluate(model: FeedforwardClassifier, data: Dataset) -> Evaluation:
    """Score a model on labelled rows.

    Parameters
    ----------
    model : FeedforwardClassifier
        Fitted or loaded.
    data : Dataset
        Features are taken by name where the model knows their names, and by their
        order where it knows none or only made-up ones (``x0``, ``pixel_0_0``, …);
        `load_labelled_rows` reads a file so. Labels are compared with the model's
        classes as text.

    Returns
    -------
    evaluation : Evaluation

    Raises
    ------
    DataError
        If the rows do not fit the model, or a label was not seen in training.
    """
    check_is_fitted(model)
    if not isinstance(data, Dataset):
        raise refuse("data", "a Dataset, as load_data returns it", data)
    data = take_features(data, **model_takes(model))
    names = np.array([str(name) for name in model.classes_])
    order = np.argsort(names)
    labels = order[known_labels(data.y.astype(str), names[order], data.source)]
    with _naming(data.source):
        Z = finite_logits(model.network_, model.theta_, data.rows, model.input_map_)
    score = Score.of(labels, Z.argmax(axis=1))
    return Evaluation(score, log_loss(labels, model.network_.output.log_probabilities(Z)))


def model_takes(model: FeedforwardClassifier) -> dict[str, Any]:
    """Return what a model takes, as `load_rows` and `load_labelled_rows` ask for it.

    Parameters
    ----------
    model : FeedforwardClassifier
        Fitted or loaded.

    Returns
    -------
    options : dict
        ``n_features``, ``feature_names`` and ``image_shape``; the last two None where
        the model does not know them.
    """
    return {
        "n_features": model.n_features_in_,
        "feature_names": tuple(getattr(model, "feature_names_in_", ())) or None,
        "image_shape": getattr(model, "image_shape_", None),
    }


def _loaded(data: Any, label: str | int | None, groups: str | int | None) -> Dataset:
    if not isinstance(data, Dataset):
        return load_data(data, label=label, groups=groups)
    for name, column in (("label", label), ("groups", groups)):
        if column is not None:
            raise ParameterError(
                f"The '{name}' parameter is for data that is yet to be loaded, and this is a "
                f"Dataset. Give it where that is made: load_data(..., {name}={column!r})."
            )
    return data


@contextmanager
def _noting_unfinished(folder: RunFolder) -> Iterator[None]:
    """Have whoever is told of an interrupt told of the folder too."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not folder.finished:
            interrupt.add_note(f"The run folder {folder.path} is marked unfinished.")
        raise


def _split(data: Dataset, split: str | Split | SplitRule | None, seed: int) -> Split:
    if isinstance(split, Split):
        return SplitRule("given", split.fractions, split).split(data)
    if split is None:
        by_group = data.groups is not None and data.source != "digits"
        return split_rows(data, "group" if by_group else "stratified", random_state=seed)
    rule = parse_split(split) if isinstance(split, str) else split
    return rule.split(data, random_state=seed)


def _write(folder: RunFolder, e: Exploration, settings: dict[str, Any]) -> Run:
    """Write the run's files; the results last, the mark of an unfinished run after them."""
    from layerlab.reporting import render_page
    from layerlab.reporting.drawings import draw_figures
    from layerlab.reporting.script import reproduction_script
    from layerlab.reporting.story import report_content

    figures = draw_figures(e)
    for figure in figures:
        folder.write_text(f"figures/{figure.name}.svg", figure.svg)
    save_model(
        e.model,
        folder.path / "model.layerlab",
        image_shape=e.data.image_shape,
        value_range=e.data.subset(e.split.development).value_range,  # test rows stay sealed
        feature_names=e.data.feature_names,
        name=e.data.name,
    )
    folder.write_text("report.html", render_page(report_content(e, health_line(e.data), figures)))
    folder.write_text("reproduce.py", reproduction_script(e, version("layerlab")))
    record = results(e, {**settings, "source": e.data.source, "folder": str(folder.path)})
    folder.write_text("results.json", canonical_json(record) + "\n")
    folder.log("end", accuracy=record["test"]["accuracy"])
    folder.finish()
    return Run(folder.path, e, record)


def predict_rows(model: FeedforwardClassifier, rows: Rows) -> tuple[Any, Any]:
    """Return the class and all probabilities of each row.

    Parameters
    ----------
    model : FeedforwardClassifier
    rows : Rows
        As `load_rows` returns them.

    Returns
    -------
    labels : ndarray of shape (m,)
    probabilities : ndarray of shape (m, K)
    """
    with _naming(rows.source):
        probabilities = model.predictor()(rows.rows)
    return model.classes_[probabilities.argmax(axis=1)], probabilities


@contextmanager
def _naming(source: str) -> Iterator[None]:
    """Say of which source a row is that cannot be used."""
    try:
        yield
    except DataError as error:
        raise DataError(f"{source}: {error}") from error


def _check_writable(out: str | os.PathLike[str] | None, source: str) -> None:
    """Refuse names that a run could not write into its files, before it begins."""
    if out is not None and not os.fspath(out):
        raise ParameterError("The 'out' parameter must name a folder. Got an empty name instead.")
    for name in (source, "" if out is None else os.fspath(out)):
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise ParameterError(
                f"{name.encode('utf-8', 'backslashreplace').decode()}: a name must be text in "
                "UTF-8. Rename the file or folder."
            ) from None
