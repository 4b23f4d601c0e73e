"""`explore`: a whole run, and the folder it is written to."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

from layerlab._callbacks import ProgressSink
from layerlab._typing import ImageShape
from layerlab._validation import check_integer, check_real
from layerlab.api.checking import examined, warn_of_findings
from layerlab.api.loading import loaded, split_of
from layerlab.api.writing import check_writable, write_model, write_report
from layerlab.data import Dataset, Split, SplitRule, health_line, require_classes
from layerlab.data.checks import HealthReport
from layerlab.exploration import Budget, Exploration, Explorer, results
from layerlab.models import FeedforwardClassifier
from layerlab.storage import RunFolder

__all__ = ["Run", "explore"]


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
    preset: str | None = "auto",
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
    preset : str or None, default="auto"
        The recipe whose network is tried beside the search, and taken where it does about
        as well on validation rows; named, it is given all its epochs. ``"auto"``: the one that
        suits size and shape of the data, in as many epochs as keep the run short; ``"none"`` or
        None: none.
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
    within = budget_from_now(budget)
    known, sealed = loaded(
        data,
        test,
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
    rows = split_of(known, split, seed, sealed)
    explorer = Explorer(known, rows, seed=seed, n_threads=n_threads, preset=preset)
    folder = RunFolder.create(out, name=known.name, overwrite=overwrite)
    with _noting_unfinished(folder):
        folder.log("begin", data=known.name, seed=seed, fingerprint=known.fingerprint)
        began = perf_counter()
        health = examined(known, explorer.split, seed)
        folder.log("health", findings=len(health.findings), seconds=perf_counter() - began)
        warn_of_findings(health)
        exploration = explorer.explore(budget=within, progress=progress, log=folder.log)
        settings = {"budget": within.seconds, "threads": explorer.n_threads}
        return _write(folder, exploration, health, settings)


def budget_from_now(budget: float | Budget | None) -> Budget:
    """Return a budget that runs from now, or what its owner began."""
    if isinstance(budget, Budget):
        return budget
    if budget is not None:
        check_real("budget", budget, 0, open_low=True)
    return Budget(budget)


@contextmanager
def _noting_unfinished(folder: RunFolder) -> Iterator[None]:
    """Have whoever is told of an interrupt told of the folder too."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        if not folder.finished:
            interrupt.add_note(f"The run folder {folder.path} is marked unfinished.")
        raise


def _write(
    folder: RunFolder, e: Exploration, health: HealthReport, settings: dict[str, Any]
) -> Run:
    """Write the run's files; the results last, the mark of an unfinished run after them."""
    from layerlab.reporting.drawings import draw_figures
    from layerlab.reporting.script import reproduction_script
    from layerlab.reporting.story import report_content

    known_range = e.data.stated_range or _development(e).value_range  # test rows stay sealed
    write_model(folder, e.model, e.data, known_range)
    figures = draw_figures(e)
    content = report_content(e, health, health_line(e.data), figures)
    script = reproduction_script(e, version("layerlab"))
    run = {**settings, "source": e.data.source, "folder": str(folder.path)}
    record = {**results(e, run), "health": health.to_dict()}
    write_report(folder, figures, content, script, record, accuracy=record["test"]["accuracy"])
    return Run(folder.path, e, record, health)


def _development(e: Exploration) -> Dataset:
    """Return the development rows, uncopied where they lie in one piece."""
    rows = e.split.development
    whole = slice(len(rows)) if rows[-1] == len(rows) - 1 else rows
    return e.data.subset(whole)
