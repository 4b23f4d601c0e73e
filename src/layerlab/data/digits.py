"""The bundled data set: scikit-learn's digits, with its writers."""

from __future__ import annotations

import numpy as np

from layerlab._typing import IndexArray
from layerlab.data.source import RawData

__all__ = ["WRITER_STARTS", "digits_raw"]

WRITER_STARTS = (0, 130, 256, 386, 516, 646, 776, 915, 1029, 1157, 1287, 1415, 1545, 1667)
"""First row of each writer's run, as scikit-learn's course on grouped cross-validation states.

There are 13 writers and 14 runs; which two runs are of one writer is not known."""


def digits_raw() -> RawData:
    """Return scikit-learn's digits: 1797 grey images of 8×8, values 0 to 16, classes 0 to 9.

    Returns
    -------
    raw : RawData
        The groups are the writers' runs, ``"1"`` to ``"14"``.
    """
    from sklearn.datasets import load_digits  # with its siblings, 30 ms that few need

    bunch = load_digits()
    return RawData(
        bunch.data,
        bunch.target,
        feature_names=tuple(bunch.feature_names),
        label_name="target",
        groups=_writer_runs(len(bunch.data)),
        image_shape=(8, 8),
        value_range=(0.0, 16.0),
    )


def _writer_runs(m: int) -> IndexArray:
    """Return the run, counted from 1, that each row belongs to."""
    return np.searchsorted(WRITER_STARTS, np.arange(m), side="right")
