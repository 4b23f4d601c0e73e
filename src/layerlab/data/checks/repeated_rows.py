"""Rows that stand in the data more than once, and what they are called."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.data.checks.finding import Finding, first, plural
from layerlab.data.checks.row_facts import RowFacts

__all__ = ["check_repeated_rows", "check_test_rows"]

MANY = 0.01  # of the rows


def check_repeated_rows(facts: RowFacts) -> Iterator[Finding]:
    """Yield rows that repeat an earlier one, and equal rows with different labels.

    Parameters
    ----------
    facts : RowFacts
        Of development rows.

    Yields
    ------
    finding : Finding
    """
    families = _families(facts.keys)
    again = np.flatnonzero(families.first_of != np.arange(len(facts.keys)))
    if not len(again):
        return
    yield Finding(
        "warning" if len(again) > MANY * len(facts.keys) else "note",
        "duplicate-rows",
        f"{plural(len(again), 'row')} equal to an earlier one",
        len(again),
        rows=first(facts.numbers[again]),
        others=first(facts.numbers[families.first_of[again]]),
        advice="Keep one of each: copies on both sides of a split make accuracy too good.",
    )
    labels = facts.part.labels
    odd = np.flatnonzero(labels != labels[families.first_of])
    if len(odd):
        yield _torn(facts, families, odd)


def check_test_rows(development: RowFacts, test: RowFacts) -> Iterator[Finding]:
    """Yield the test rows that also stand among the development rows; labels are not looked at.

    Parameters
    ----------
    development, test : RowFacts

    Yields
    ------
    finding : Finding
    """
    keys, where = np.unique(development.keys, return_index=True)
    place = np.minimum(np.searchsorted(keys, test.keys), len(keys) - 1)
    known = np.flatnonzero(keys[place] == test.keys)
    if len(known):
        share = 100 * len(known) / len(test.keys)
        yield Finding(
            "warning",
            "test-rows-in-training",
            f"{plural(len(known), 'test row')} ({share:.3g} %) also among the development rows",
            len(known),
            rows=first(test.numbers[known]),
            others=first(development.numbers[where[place[known]]]),
            advice="Leave them out on one side: on them a model only has to remember.",
            part="test",
        )


@dataclass(frozen=True, eq=False)
class _Families:
    """Equal rows belong together."""

    first_of: IndexArray  # (m,): position of the first row that equals this one


def _families(keys: Array) -> _Families:
    _, where, family = np.unique(keys, return_index=True, return_inverse=True)
    return _Families(where[family])


def _torn(facts: RowFacts, families: _Families, odd: IndexArray) -> Finding:
    """Return the finding on equal rows of different labels."""
    data, labels = facts.part.data, facts.part.labels
    names = [repr(name) for name in data.classes.tolist()]
    one = int(odd[0])
    pair = f"{names[labels[one]]} and {names[labels[families.first_of[one]]]}"
    heads = np.unique(families.first_of[odd])
    return Finding(
        "warning",
        "two-labels",
        f"{plural(len(heads), 'row')} found with more than one label",
        len(heads),
        rows=first(facts.numbers[odd]),
        others=first(facts.numbers[families.first_of[odd]]),
        advice="Correct the labels: no model can be right about both.",
        detail=f"Row {facts.numbers[one]} is called {pair}.",
    )
