"""What ``import layerlab`` offers."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from layerlab._callbacks import ProgressSink
from layerlab._files import canonical_json
from layerlab._typing import ImageShape, IndexArray
from layerlab._validation import check_integer, check_real, refuse
from layerlab.data import (
    Dataset,
    Parts,
    Rows,
    Split,
    SplitRule,
    health_line,
    join,
    load_data,
    load_labelled_rows,
    load_parts,
    load_rows,
    make_folds,
    parse_split,
    read_split,
    require_classes,
    split_rows,
    take_features,
)
from layerlab.data.checks import Finding, HealthReport
from layerlab.data.image_options import ImageOptions
from layerlab.engine.forward import finite_logits
from layerlab.errors import DataError, DataWarning, ParameterError
from layerlab.exploration import (
    Budget,
    Exploration,
    Explorer,
    examine,
    examine_new_rows,
    knn_curve,
    results,
)
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
    "Finding",
    "GradientCheck",
    "HealthReport",
    "Network",
    "NonlinearCG",
    "Parts",
    "Run",
    "ScaledCG",
    "ScipyMinimizer",
    "Score",
    "Split",
    "Stopping",
    "check",
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
    "join",
    "knn_curve",
    "load_data",
    "load_labelled_rows",
    "load_model",
    "load_parts",
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
    health : HealthReport
        What was found in the data beforehand.
    """

    path: Path
    exploration: Exploration
    results: dict[str, Any]
    health: HealthReport

    @property
    def model(self) -> FeedforwardClassifier:
        """The network that ships."""
        return self.exploration.model


