"""Whether all classes are there, and how evenly."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab.data.checks.finding import SHOWN, Finding, plural
from layerlab.data.checks.part import Part

__all__ = ["check_balance"]

FEW = 10  # rows: below that, a class's accuracy is a guess
UNEVEN = 10  # times as many rows in the largest class as in the smallest


def check_balance(part: Part) -> Iterator[Finding]:
    """Yield what is odd about the rows of each class.

    Parameters
    ----------
    part : Part
        Development rows.

    Yields
    ------
    finding : Finding
    """
    data = part.data
    counts = np.bincount(part.labels, minlength=data.n_classes)
    if (counts > 0).sum() < 2:
        yield Finding(
            "error",
            "one-class",
            "all rows are of one class",
            len(part),
            advice="Classification needs at least two. Is the right column taken as the label "
            f"(now {data.label_name!r})?",
        )
        return
    names = [repr(name) for name in data.classes.tolist()]
    small = np.flatnonzero(counts < FEW)
    if len(small):
        yield Finding(
            "warning",
            "small-class",
            f"{plural(len(small), 'class')} with fewer than {FEW} rows to learn from",
            len(small),
            advice="Give more rows of them, or leave them out: their accuracy cannot be known.",
            detail=", ".join(f"{names[k]}: {plural(int(counts[k]), 'row')}" for k in small[:SHOWN]),
        )
    most, least = int(counts.argmax()), int(counts.argmin())
    if counts[most] > UNEVEN * counts[least]:
        share = counts[most] / len(part)
        yield Finding(
            "note",
            "uneven-classes",
            f"classes are uneven, {counts[least]:,} to {counts[most]:,} rows",
            data.n_classes,
            advice="Compare accuracy with the majority class's, and look at each class by itself.",
            detail=f"{names[most]} alone makes {100 * share:.1f} % of the rows.",
        )
