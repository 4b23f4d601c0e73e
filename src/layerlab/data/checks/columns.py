"""Columns that tell nothing, or nothing that another does not tell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b

import numpy as np

from layerlab._typing import Array, IndexArray, Vector
from layerlab.data.checks.finding import SHOWN, Finding, plural
from layerlab.data.checks.part import Part

__all__ = ["check_columns"]


def check_columns(part: Part) -> Iterator[Finding]:
    """Yield constant columns, and those that repeat an earlier one.

    Parameters
    ----------
    part : Part

    Yields
    ------
    finding : Finding
        A note for images, whose margins are often empty; else a warning.
    """
    if len(part) < 2:
        return
    facts = _column_facts(part)
    constant = facts.low == facts.high
    if constant.any():
        yield _constant(part, np.flatnonzero(constant))
    repeated = _repeated(part, facts, np.flatnonzero(~constant))
    if repeated:
        yield _duplicate(part, repeated)


def _constant(part: Part, columns: IndexArray) -> Finding:
    image = part.data.image_shape is not None
    return Finding(
        "note" if image else "warning",
        "constant-columns",
        f"{plural(len(columns), 'pixel' if image else 'column')} with one value in every row",
        len(columns),
        features=_names(part, columns),
        advice="Empty margins do no harm."
        if image
        else "Leave them out, or find out why they do not vary: they tell nothing.",
    )


def _duplicate(part: Part, repeated: dict[int, int]) -> Finding:
    image = part.data.image_shape is not None
    names = part.data.feature_names
    pairs = [f"{names[j]!r} = {names[i]!r}" for j, i in list(repeated.items())[:SHOWN]]
    return Finding(
        "note" if image else "warning",
        "duplicate-columns",
        f"{plural(len(repeated), 'pixel' if image else 'column')} equal to an earlier one in "
        "every row",
        len(repeated),
        features=_names(part, np.array(list(repeated))),
        advice="They do no harm."
        if image
        else "Leave one of each out: it counts twice in distances.",
        detail="" if image else ", ".join(pairs) + (", …" if len(repeated) > SHOWN else ""),
    )


@dataclass(frozen=True, eq=False)
class _ColumnFacts:
    low: Array
    high: Array
    total: Vector


def _column_facts(part: Part) -> _ColumnFacts:
    """Return extremes and sums of the columns."""
    blocks = (block for _, block in part.blocks())
    block = next(blocks)
    low, high, total = _of_block(block)
    for block in blocks:
        less, more, further = _of_block(block)
        low, high, total = np.minimum(low, less), np.maximum(high, more), total + further
    return _ColumnFacts(low, high, total)


def _of_block(block: Array) -> tuple[Array, Array, Vector]:
    with np.errstate(over="ignore"):
        total = block.sum(axis=0, dtype=np.float64)
    return block.min(axis=0), block.max(axis=0), np.asarray(total)


def _repeated(part: Part, facts: _ColumnFacts, columns: IndexArray) -> dict[int, int]:
    """Return the columns that equal an earlier one, each with the first that it equals."""
    keys = [(facts.low[j], facts.high[j], facts.total[j]) for j in columns]
    counts: dict[tuple[float, ...], int] = {}
    for key in keys:
        counts[key] = counts.get(key, 0) + 1
    likely = np.array([j for j, key in zip(columns, keys, strict=True) if counts[key] > 1], np.intp)
    known: dict[bytes, int] = {}
    found = {}
    for j, digest in zip(likely.tolist(), _digests(part, likely), strict=True):
        if known.setdefault(digest, j) != j:
            found[j] = known[digest]
    return found


def _digests(part: Part, columns: IndexArray) -> list[bytes]:
    """Return a hash of each of the columns."""
    if not len(columns):
        return []
    hashes = [blake2b(digest_size=16) for _ in columns]
    for _, block in part.blocks(columns):
        across = np.ascontiguousarray(block.T)
        for column, digest in zip(across, hashes, strict=True):
            digest.update(column)
    return [digest.digest() for digest in hashes]


def _names(part: Part, columns: IndexArray) -> tuple[str, ...]:
    return tuple(part.data.feature_names[j] for j in columns[:SHOWN])
