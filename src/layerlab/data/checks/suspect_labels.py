"""Labels that the nearest rows contradict."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.checks.finding import TOLD, Finding, first, plural
from layerlab.data.checks.nearest import NearestRows
from layerlab.data.checks.part import Part

__all__ = ["VOTERS", "check_labels"]

VOTERS = 7
MANY, SHARE = 5, 0.03  # rows, and of the rows looked at: more of both is a warning


def check_labels(part: Part, nearest: NearestRows) -> Iterator[Finding]:
    """Yield rows whose nearest rows, all but one or two, agree on another label.

    Parameters
    ----------
    part : Part
        Development rows.
    nearest : NearestRows
        Of these rows among themselves: no row votes for itself.

    Yields
    ------
    finding : Finding
    """
    labels = part.data.labels
    votes = _votes(labels[nearest.neighbours[:, :VOTERS]], part.data.n_classes)
    if not votes.size:
        return
    own = votes[np.arange(len(votes)), labels[nearest.queries]]
    most, said = votes.max(axis=1), votes.argmax(axis=1)
    suspect = np.flatnonzero((own == 0) & (most >= VOTERS - 2))
    suspect = suspect[np.lexsort((nearest.distances[suspect, 0], -most[suspect]))]
    if len(suspect):
        yield _finding(part, nearest, suspect, said[suspect])


def _finding(part: Part, nearest: NearestRows, suspect: IndexArray, said: IndexArray) -> Finding:
    rows = nearest.queries[suspect]
    names = [repr(name) for name in part.data.classes.tolist()]
    told = [
        f"row {row} is {names[part.data.labels[row]]}, near {names[k]}"
        for row, k in zip(first(rows)[:TOLD], said, strict=False)
    ]
    share = len(suspect) / len(nearest.queries)
    return Finding(
        "warning" if share > SHARE and len(rows) >= MANY else "note",
        "suspect-labels",
        f"{plural(len(rows), 'row')} ({100 * share:.2g} %) whose nearest rows have another label",
        len(rows),
        rows=first(rows),
        advice="Look at them, the surest first, and correct the labels that are wrong; some are "
        "rightly named and only look alike.",
        detail=f"At least {VOTERS - 2} of {VOTERS} nearest agree on another label and none has "
        f"this one. {nearest.statement} "
        f"{_sentence('; '.join(told))}",
    )


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _votes(labels: IndexArray, n_classes: int) -> IndexArray:
    """Return how many of the nearest have each class, (q, k) -> (q, n_classes)."""
    cells = np.arange(len(labels))[:, None] * n_classes + labels
    counts = np.bincount(cells.ravel(), minlength=len(labels) * n_classes)
    return counts.reshape(len(labels), n_classes)