def explore(
    data: Any,
    y: Any = None,
    *,
    test: Any = None,
    out: str | os.PathLike[str] | None = None,
    overwrite: bool = False,
    seed: int = 0,
    n_threads: int | None = None,
    budget: float | Budget | None = None,
    split: str | Split | SplitRule | None = None,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> Run:
    """Explore how well feedforward networks do on some data, and write a run folder.

    Parameters
    ----------
    data : Dataset, Parts, or what `load_parts` takes
    y, test, label, groups, image_shape, resize, fit, grey, background
        As for `load_parts`. A test part is sealed as it is, and the split cuts the other
        rows. What is loaded already takes no options of loading.
    out : path, optional
        Exactly this folder; by default a new one under ``runs``.
    overwrite : bool, default=False
        Replace an earlier run in ``out``.
    seed : int, default=0
        The same seed gives the same results, bit for bit.
    n_threads : int or None
        Fits side by side; None: one a processor.
    budget : float, optional
        Seconds, loading included; asked between fits only. Results then depend on the clock.
    split : str, Split or None
        ``"stratified"``, ``"contiguous"`` or ``"group"``, with fractions if
        wanted (``"contiguous:70/15/15"``), or the file of an earlier run, or a
        `Split`. By default by group where the data names groups, else
        stratified; for ``"digits"`` stratified.
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
    within = _budget(budget)
    options = _given(
        y=y,
        label=label,
        groups=groups,
        image_shape=image_shape,
        resize=resize,
        fit=fit,
        grey=grey,
        background=background,
    )
    known, sealed = _joined(_loaded(data, test, options, progress))
    _check_writable(out, known.source)
    require_classes(known)
    explorer = Explorer(known, _split(known, split, seed, sealed), seed=seed, n_threads=n_threads)
    folder = RunFolder.create(out, name=known.name, overwrite=overwrite)
    with _noting_unfinished(folder):
        folder.log("begin", data=known.name, seed=seed, fingerprint=known.fingerprint)
        began = perf_counter()
        health = _examined(known, explorer.split, seed)
        folder.log("health", findings=len(health.findings), seconds=perf_counter() - began)
        _warn(health)
        exploration = explorer.explore(budget=within, progress=progress, log=folder.log)
        settings = {"budget": within.seconds, "threads": explorer.n_threads}
        return _write(folder, exploration, health, settings)


def check(
    data: Any,
    y: Any = None,
    *,
    test: Any = None,
    seed: int = 0,
    split: str | Split | SplitRule | None = None,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> HealthReport:
    """Look at data as `explore` does before it begins, and say what may be wrong with it.

    Parameters
    ----------
    data, y, test, label, groups, image_shape, resize, fit, grey, background, progress
        As for `explore`.
    seed : int, default=0
        As for `explore`: with the same seed and split, the same rows are sealed.
    split : str, Split or None
        As for `explore`. Labels of the rows that it makes test rows are not looked at.

    Returns
    -------
    health : HealthReport
        An error among its findings means that `explore` would refuse the data.

    Raises
    ------
    InputError
        If the data cannot be read, or an argument is not allowed.

    Examples
    --------
    >>> import layerlab
    >>> for finding in layerlab.check("digits").findings:
    ...     print(finding.level, finding.title)
    note 3 pixels with one value in every row
    note neighbouring rows are alike: 23 % nearer than others of their class
    note 3 rows (0.21 %) whose nearest rows have another label
    """
    check_integer("seed", seed, 0, 2**32 - 1)
    options = _given(
        y=y,
        label=label,
        groups=groups,
        image_shape=image_shape,
        resize=resize,
        fit=fit,
        grey=grey,
        background=background,
    )
    known, sealed = _joined(_loaded(data, test, options, progress))
    try:
        cut = _split(known, split, seed, sealed)
        Explorer(known, cut, seed=seed)
    except DataError as error:
        return _unsplit(known, sealed, seed, error)
    return _examined(known, cut, seed)


def _examined(data: Dataset, split: Split, seed: int) -> HealthReport:
    """Look at data as its split allows it."""
    return examine(
        data,
        split.development,
        split.test,
        split_kind=split.kind,
        test_start=int(split.test[0]) if split.test_given else None,
        seed=seed,
    )


def _unsplit(data: Dataset, test: IndexArray | None, seed: int, error: DataError) -> HealthReport:
    """Look at data that cannot be split, and say so, unless the reason is found anyway."""
    start = None if test is None else int(test[0])
    development = np.arange(data.n_rows)[:start]
    reason = str(error).removeprefix(f"{data.source}: ")
    found = Finding("error", "cannot-split", f"no split is possible: {reason}", data.n_rows)
    further = (found,) if len(np.unique(data.labels[development])) > 1 else ()
    return examine(data, development, test, test_start=start, seed=seed, further=further)


def _warn(health: HealthReport) -> None:
    """Warn of each finding that may make results wrong."""
    for finding in health.of_level("warning"):
        warnings.warn(health.line(finding), DataWarning, stacklevel=3)


def _warn_of(source: str, findings: Iterable[Finding]) -> None:
    for finding in findings:
        warnings.warn(f"{source}: {finding.title}. {finding.advice}", DataWarning, stacklevel=3)


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
    data = take_features(data, **_features(model))
    _warn_of(data.source, examine_new_rows(model, data.rows))
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
        ``n_features``, ``feature_names`` and ``image_shape``, the last two None where the
        model does not know them; and how image files were brought to rows.
    """
    return {**_features(model), **(getattr(model, "image_options_", None) or {})}


def _features(model: FeedforwardClassifier) -> dict[str, Any]:
    return {
        "n_features": model.n_features_in_,
        "feature_names": tuple(getattr(model, "feature_names_in_", ())) or None,
        "image_shape": getattr(model, "image_shape_", None),
    }


def _budget(budget: float | Budget | None) -> Budget:
    """Return a budget that runs from now, or what its owner began."""
    if isinstance(budget, Budget):
        return budget
    if budget is not None:
        check_real("budget", budget, 0, open_low=True)
    return Budget(budget)


def _given(**options: Any) -> dict[str, Any]:
    """Return the options of loading that are not as usual."""
    usual = {"fit": "pad", "grey": False, "background": "white"}
    return {
        name: value
        for name, value in options.items()
        if value is not None and not (name in usual and value == usual[name])
    }


def _loaded(data: Any, test: Any, options: dict[str, Any], progress: ProgressSink | None) -> Parts:
    if not isinstance(data, Dataset | Parts):
        return load_parts(data, test=test, progress=progress, **options)
    for name, value in options.items():
        raise ParameterError(
            f"The '{name}' parameter is for data that is yet to be loaded, and this is "
            f"{'a Dataset' if isinstance(data, Dataset) else 'Parts'}. Give it where that is made: "
            f"load_data(..., {name}={value!r})."
        )
    if isinstance(data, Dataset):
        return load_parts(data, test=test)
    if test is not None:
        raise ParameterError("These Parts have a test part of their own. Leave 'test' out.")
    return data


def _joined(parts: Parts) -> tuple[Dataset, IndexArray | None]:
    """Return all rows, and which are the test part, if there is one; `reproduce.py` needs both."""
    if parts.test is None:
        return parts.development, None
    data, sealed = join(parts)
    beside = parts.test.source == f"{parts.development.source} (test part)"
    option = () if beside else (("test", parts.test.source),)
    return replace(data, options=(*data.options, *option)), sealed


@contextmanager
def _noting_unfinished(folder: RunFolder) -> Iterator[None]:
    """Have whoever is told of an interrupt told of the folder too."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not folder.finished:
            interrupt.add_note(f"The run folder {folder.path} is marked unfinished.")
        raise


def _split(
    data: Dataset,
    split: str | Split | SplitRule | None,
    seed: int,
    test: IndexArray | None = None,
) -> Split:
    if isinstance(split, Split):
        rule = SplitRule("given", split.fractions, split)
    elif split is None:
        by_group = data.groups is not None and data.source != "digits"
        rule = SplitRule("group" if by_group else "stratified")
    else:
        rule = parse_split(split) if isinstance(split, str) else split
    return rule.split(data, random_state=seed, test=test)


def _write(
    folder: RunFolder, e: Exploration, health: HealthReport, settings: dict[str, Any]
) -> Run:
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
        value_range=_development(e).value_range,  # test rows stay sealed
        feature_names=e.data.feature_names,
        name=e.data.name,
        image_options=_image_options(e.data),
    )
    content = report_content(e, health, health_line(e.data), figures)
    folder.write_text("report.html", render_page(content))
    folder.write_text("reproduce.py", reproduction_script(e, version("layerlab")))
    run = {**settings, "source": e.data.source, "folder": str(folder.path)}
    record = {**results(e, run), "health": health.to_dict()}
    folder.write_text("results.json", canonical_json(record) + "\n")
    folder.log("end", accuracy=record["test"]["accuracy"])
    folder.finish()
    return Run(folder.path, e, record, health)


def _development(e: Exploration) -> Dataset:
    """Return the development rows, uncopied where they lie in one piece."""
    rows = e.split.development
    whole = slice(len(rows)) if rows[-1] == len(rows) - 1 else rows
    return e.data.subset(whole)


def _image_options(data: Dataset) -> dict[str, Any] | None:
    """Return how image files were brought to rows, where that was not the usual."""
    options = {name: value for name, value in data.options if name in vars(ImageOptions())}
    return ImageOptions(**options).to_dict() if options else None


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
    _warn_of(rows.source, examine_new_rows(model, rows.rows))
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
