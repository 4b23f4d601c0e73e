"""What a look at the data gave, as a table and as a section of the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from layerlab.data import Dataset
from layerlab.data.checks import LEVELS, Finding, HealthReport
from layerlab.reporting.content import FigureContent, FindingContent, HealthContent, Table

__all__ = ["health_content", "health_facts", "health_summary", "health_table"]

COLUMNS = ("Level", "Finding", "First", "What to do")
PICTURES, ACROSS = 12, 6  # pairs stay side by side
CLASSES = 20  # told one by one; of more, the fewest and the most


def health_table(report: HealthReport) -> Table:
    """Return the findings, a row each, the gravest first."""
    rows = [
        (finding.level, finding.title, report.places(finding), finding.advice)
        for finding in report.findings
    ]
    return Table("The data", COLUMNS, rows, health_summary(report))


def health_summary(report: HealthReport) -> str:
    """Return how many findings there are, and what was looked at, in sentences."""
    counts = Counter(finding.level for finding in report.findings)
    found = [f"{counts[level]} {level}{'s' * (counts[level] > 1)}" for level in LEVELS]
    words = ", ".join(words for words in found if words[0] != "0")
    return " ".join([f"{words or 'Nothing odd'} found.", *_looked_at(report.facts)])


def _looked_at(facts: Mapping[str, Any]) -> Iterator[str]:
    """Say which rows were compared with which, and that labels of test rows are sealed."""
    for search, noun in zip(facts["looked_at"], ("", "test "), strict=False):
        if search["looked_at"] < search["rows"] or search["searched"] < facts["rows"]:
            yield (
                f"Of {search['rows']:,} {noun}rows {search['looked_at']:,}, drawn at random, were "
                f"compared with {search['searched']:,}, to find near-duplicates and wrong labels."
            )
    if facts["test_rows"]:
        yield "Of test rows only features were looked at."
    yield "Rows are counted from 0."


def health_facts(report: HealthReport) -> list[tuple[str, str]]:
    """Return rows, classes and what the reader noted, by name."""
    facts = report.facts
    rows = f"{facts['rows']:,}"
    if facts["test_rows"]:
        rows += f" development, {facts['test_rows']:,} test"
    low, high = facts["value_range"]
    shape = facts["image_shape"]
    told = [
        ("Rows", rows),
        ("Features", f"{facts['features']:,}" + _images(shape)),
        ("Values", f"{low:g} to {high:g}"),
        (f"Classes in {facts['label']!r}", _classes(facts["classes"])),
    ]
    if facts["groups"] is not None:
        told.append(("Groups", f"{facts['groups']:,}"))
    return told + [("Note", note) for note in facts["notes"]]


def _images(shape: list[int] | None) -> str:
    return "" if shape is None else f" (images of {'×'.join(map(str, shape))})"


def _classes(counts: list[list[Any]]) -> str:
    if len(counts) <= CLASSES:
        return f"{len(counts)} ({', '.join(f'{name!r}: {n:,}' for name, n in counts)})"
    fewest, most = (f(counts, key=lambda pair: pair[1]) for f in (min, max))
    return f"{len(counts):,} (from {fewest[0]!r}: {fewest[1]:,} to {most[0]!r}: {most[1]:,})"


def health_content(report: HealthReport, data: Dataset) -> HealthContent:
    """Return the section of the report, with pictures of the rows concerned.

    Parameters
    ----------
    report : HealthReport
    data : Dataset
        That was looked at.

    Returns
    -------
    content : HealthContent
    """
    findings = [
        FindingContent(
            finding.level,
            finding.title,
            report.places(finding),
            finding.advice,
            finding.detail,
            _pictures(report, finding, data),
        )
        for finding in report.findings
    ]
    return HealthContent(health_summary(report), findings, health_facts(report))


def _pictures(report: HealthReport, finding: Finding, data: Dataset) -> FigureContent | None:
    """Draw the rows concerned, each with the row it is like behind it."""
    if data.image_shape is None or not finding.rows:
        return None
    from layerlab.reporting.pictures import picture_grid
    from layerlab.reporting.svg import svg

    shown = list(_shown(finding))[:PICTURES]
    figure = picture_grid(
        data.rows[np.array([row for row, _ in shown])],
        data.image_shape,
        [_caption(report, data, row, sealed) for row, sealed in shown],
        columns=ACROSS,
        value_range=data.value_range,
    )
    alt = f"Pictures: {finding.title}"
    return FigureContent(f"health-{finding.kind}", "", svg(figure, alt), alt=alt)


def _shown(finding: Finding) -> Iterator[tuple[int, bool]]:
    """Yield the rows to draw, each with whether its label is sealed."""
    for i, row in enumerate(finding.rows):
        yield row, finding.part == "test"
        if finding.others:
            yield finding.others[i], False


def _caption(report: HealthReport, data: Dataset, row: int, sealed: bool) -> str:
    """Return a row's number and its label."""
    name = report.row_name(row)
    return name if sealed else f"{name}: {data.classes[data.labels[row]]}"
