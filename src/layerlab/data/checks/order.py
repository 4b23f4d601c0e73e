"""Whether rows that stand near each other are alike: by one writer, of one day."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import Array, IndexArray, Vector
from layerlab.data.checks.finding import Finding
from layerlab.data.checks.part import Part
from layerlab.data.columns import option

__all__ = ["check_order"]

PAIRS = 4000  # of neighbours, and of strangers
LEAST = 100  # pairs to say anything by
SURE = 6.0  # standard errors
SHARE = 0.05  # by which neighbours are nearer
SAMPLE = 100  # key of the stream


def check_order(part: Part, *, kind: str = "", seed: int = 0) -> Iterator[Finding]:
    """Yield whether rows of one class that follow each other are more alike than others of it.

    Parameters
    ----------
    part : Part
        Development rows.
    kind : str
        Of the split; one by group, or contiguous, has minded it already.
    seed : int
        Of the pairs that are drawn.

    Yields
    ------
    finding : Finding
        A warning; a note where the data names groups, by which it can be split.

    Notes
    -----
    Each drawn row is compared with the next of its class in the order of the file, and with
    another of its class drawn at random. Of the two distances the first is the smaller half
    of the time where order means nothing.
    """
    if kind in ("group", "contiguous"):
        return
    rows, after, stranger = _pairs(part, seed)
    if len(rows) < LEAST:
        return
    near, far = _distances(part, rows, after), _distances(part, rows, stranger)
    nearer = 1 - near.mean() / far.mean() if far.mean() > 0 else 0.0
    difference = far - near
    error = difference.std() / np.sqrt(len(difference))
    if nearer >= SHARE and difference.mean() > SURE * error:
        yield _finding(part, float(nearer), len(rows))


def _finding(part: Part, nearer: float, n: int) -> Finding:
    grouped = part.data.groups is not None
    ways = ["group"] if grouped else []
    ways += [] if _is_sorted(part.labels) else ["contiguous"]
    advice = f"Ask for a {' or '.join(ways)} split with {option('split')}." if ways else ""
    if not grouped:
        advice += f" If a column says who or when, name it with {option('groups')}."
    return Finding(
        "note" if grouped else "warning",
        "order",
        f"neighbouring rows are alike: {100 * nearer:.0f} % nearer than others of their class",
        len(part),
        advice="A shuffled split puts such rows on both sides and shows more than new writers, "
        f"days or devices will. {advice.strip()}",
        detail=f"From {n:,} rows, each with the next of its class and with one drawn at random.",
    )


def _is_sorted(labels: IndexArray) -> bool:
    """Whether rows stand class by class."""
    return int((np.diff(labels) != 0).sum()) < 2 * len(np.unique(labels))


def _pairs(part: Part, seed: int) -> tuple[IndexArray, IndexArray, IndexArray]:
    """Return drawn positions, for each the next of its class, and one of its class at random."""
    order = np.argsort(part.labels, kind="stable")  # class by class, in the order of the file
    labels = part.labels[order]
    follows = np.flatnonzero(labels[1:] == labels[:-1])  # places in ``order``
    random = stream(seed, Purpose.SUBSAMPLE, SAMPLE)
    if len(follows) > PAIRS:
        follows = np.sort(random.choice(follows, PAIRS, replace=False))
    start = np.searchsorted(labels, labels[follows], side="left")
    stop = np.searchsorted(labels, labels[follows], side="right")
    other = start + (random.random(len(follows)) * (stop - start)).astype(np.intp)
    wanted = (other != follows) & (stop - start > 2)
    follows, other = follows[wanted], other[wanted]
    return order[follows], order[follows + 1], order[other]


def _distances(part: Part, one: IndexArray, other: IndexArray) -> Vector:
    """Return Euclidean distances of pairs, columns standardised where they are no pixels."""
    scale = _scale(part, one)
    distances = []
    for start in range(0, len(one), 500):
        pair = slice(start, start + 500)
        gap = (part.take(one[pair]).astype(np.float64) - part.take(other[pair])) * scale
        distances.append(np.sqrt((gap * gap).sum(axis=1)))
    return np.concatenate(distances)


def _scale(part: Part, rows: IndexArray) -> Array | float:
    if part.data.image_shape is not None:
        low, high = part.data.value_range
        return 1 / (high - low) if high > low else 1.0
    deviation = part.take(rows[:1000]).astype(np.float64).std(axis=0)
    return np.asarray(1 / np.where(deviation > 0, deviation, np.inf))
