"""``layerlab explore``."""

from __future__ import annotations

import re
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from layerlab import Dataset, Parts, Run, explore, health_line, load_parts
from layerlab._files import canonical_json
from layerlab.cli.faults import was_warned_of
from layerlab.cli.interrupts import raise_interrupts
from layerlab.cli.progress import shown_progress
from layerlab.cli.shapes import parse_shape, parse_size
from layerlab.errors import ParameterError
from layerlab.exploration import Budget
from layerlab.reporting.content import Table
from layerlab.reporting.sentences import answer, notes
from layerlab.reporting.tables import DIFFERENCE, models_table

__all__ = ["parse_seconds", "run_explore", "say_loaded"]

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def run_explore(
    source: str,
    *,
    test: str | None,
    budget: str | None,
    threads: int | None,
    shape: str | None,
    resize: str | None,
    label: str | None,
    groups: str | None,
    fit: str,
    grey: bool,
    background: str,
    quiet: bool,
    as_json: bool,
    **options: Any,
) -> None:
    """Load, explore, write, and say what was found."""
    raise_interrupts()
    within = Budget(None if budget is None else parse_seconds(budget))
    with shown_progress(quiet) as progress:
        parts = load_parts(
            source,
            test=test,
            label=label,
            groups=groups,
            image_shape=parse_shape(shape),
            resize=parse_size(resize),
            fit=fit,
            grey=grey,
            background=background,
            progress=progress,
        )
    if not quiet:
        say_loaded(parts.development)
        _say_sealed(parts)
    with shown_progress(quiet) as progress:
        run = explore(parts, budget=within, n_threads=threads, progress=progress, **options)
    if as_json:
        typer.echo(canonical_json(run.results))
    else:
        _say(run)


def say_loaded(data: Dataset) -> None:
    """Say on stderr what was read, and how."""
    typer.echo(health_line(data), err=True)
    for note in data.notes:
        if not was_warned_of(note):
            typer.echo(note, err=True)


def _say_sealed(parts: Parts) -> None:
    if parts.test is not None:
        typer.echo(f"Test part, sealed: {parts.test.n_rows} rows of {parts.test.source}", err=True)


def parse_seconds(text: str, option: str = "--budget") -> float:
    """Return ``"90"``, ``"90s"``, ``"1.5m"`` or ``"1h"`` in seconds.

    Parameters
    ----------
    text : str
    option : str
        What the text was given as.

    Raises
    ------
    ParameterError
        If it is no such time, or not positive.
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in UNITS or float(found[1]) == 0:
        raise ParameterError(
            f"{option} must be a time such as 60s, 5m or 1h. Got {text!r} instead."
        )
    return float(found[1]) * UNITS[found[2]]


def _say(run: Run) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    # A terminal breaks lines between words; a file or pipe gets each sentence whole.
    whole = not console.is_terminal
    e = run.exploration
    console.print(answer(e, run.health), soft_wrap=whole)
    console.print()
    console.print(_rich(models_table(e)))
    for note in notes(e):
        console.print(f"• {note}", soft_wrap=whole)
    console.print()
    for name in ("report.html", "model.layerlab", "results.json"):
        console.print(str(run.path / name), soft_wrap=True)


def _rich(table: Table) -> Any:
    """Return a table for a terminal, without its long column, which is left to the report."""
    kept = [i for i, column in enumerate(table.columns) if column != DIFFERENCE]
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for i in kept:
        shown.add_column(table.columns[i], justify="right" if i else "left", no_wrap=True)
    for number, row in enumerate(table.rows):
        style = "bold" if number == table.emphasis else None
        shown.add_row(*(str(row[i]) for i in kept), style=style)
    return shown
