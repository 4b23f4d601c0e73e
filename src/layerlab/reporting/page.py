"""The report as one HTML file that asks nothing of the network."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from layerlab.reporting.content import Cell, FigureContent, ReportContent, Table
from layerlab.reporting.svg import svg_inline, svg_width
from layerlab.reporting.text import printable, title_of_name

__all__ = ["render_page"]

NUMBER = re.compile(r"^[<>≤≥~≈±+−-]?\d")
WIDE = 420.0  # CSS pixels: a figure wider than this has both columns of the page
ENLARGED = 1.2  # at most: small on a telephone, a figure fills its column on a desktop


def render_page(content: ReportContent) -> str:
    """Return a report as one HTML page.

    Parameters
    ----------
    content : ReportContent

    Returns
    -------
    html : str
        Complete: styles and figures are inside, there is no script, and the page's own
        policy forbids every request. Light or dark as the reader's system is, for any width
        of the screen, and for print. Equal content gives an equal page.
    """
    return _environment().get_template("report.html.j2").render(content=content)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("layerlab.reporting", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        finalize=_finalized,
    )
    environment.filters.update(cell=_cell, inlined=_inlined, heading=_heading, widest=_widest)
    environment.tests.update(numeric=_is_numeric, wide=_is_wide)
    return environment


def _finalized(value: Any) -> Any:
    """Make every text of the content printable; markup of our own passes as it is."""
    return value if isinstance(value, Markup) else printable(value)


def _cell(value: Cell) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else printable(value)


def _is_numeric(table: Table, column: int) -> bool:
    """Whether the cells of a column are numbers, to be set flush right."""
    cells = [_cell(row[column]) for row in table.rows if row[column] is not None]
    return column > 0 and bool(cells) and all(NUMBER.match(cell) for cell in cells)


def _is_wide(figure: FigureContent) -> bool:
    return svg_width(figure.svg) > WIDE


def _widest(figure: FigureContent) -> int:
    """Return the greatest width at which a figure is shown, in CSS pixels."""
    return round(ENLARGED * svg_width(figure.svg))


def _inlined(figure: FigureContent, number: int | str) -> Markup:
    label = figure.alt or figure.caption
    return Markup(svg_inline(figure.svg, prefix=f"f{number}-", label=label))


def _heading(figure: FigureContent) -> str:
    return figure.title or title_of_name(figure.name)
