"""Pictures that are blank, or hold far more or less ink than others, or are turned over."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from layerlab._typing import Array, ImageShape, IndexArray, Vector
from layerlab.data.checks.finding import Finding, first, plural
from layerlab.data.checks.part import Part
from layerlab.data.checks.row_facts import RowFacts

__all__ = ["border", "check_pictures"]

FAR = 5.0  # interquartile ranges beyond the quartiles
END = 0.25  # of the range: a border within it is white, or black
CLEAR = 0.9  # of the pictures have such a border, or none is called turned over


def check_pictures(facts: RowFacts, *, sealed: bool = False) -> Iterator[Finding]:
    """Yield what is odd about single pictures; nothing where rows are no images.

    Parameters
    ----------
    facts : RowFacts
    sealed : bool
        Whether they are test rows.

    Yields
    ------
    finding : Finding
    """
    if facts.part.data.image_shape is not None:
        what = "test picture" if sealed else "picture"
        for finding in _odd(facts, what):
            yield replace(finding, part="test" if sealed else "development")


def _odd(facts: RowFacts, what: str) -> Iterator[Finding]:
    blank = facts.low == facts.high
    if blank.any():
        yield _blank(facts, np.flatnonzero(blank), what)
    turned = _turned_over(facts.part) & ~blank
    if turned.any():
        yield _turned(facts, np.flatnonzero(turned), what)
    others = ~blank & ~turned
    far = np.flatnonzero(others & _far(facts.mean, others))
    if len(far):
        yield _outliers(facts, far, what)


def _blank(facts: RowFacts, rows: IndexArray, what: str) -> Finding:
    return Finding(
        "warning",
        "blank-pictures",
        f"{plural(len(rows), what)} of one value all over",
        len(rows),
        rows=first(facts.numbers[rows]),
        advice="Leave them out, or find out how they came to be blank.",
    )


def _turned(facts: RowFacts, rows: IndexArray, what: str) -> Finding:
    return Finding(
        "warning",
        "turned-over",
        f"{plural(len(rows), what)} turned over: the border is at the other end of the range",
        len(rows),
        rows=first(facts.numbers[rows]),
        advice="Turn them over (largest value less value), so that all are alike.",
        detail="By the mean of the border pixels.",
    )


def _outliers(facts: RowFacts, rows: IndexArray, what: str) -> Finding:
    middle = float(np.median(facts.mean))
    order = np.argsort(-np.abs(facts.mean[rows] - middle), kind="stable")
    means = facts.mean[rows]
    return Finding(
        "note",
        "ink-outliers",
        f"{plural(len(rows), what)} with far more or less ink than the others",
        len(rows),
        rows=first(facts.numbers[rows[order]]),
        advice="Look at them: are they cut, smeared, or of something else?",
        detail=f"Mean values {means.min():.4g} to {means.max():.4g}; the median of all is "
        f"{middle:.4g}. Far is {FAR:g} interquartile ranges beyond the quartiles.",
    )


def _far(mean: Vector, counted: Array) -> Array:
    """Return which means lie far out, measured by those that count."""
    if not counted.any():
        return np.zeros(len(mean), np.bool_)
    low, high = np.quantile(mean[counted], [0.25, 0.75])
    room = FAR * (high - low)
    if room == 0:  # more than half are alike: nothing to measure by
        return np.zeros(len(mean), np.bool_)
    return np.asarray((mean < low - room) | (mean > high + room))


def _turned_over(part: Part) -> Array:
    """Return which pictures have their border at the other end of the range than most have."""
    low, high = part.data.value_range
    shape = part.data.image_shape
    if shape is None or not high > low:
        return np.zeros(len(part), np.bool_)
    columns = border(shape)
    means = [block.mean(axis=1, dtype=np.float64) for _, block in part.blocks(columns)]
    share = (np.concatenate(means) - low) / (high - low)
    dark, light = share <= END, share >= 1 - END
    if dark.sum() + light.sum() < CLEAR * len(part):
        return np.zeros(len(part), np.bool_)
    fewer = light if light.sum() <= dark.sum() else dark
    return np.asarray(fewer)


def border(shape: ImageShape) -> IndexArray:
    """Return the columns of a picture's outermost pixels, of all their colours."""
    inner = np.zeros(shape, np.bool_)
    inner[1:-1, 1:-1] = True
    return np.flatnonzero(~inner.ravel())
