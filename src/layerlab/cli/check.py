"""``layerlab check``."""

from __future__ import annotations

from typing import Any

import typer
from rich import box
from rich.console import Console
from rich.table import Table as RichTable
from rich.text import Text

from layerlab import check
from layerlab._files import canonical_json
from layerlab.cli.interrupts import raise_interrupts
from layerlab.cli.progress import shown_progress
from layerlab.cli.shapes import parse_shape, parse_size
from layerlab.data.checks import HealthReport
from layerlab.reporting.content import Table
from layerlab.reporting.health import health_facts, health_summary, health_table

__all__ = ["run_check"]

STYLES = {"error": "bold red", "warning": "yellow", "note": "dim"}
WHOLE = 240  # columns of a table that no terminal cuts


def run_check(
    source: str, *, shape: str | None, resize: str | None, as_json: bool, **options: Any
) -> None:
    """Look at the data, say what was found, and leave with 2 where `explore` would refuse it."""
    raise_interrupts()
    sizes: dict[str, Any] = {"image_shape": parse_shape(shape), "resize": parse_size(resize)}
    with shown_progress(quiet=as_json) as progress:
        report = check(source, **sizes, **options, progress=progress)
    if as_json:
        typer.echo(canonical_json(report.to_dict()))
    else:
        _say(report)
    if report.of_level("error"):
        raise typer.Exit(2)


def _say(report: HealthReport) -> None:
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal:
        console = Console(highlight=False, markup=False, emoji=False, width=WHOLE)
    for name, value in [("Data", report.source), *health_facts(report)]:
        console.print(f"{name}: {value}", soft_wrap=True)
    if report.findings:
        console.print()
        console.print(_rich(health_table(report)))
    console.print(health_summary(report), soft_wrap=not console.is_terminal)


def _rich(table: Table) -> RichTable:
    shown = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, collapse_padding=True)
    for column, ratio in zip(table.columns, (None, 5, 4, 6), strict=True):
        shown.add_column(column, no_wrap=ratio is None, ratio=ratio, overflow="fold")
    for row in table.rows:
        level, *rest = map(str, row)
        shown.add_row(Text(level, STYLES[level]), *rest)
    return shown
