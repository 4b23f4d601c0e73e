"""All checks of some data, one after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.checks.balance import check_balance
from layerlab.data.checks.columns import check_columns
from layerlab.data.checks.finding import Finding, HealthReport
from layerlab.data.checks.leaks import check_leaks
from layerlab.data.checks.near_rows import check_near_rows, check_near_test_rows
from layerlab.data.checks.nearest import NearestRows
from layerlab.data.checks.order import check_order
from layerlab.data.checks.part import Part
from layerlab.data.checks.pictures import check_pictures
from layerlab.data.checks.ranges import check_test_range
from layerlab.data.checks.repeated_rows import check_repeated_rows, check_test_rows
from layerlab.data.checks.row_facts import RowFacts, row_facts
from layerlab.data.checks.suspect_labels import check_labels
from layerlab.data.dataset import Dataset

__all__ = ["check_rows_of"]


def check_rows_of(
    data: Dataset,
    development: IndexArray | None = None,
    test: IndexArray | None = None,
    *,
    nearest: NearestRows | None = None,
    nearest_of_test: NearestRows | None = None,
    split_kind: str = "",
    test_start: int | None = None,
    seed: int = 0,
    further: tuple[Finding, ...] = (),
) -> HealthReport:
    """Look at all that may be wrong with some data.

    Parameters
    ----------
    data : Dataset
    development : ndarray of shape (m,), optional
        Row numbers, ascending; by default all. Labels of these rows alone are looked at.
    test : ndarray of shape (n,), optional
        Row numbers; of them only features are compared.
    nearest : NearestRows, optional
        The nearest of development rows among themselves; without them nothing is said of
        near-duplicates and suspect labels.
    nearest_of_test : NearestRows, optional
        The nearest development rows of test rows.
    split_kind : str
        How the test rows were chosen.
    test_start : int, optional
        The first row of a test part that is a source of its own.
    seed : int
        Of what is drawn.
    further : tuple of Finding
        What others have found.

    Returns
    -------
    report : HealthReport
    """
    part = Part.of(data, development)
    tested = None if test is None or not len(test) else Part.of(data, test)
    known = row_facts(part)
    findings = [
        *further,
        *_of_development(known, nearest, split_kind, seed),
        *([] if tested is None else _of_test(known, row_facts(tested), nearest_of_test)),
    ]
    facts = {**_facts(part, tested), "looked_at": _looked_at(nearest, nearest_of_test)}
    return HealthReport.of(data.source, facts, findings, test_start)


def _of_development(
    facts: RowFacts, nearest: NearestRows | None, split_kind: str, seed: int
) -> Iterator[Finding]:
    part = facts.part
    yield from check_balance(part)
    yield from check_leaks(part)
    yield from check_columns(part)
    yield from check_repeated_rows(facts)
    yield from check_pictures(facts)
    yield from check_order(part, kind=split_kind, seed=seed)
    if nearest is not None:
        yield from check_near_rows(nearest, part.data.n_features)
        yield from check_labels(part, nearest)


def _of_test(known: RowFacts, facts: RowFacts, nearest: NearestRows | None) -> Iterator[Finding]:
    yield from check_test_rows(known, facts)
    yield from check_pictures(facts, sealed=True)
    yield from check_test_range(known, facts)
    if nearest is not None:
        yield from check_near_test_rows(nearest, known.part.data.n_features)


def _facts(part: Part, test: Part | None) -> dict[str, Any]:
    data = part.data
    counts = _counts(part)
    return {
        "name": data.name,
        "rows": len(part),
        "test_rows": 0 if test is None else len(test),
        "features": data.n_features,
        "image_shape": None if data.image_shape is None else list(data.image_shape),
        "value_range": list(data.value_range),
        "label": data.label_name,
        "classes": counts,
        "groups": None if data.groups is None else len(np.unique(data.groups[part.numbers])),
        "notes": list(dict.fromkeys(data.notes)),  # both parts may say the same
    }


def _looked_at(*searches: NearestRows | None) -> list[dict[str, int]]:
    """Return how many development rows, and test rows, were compared with how many."""
    return [
        {"rows": found.n_queries, "looked_at": len(found.queries), "searched": found.n_searched}
        for found in searches
        if found is not None
    ]


def _counts(part: Part) -> list[list[Any]]:
    """Return each class, as text, with its development rows."""
    counts = np.bincount(part.labels, minlength=part.data.n_classes)
    return [[str(name), int(n)] for name, n in zip(part.data.classes, counts, strict=True)]
