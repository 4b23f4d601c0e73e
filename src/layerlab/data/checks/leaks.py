"""Columns that give the label away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import lgamma, log

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.data.checks.finding import SHOWN, Finding, Level, plural
from layerlab.data.checks.part import Part

__all__ = ["check_leaks"]

CHANCE = 1e-6  # that some column would part the classes by luck
AT_ONCE = 1 << 24  # extremes kept: columns times classes


def check_leaks(part: Part) -> Iterator[Finding]:
    """Yield columns that alone tell every class from every other.

    Parameters
    ----------
    part : Part
        Development rows.

    Yields
    ------
    finding : Finding
        A warning of columns that have one value a class; a note on columns in which classes
        lie side by side without overlap.
    """
    if len(np.unique(part.labels)) < 2 or not _is_no_luck(part):
        return
    columns, same = _parting_columns(part)
    if same.any():
        yield _finding(
            part,
            columns[same],
            "warning",
            "label-in-columns",
            "equal to the label, by another name",
            "Leave them out, or the model learns nothing else.",
        )
    if not same.all():
        yield _finding(
            part,
            columns[~same],
            "note",
            "telling-columns",
            "whose value alone tells every class",
            "Are they known before the label is? If not (an identifier, a result), leave them out.",
        )


def _finding(
    part: Part, columns: IndexArray, level: Level, kind: str, what: str, advice: str
) -> Finding:
    return Finding(
        level,
        kind,
        f"{plural(len(columns), 'column')} {what}",
        len(columns),
        features=tuple(part.data.feature_names[j] for j in columns[:SHOWN]),
        advice=advice,
    )


def _is_no_luck(part: Part) -> bool:
    """Whether d columns of noise would hardly part this many rows by class."""
    counts = np.bincount(part.labels)
    counts = counts[counts > 0]
    ways = lgamma(len(counts) + 1) + sum(lgamma(n + 1) for n in counts) - lgamma(len(part) + 1)
    return bool(ways + log(part.data.n_features) < log(CHANCE))


@dataclass(eq=False)
class _Extremes:
    """Smallest and largest value of each class in each column, over the rows so far."""

    low: Array  # (n_classes, n_columns)
    high: Array
    seen: Array  # (n_classes,): whether a class has had a row

    @classmethod
    def none(cls, part: Part, n_columns: int) -> _Extremes:
        shape, dtype = (part.data.n_classes, n_columns), part.data.rows.dtype
        return cls(np.zeros(shape, dtype), np.zeros(shape, dtype), np.zeros(shape[0], np.bool_))

    def parts(self) -> Array:
        """Return which columns keep the classes apart."""
        low, high = self.low[self.seen], self.high[self.seen]
        order = np.argsort(low, axis=0, kind="stable")
        low, high = (np.take_along_axis(ends, order, axis=0) for ends in (low, high))
        return np.asarray((high[:-1] < low[1:]).all(axis=0))

    def same(self) -> Array:
        """Return which columns have one value a class."""
        return np.asarray((self.low == self.high)[self.seen].all(axis=0))


def _parting_columns(part: Part) -> tuple[IndexArray, Array]:
    """Return the columns that keep all classes apart, and which of them have one value a class."""
    step = max(1, AT_ONCE // part.data.n_classes)
    starts = range(0, part.data.n_features, step)
    found = [_parting(part, np.arange(start, min(start + step, starts.stop))) for start in starts]
    columns, same = zip(*found, strict=True)
    return np.concatenate(columns), np.concatenate(same)


def _parting(part: Part, columns: IndexArray) -> tuple[IndexArray, Array]:
    """Do it for some columns; hardly one outlives the first block, so that later ones are quick."""
    found = _Extremes.none(part, len(columns))
    for start, block in part.blocks():
        _extend(found, block[:, columns], part.labels[start : start + len(block)])
        kept = found.parts()
        columns, found.low, found.high = columns[kept], found.low[:, kept], found.high[:, kept]
        if not len(columns):
            break
    return columns, found.same()


def _extend(found: _Extremes, block: Array, labels: IndexArray) -> None:
    for k in np.unique(labels):
        rows = block[labels == k]
        low, high = rows.min(axis=0), rows.max(axis=0)
        if found.seen[k]:
            low, high = np.minimum(low, found.low[k]), np.maximum(high, found.high[k])
        found.low[k], found.high[k], found.seen[k] = low, high, True
