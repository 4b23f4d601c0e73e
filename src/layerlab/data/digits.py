"""The bundled data set: scikit-learn's digits, with its writers."""

from __future__ import annotations

from typing import Any

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.dataset import Dataset

__all__ = ["WRITER_STARTS", "read_digits"]

WRITER_STARTS = (0, 130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667)
"""First row of each writer's run, as scikit-learn's course on grouped cross-validation states.

There are 13 writers and 14 runs; which two runs are of one writer is not known."""


def read_digits(*, groups: Any = None, image_shape: tuple[int, int] | None = None) -> Dataset:
    """Return scikit-learn's digits: 1797 grey images of 8×8, values 0 to 16, classes 0 to 9.

    Parameters
    ----------
    groups : array-like of shape (1797,), optional
        By default the writers' runs, ``"1"`` to ``"14"``.
    image_shape : (int, int), optional
        By default (8, 8).

    Returns
    -------
    data : Dataset
    """
    from sklearn.datasets import load_digits  # with its siblings, 30 ms that few need

    bunch = load_digits()
    return Dataset.from_arrays(
        bunch.data,
        bunch.target,
        name="digits",
        source="digits",
        image_shape=image_shape or (8, 8),
        value_range=(0.0, 16.0),
        feature_names=tuple(bunch.feature_names),
        groups=_writer_runs(len(bunch.data)) if groups is None else groups,
        label_name="target",
    )


def _writer_runs(m: int) -> IndexArray:
    """Return the run, counted from 1, that each row belongs to."""
    return np.searchsorted(WRITER_STARTS, np.arange(m), side="right")
