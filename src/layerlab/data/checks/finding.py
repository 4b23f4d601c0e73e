"""What a check of the data found: plain facts that a table, JSON or a page can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["LEVELS", "SHOWN", "TOLD", "Finding", "HealthReport", "Level", "first", "plural"]

Level = Literal["error", "warning", "note"]

LEVELS: tuple[Level, ...] = ("error", "warning", "note")
SHOWN = 10  # rows or features that a finding names
TOLD = 5  # and a line of text


@dataclass(frozen=True)
class Finding:
    """One thing about the data that is worth knowing.

    Attributes
    ----------
    level : {"error", "warning", "note"}
        An error leaves nothing to learn from; a warning may make results wrong; a note
        is worth a look.
    kind : str
        What was looked for, the same in every version: ``"duplicate-rows"``.
    title : str
        What was found, in a few words.
    count : int
        Rows, columns or classes concerned.
    rows : tuple of int
        The first few rows concerned, or the clearest, as row numbers of the data set.
    others : tuple of int
        For each of ``rows`` the row it is like, where there is one.
    features : tuple of str
        The first few columns concerned.
    advice : str
        What to do.
    detail : str
        What else is known, such as how much was looked at.
    part : {"development", "test"}
        What ``rows`` are; ``others`` are always development rows.
    """

    level: Level
    kind: str
    title: str
    count: int
    rows: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    features: tuple[str, ...] = ()
    advice: str = ""
    detail: str = ""
    part: Literal["development", "test"] = "development"

    def to_dict(self) -> dict[str, Any]:
        """Return all of it, as JSON can hold it."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class HealthReport:
    """The facts about some data, and what was found in it.

    Attributes
    ----------
    source : str
        Where the data came from; messages begin with it.
    facts : mapping of str to what JSON can hold
        Rows, test rows, features, classes with their counts, value range, image shape,
        groups, and the notes of the reader.
    findings : tuple of Finding
        Errors first, then warnings, then notes.
    test_start : int or None
        The first row of a test part that is a source of its own: its rows are counted
        from there.
    """

    source: str
    facts: Mapping[str, Any]
    findings: tuple[Finding, ...]
    test_start: int | None = None

    @classmethod
    def of(
        cls,
        source: str,
        facts: Mapping[str, Any],
        findings: Iterable[Finding],
        test_start: int | None = None,
    ) -> HealthReport:
        """Return a report with its findings in order of their weight."""
        ordered = sorted(findings, key=lambda finding: LEVELS.index(finding.level))
        return cls(source, facts, tuple(ordered), test_start)

    def of_level(self, level: Level) -> tuple[Finding, ...]:
        """Return the findings of one level."""
        return tuple(finding for finding in self.findings if finding.level == level)

    def row_name(self, row: int) -> str:
        """Return a row's number as its source counts it: ``"17"``, ``"test 3"``."""
        if self.test_start is None or row < self.test_start:
            return str(row)
        return f"test {row - self.test_start}"

    def places(self, finding: Finding, most: int = TOLD) -> str:
        """Return the first rows or columns concerned in words, or an empty string."""
        if finding.rows:
            listed = [self._place(finding, i) for i in range(len(finding.rows))]
            return _listed("row", listed[:most], finding.count)
        names = [repr(name) for name in finding.features]
        return _listed("column", names[:most], finding.count)

    def line(self, finding: Finding) -> str:
        """Return a finding in one line: what, where, what to do."""
        places = self.places(finding)
        where = f" ({places})" if places else ""
        return f"{self.source}: {finding.title}{where}. {finding.advice}".rstrip()

    def to_dict(self) -> dict[str, Any]:
        """Return facts and findings as JSON can hold them: the same for the same data."""
        found = [finding.to_dict() for finding in self.findings]
        return {**self.facts, "test_start": self.test_start, "findings": found}

    def _place(self, finding: Finding, i: int) -> str:
        row = self.row_name(finding.rows[i])
        return f"{row} like {self.row_name(finding.others[i])}" if finding.others else row


def plural(count: int, noun: str) -> str:
    """Return a count with its noun: ``"1 row"``, ``"2 rows"``, ``"3 classes"``."""
    many = noun + ("es" if noun.endswith("s") else "s")
    return f"{count:,} {noun if count == 1 else many}"


def first(values: Sequence[Any] | Any) -> tuple[int, ...]:
    """Return the first few row numbers as plain integers."""
    return tuple(int(value) for value in values[:SHOWN])


def _listed(noun: str, names: Sequence[str], count: int) -> str:
    if not names:
        return ""
    more = ", …" if count > len(names) else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names)}{more}"
