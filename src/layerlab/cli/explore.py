"""``layerlab explore``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table as RichTable

from layerlab._files import canonical_json
from layerlab.api import Run, explore, health_line, load_data
from layerlab.cli.interrupts import raise_interrupts
from layerlab.cli.progress import shown_progress
from layerlab.errors import ParameterError
from layerlab.reporting.content import Table
from layerlab.reporting.sentences import answer, notes
from layerlab.reporting.tables import DIFFERENCE, models_table

__all__ = ["parse_seconds", "run_explore"]

UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def run_explore(
    source: str,
    *,
    out: Path | None,
    overwrite: bool,
    seed: int,
    threads: int | None,
    budget: str | None,
    split: str | None,
    label: str | None,
    groups: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Load, explore, write, and say what was found."""
    raise_interrupts()
    seconds = None if budget is None else parse_seconds(budget)
    data = load_data(source, label=label, groups=groups)
    if not quiet:
        typer.echo(health_line(data), err=True)
    with shown_progress(quiet) as progress:
        run = explore(
            data,
            out=out,
            overwrite=overwrite,
            seed=seed,
            n_threads=threads,
            budget=seconds,
            split=split,
            progress=progress,
        )
    if as_json:
        typer.echo(canonical_json(run.results))
    else:
        _say(run)


def parse_seconds(text: str) -> float:
    """Return ``"90"``, ``"90s"``, ``"1.5m"`` or ``"1h"`` in seconds.

    Raises
    ------
    ParameterError
        If it is no such time, or not positive.
    """
    found = re.fullmatch(r"(\d+(?:\.\d*)?)\s*([a-z]*)", text.strip().lower())
    if found is None or found[2] not in UNITS or float(found[1]) == 0:
        raise ParameterError(
            f"--budget must be a time such as 60s, 5m or 1h. Got {text!r} instead."
        )
    return float(found[1]) * UNITS[found[2]]


def _say(run: Run) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    # A terminal breaks lines between words; a file or pipe gets each sentence whole.
    whole = not console.is_terminal
    e = run.exploration
    console.print(answer(e), soft_wrap=whole)
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
