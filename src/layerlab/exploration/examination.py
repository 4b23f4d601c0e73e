"""The health check with all that it compares; labels of test rows stay sealed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from layerlab._typing import Array, IndexArray
from layerlab.data import Dataset
from layerlab.data.checks import (
    Finding,
    HealthReport,
    Part,
    check_range,
    check_rows_of,
    check_turned,
)
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble, networks_of
from layerlab.models.nearest_rows import NearSearch

__all__ = ["examine", "examine_new_rows"]


def examine(
    data: Dataset,
    development: IndexArray | None = None,
    test: IndexArray | None = None,
    *,
    split_kind: str = "",
    test_start: int | None = None,
    seed: int = 0,
    further: tuple[Finding, ...] = (),
) -> HealthReport:
    """Look at all that may be wrong with some data, its nearest rows included.

    Parameters
    ----------
    data : Dataset
    development, test, split_kind, test_start, seed, further
        As for `layerlab.data.checks.check_rows_of`.

    Returns
    -------
    report : HealthReport
        The same for the same data and seed.
    """
    search = NearSearch(Part.of(data, development), seed=seed)
    tested = None if test is None or not len(test) else Part(data, test)
    return check_rows_of(
        data,
        development,
        test,
        nearest=search.nearest(),
        nearest_of_test=None if tested is None else search.nearest(tested),
        split_kind=split_kind,
        test_start=test_start,
        seed=seed,
        further=further,
    )


def examine_new_rows(
    model: FeedforwardClassifier | FeedforwardEnsemble, rows: Array
) -> Iterator[Finding]:
    """Yield how new rows differ from all that a model was trained on.

    Parameters
    ----------
    model : FeedforwardClassifier or FeedforwardEnsemble
        Loaded from a file that states the range of its training rows; of another nothing
        is said.
    rows : ndarray of shape (m, n_features)

    Yields
    ------
    finding : Finding
        Values of another scale, or pictures turned over.
    """
    trained = getattr(model, "value_range_", None)
    if trained is None or not len(rows):
        return
    image = getattr(model, "image_shape_", None) is not None
    seen = networks_of(model)[0].input_map_
    scale = seen.scale
    shared = image or bool(len(scale) > 1 and (scale == scale[0]).all())
    low, high = rows.min(axis=1), rows.max(axis=1)
    found = list(check_range(trained, low, high, shared=shared, what="these rows"))
    yield from found
    usual = np.asarray(seen.shift, np.float64)  # the mean, but of unscaled rows
    if image and not found and (low < high).any() and usual.any():
        mean = np.asarray(rows.mean(axis=0, dtype=np.float64))
        yield from check_turned(trained, usual, mean, what="these rows")
