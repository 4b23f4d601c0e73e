"""`check`: what may be wrong with data, before anything is learnt from it."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from layerlab._callbacks import ProgressSink
from layerlab._typing import ImageShape, IndexArray
from layerlab._validation import check_integer
from layerlab.api.loading import loaded, split_of
from layerlab.data import Dataset, Split, SplitRule
from layerlab.data.checks import Finding, HealthReport
from layerlab.errors import DataError, DataWarning
from layerlab.exploration import Explorer, examine

__all__ = ["check", "examined", "warn_of_findings"]


def check(
    data: Any,
    y: Any = None,
    *,
    test: Any = None,
    seed: int = 0,
    split: str | Split | SplitRule | None = None,
    label: str | int | None = None,
    groups: Any = None,
    image_shape: ImageShape | None = None,
    resize: tuple[int, int] | None = None,
    fit: str = "pad",
    grey: bool = False,
    background: str = "white",
    progress: ProgressSink | None = None,
) -> HealthReport:
    """Look at data as `explore` does before it begins, and say what may be wrong with it.

    Parameters
    ----------
    data, y, test, label, groups, image_shape, resize, fit, grey, background, progress
        As for `explore`.
    seed : int, default=0
        As for `explore`: with the same seed and split, the same rows are sealed.
    split : str, Split or None
        As for `explore`. Labels of the rows that it makes test rows are not looked at.

    Returns
    -------
    health : HealthReport
        An error among its findings means that `explore` would refuse the data.

    Raises
    ------
    InputError
        If the data cannot be read, or an argument is not allowed.

    Examples
    --------
    >>> import layerlab
    >>> for finding in layerlab.check("digits").findings:
    ...     print(finding.level, finding.title)
    note 3 pixels with one value in every row
    note neighbouring rows are alike: 23 % nearer than others of their class
    note 3 rows (0.21 %) whose nearest rows have another label
    """
    check_integer("seed", seed, 0, 2**32 - 1)
    known, sealed = loaded(
        data,
        test,
        progress,
        y=y,
        label=label,
        groups=groups,
        image_shape=image_shape,
        resize=resize,
        fit=fit,
        grey=grey,
        background=background,
    )
    try:
        cut = split_of(known, split, seed, sealed)
        Explorer(known, cut, seed=seed)
    except DataError as error:
        return _unsplit(known, sealed, seed, error)
    return examined(known, cut, seed)


def examined(data: Dataset, split: Split, seed: int) -> HealthReport:
    """Look at data as its split allows it."""
    return examine(
        data,
        split.development,
        split.test,
        split_kind=split.kind,
        test_start=int(split.test[0]) if split.test_given else None,
        seed=seed,
    )


def warn_of_findings(health: HealthReport) -> None:
    """Warn of each finding that may make results wrong."""
    for finding in health.of_level("warning"):
        warnings.warn(health.line(finding), DataWarning, stacklevel=3)


def _unsplit(data: Dataset, test: IndexArray | None, seed: int, error: DataError) -> HealthReport:
    """Look at data that cannot be split, and say so, unless the reason is found anyway."""
    start = None if test is None else int(test[0])
    development = np.arange(data.n_rows)[:start]
    reason = str(error).removeprefix(f"{data.source}: ")
    found = Finding("error", "cannot-split", f"no split is possible: {reason}", data.n_rows)
    further = (found,) if len(np.unique(data.labels[development])) > 1 else ()
    return examine(data, development, test, test_start=start, seed=seed, further=further)
