"""What a report says, as plain data: neither figures' drawing nor HTML.

Every text is plain text; the page escapes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "Cell",
    "FigureContent",
    "FindingContent",
    "HealthContent",
    "ReportContent",
    "Table",
]

Cell: TypeAlias = str | int | float | None
"""One cell of a table; None is shown as a dash."""


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes
    ----------
    title : str
    columns : sequence of str
        The headings, with units.
    rows : sequence of sequence of str, int, float or None
        Each as long as ``columns``.
    caption : str
        What a reader needs to understand the numbers: n, the kind of interval.
    emphasis : int or None
        The row to make stand out: the model that is shipped.

    Raises
    ------
    ValueError
        If a row is not as long as ``columns``.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    caption: str = ""
    emphasis: int | None = None

    def __post_init__(self) -> None:
        for number, row in enumerate(self.rows):
            if len(row) != len(self.columns):
                raise ValueError(
                    f"Row {number} of the table {self.title!r} has {len(row)} cells, "
                    f"but there are {len(self.columns)} columns."
                )


@dataclass(frozen=True)
class FigureContent:
    """A figure that has been drawn.

    Attributes
    ----------
    name : str
        Its file name without the suffix, unique in a report: ``"knn-curve"``.
    caption : str
        What is to be seen, in a sentence or two.
    svg : str
        As `layerlab.reporting.svg` returns it.
    title : str
        Its heading on the page; by default made from the name.
    alt : str
        What it shows, for those who cannot see it; by default the caption.
    """

    name: str
    caption: str
    svg: str
    title: str = ""
    alt: str = ""


@dataclass(frozen=True)
class FindingContent:
    """Something found in the data.

    Attributes
    ----------
    level : str
        ``"error"``, ``"warning"`` or ``"note"``.
    title : str
    places : str
        The first rows or columns concerned.
    advice : str
        What to do.
    detail : str
    figure : FigureContent or None
        The rows concerned, where they are images.
    """

    level: str
    title: str
    places: str = ""
    advice: str = ""
    detail: str = ""
    figure: FigureContent | None = None


@dataclass(frozen=True)
class HealthContent:
    """What a look at the data gave.

    Attributes
    ----------
    summary : str
        How many findings there are, and on which rows, in a sentence or two.
    findings : sequence of FindingContent
        The gravest first.
    facts : sequence of (str, str)
        Rows, classes and the like.
    """

    summary: str
    findings: Sequence[FindingContent] = ()
    facts: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class ReportContent:
    """All that a report says, in the order of the page.

    Attributes
    ----------
    title : str
    answer : str
        The answer to the user's question, in a sentence or two.
    notes : sequence of str
        What has to be known to trust it, a sentence or two each.
    tables : sequence of Table
    figures : sequence of FigureContent
    provenance : sequence of (str, str)
        How the report came about: version, seed, data fingerprint.
    highlights : sequence of (str, str)
        Up to four figures to be seen first, each with what it counts:
        ``("97.8 %", "test accuracy, 352 of 360 rows")``.
    health : HealthContent or None
    """

    title: str
    answer: str
    notes: Sequence[str] = ()
    tables: Sequence[Table] = ()
    figures: Sequence[FigureContent] = ()
    provenance: Sequence[tuple[str, str]] = ()
    highlights: Sequence[tuple[str, str]] = ()
    health: HealthContent | None = None
