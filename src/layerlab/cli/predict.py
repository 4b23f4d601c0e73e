"""``layerlab predict``."""

from __future__ import annotations

import csv
import sys
from pathlib import Path
from typing import Any

import typer

from layerlab import FeedforwardClassifier, FeedforwardEnsemble, load_model, load_rows
from layerlab._callbacks import ProgressSink
from layerlab.api.scoring import model_takes, predict_rows
from layerlab.cli.progress import shown_progress
from layerlab.data import Rows

__all__ = ["run_predict"]


def run_predict(path: Path, files: list[str], *, proba: bool, label: str | None) -> None:
    """Read every file before the first line is printed, so that bad input prints none."""
    model = load_model(path)
    with shown_progress(quiet=False) as progress:
        every = [_read(model, file, label, progress) for file in files]
    out = csv.writer(sys.stdout, lineterminator="\n")
    where = ["row"] if len(files) == 1 else ["file", "row"]
    classes = [str(name) for name in model.classes_]
    out.writerow([*where, "label", *(classes if proba else ["probability"])])
    for rows in every:
        labels, probabilities = predict_rows(model, rows)
        for i, (name, p) in enumerate(zip(labels, probabilities, strict=True)):
            place = [i] if len(files) == 1 else [rows.source, i]
            out.writerow([*place, name, *_numbers(p if proba else [p.max()])])
    sys.stdout.flush()


def _read(
    model: FeedforwardClassifier | FeedforwardEnsemble,
    file: str,
    label: str | None,
    progress: ProgressSink,
) -> Rows:
    rows = load_rows(file, **model_takes(model), label=label, progress=progress)
    if rows.ignored:
        typer.echo(f"{file}: left out {', '.join(map(repr, rows.ignored))}", err=True)
    return rows


def _numbers(probabilities: Any) -> list[str]:
    return [f"{float(p):.6g}" for p in probabilities]
