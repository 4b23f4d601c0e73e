"""What every run leaves in its folder: the model, and a report with all that goes with it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from layerlab._files import canonical_json
from layerlab.data import Dataset
from layerlab.data.image_options import ImageOptions
from layerlab.errors import ParameterError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.storage import RunFolder, save_model

if TYPE_CHECKING:
    from layerlab.reporting.content import FigureContent, ReportContent

__all__ = ["check_writable", "write_model", "write_report"]


def check_writable(out: str | os.PathLike[str] | None, source: str) -> None:
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


def write_model(
    folder: RunFolder,
    model: FeedforwardClassifier | FeedforwardEnsemble,
    data: Dataset,
    value_range: tuple[float, float],
) -> Path:
    """Save a model with what is known of its data, and return the file."""
    place = folder.path / "model.layerlab"
    save_model(
        model,
        place,
        image_shape=data.image_shape,
        value_range=value_range,
        feature_names=data.feature_names,
        name=data.name,
        image_options=_image_options(data),
    )
    return place


def write_report(
    folder: RunFolder,
    figures: Iterable[FigureContent],
    content: ReportContent,
    script: str,
    record: dict[str, Any],
    **end: Any,
) -> None:
    """Write report, figures, script and results; then log the end, and take the mark away.

    Parameters
    ----------
    folder : RunFolder
    figures : iterable of FigureContent
    content : ReportContent
    script : str
        That does the run again.
    record : dict
        What ``results.json`` holds.
    **end
        What the log says of the end.
    """
    from layerlab.reporting import render_page

    for figure in figures:
        folder.write_text(f"figures/{figure.name}.svg", figure.svg)
    folder.write_text("report.html", render_page(content))
    folder.write_text("reproduce.py", script)
    folder.write_text("results.json", canonical_json(record) + "\n")
    folder.log("end", **end)
    folder.finish()


def _image_options(data: Dataset) -> dict[str, Any] | None:
    """Return how image files were brought to rows, where that was not the usual."""
    options = {name: value for name, value in data.options if name in vars(ImageOptions())}
    return ImageOptions(**options).to_dict() if options else None
