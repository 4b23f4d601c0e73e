"""Rows that are almost, though not wholly, copies of another."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.checks.finding import Finding, first, plural
from layerlab.data.checks.nearest import NearestRows
from layerlab.data.columns import option

__all__ = ["check_near_rows", "check_near_test_rows"]

CLOSE = 0.1  # of the distance of two rows at random
CLOSER = 0.25  # of the median distance to the nearest
COLUMNS = 8  # at least: with fewer, rows come near by chance
MANY, SHARE = 10, 0.01  # rows, and of the rows looked at: more of both is a warning


def check_near_rows(nearest: NearestRows, n_features: int) -> Iterator[Finding]:
    """Yield development rows that nearly equal another.

    Parameters
    ----------
    nearest : NearestRows
        Of development rows among themselves.
    n_features : int

    Yields
    ------
    finding : Finding
    """
    yield from _finding(
        nearest,
        n_features,
        "near-duplicate-rows",
        ("row", "another"),
        f"Keep one of each, or name groups that belong together with {option('groups')}.",
    )


def check_near_test_rows(nearest: NearestRows, n_features: int) -> Iterator[Finding]:
    """Yield test rows that nearly equal a development row; labels are not looked at.

    Parameters
    ----------
    nearest : NearestRows
        Of test rows among development rows.
    n_features : int

    Yields
    ------
    finding : Finding
    """
    yield from _finding(
        nearest,
        n_features,
        "near-test-rows",
        ("test row", "a development row"),
        "Leave them out on one side: on them a model only has to remember.",
    )


def _finding(
    nearest: NearestRows, n_features: int, kind: str, nouns: tuple[str, str], advice: str
) -> Iterator[Finding]:
    rows, others = _near(nearest)
    if n_features < COLUMNS or not len(rows):
        return
    many = len(rows) >= MANY and len(rows) > SHARE * len(nearest.queries)
    yield Finding(
        "warning" if many else "note",
        kind,
        f"{plural(len(rows), nouns[0])} all but equal to {nouns[1]}",
        len(rows),
        rows=first(rows),
        others=first(others),
        advice=advice,
        detail=_detail(nearest),
        part="test" if kind == "near-test-rows" else "development",
    )


def _near(nearest: NearestRows) -> tuple[IndexArray, IndexArray]:
    """Return the rows with a near neighbour that is no copy, the nearest first, and it."""
    if not nearest.distances.size:
        return nearest.queries[:0], nearest.queries[:0]
    distances = np.where(nearest.distances > 0, nearest.distances, np.inf)  # (q, k)
    place = distances.argmin(axis=1)
    every = np.arange(len(place))
    closest = distances[every, place]
    usual = float(np.median(closest))
    limit = min(CLOSE * nearest.spread, CLOSER * usual if np.isfinite(usual) else 0.0)
    near = np.flatnonzero(closest <= limit)
    near = near[np.argsort(closest[near], kind="stable")]
    rows, others = nearest.queries[near], nearest.neighbours[near, place[near]]
    pairs = set(zip(rows.tolist(), others.tolist(), strict=True))
    once = np.array([a > b or (b, a) not in pairs for a, b in zip(rows, others, strict=True)], bool)
    return rows[once], others[once]


def _detail(nearest: NearestRows) -> str:
    return (
        f"Nearer than {100 * CLOSE:.0f} % of the distance of two rows at random, and than "
        f"{100 * CLOSER:.0f} % of the usual distance to the nearest. {nearest.statement}"
    )
