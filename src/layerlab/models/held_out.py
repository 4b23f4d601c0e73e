"""Training rows cut off for validation, class by class."""

from __future__ import annotations

import numpy as np

from layerlab._random import Purpose, stream
from layerlab._typing import IndexArray
from layerlab.errors import DataError
from layerlab.models.targets import TrainingRows

__all__ = ["held_out"]


def held_out(rows: TrainingRows, fraction: float, seed: int) -> tuple[TrainingRows, TrainingRows]:
    """Return the rows to train on, and those to validate with.

    Parameters
    ----------
    rows : TrainingRows
    fraction : float
        Of each class, rounded down: a class of one row stays with training.
    seed : int

    Raises
    ------
    DataError
        If no row is left for validation.
    """
    taken = np.zeros(len(rows.labels), bool)
    taken[_drawn(rows, fraction, seed)] = True
    if not taken.any():
        raise DataError(
            f"early_stopping cannot cut {fraction:g} of {len(taken)} rows off for validation: no "
            "class has enough. Give validation rows as X_val and y_val, or a larger "
            "validation_fraction."
        )
    return rows.subset(np.flatnonzero(~taken)), rows.subset(np.flatnonzero(taken))


def _drawn(rows: TrainingRows, fraction: float, seed: int) -> IndexArray:
    order = stream(seed, Purpose.HELD_OUT).permutation(len(rows.labels))
    if rows.several:
        return order[: int(fraction * len(order))]
    of_class = [order[rows.labels[order] == k] for k in range(len(rows.classes))]
    return np.concatenate([members[: int(fraction * len(members))] for members in of_class])
