"""Ways to split rows: stratified, contiguous, by group."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from sklearn.model_selection import train_test_split

from layerlab._random import Purpose, draw_seed, stream
from layerlab._typing import Array, IndexArray
from layerlab._validation import check_choice
from layerlab.data.dataset import Dataset
from layerlab.data.health import require_groups
from layerlab.data.split import PARTS, ROUNDING, SPLIT_KINDS, Split
from layerlab.errors import DataError, ParameterError

__all__ = [
    "DEFAULT_FRACTIONS",
    "check_fractions",
    "check_split",
    "cut_off",
    "split_beside",
    "split_rows",
]

DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)

Shares: TypeAlias = tuple[float, ...]
"""Of training, validation and test rows; of the first two where test rows are given."""


def split_rows(
    data: Dataset,
    kind: str = "stratified",
    *,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    random_state: Any = 0,
) -> Split:
    """Return training, validation and test rows.

    Parameters
    ----------
    data : Dataset
    kind : {"stratified", "contiguous", "group"}, default="stratified"
        ``"stratified"`` shuffles and keeps each class's share in every part;
        ``"contiguous"`` cuts the rows in the order they have; ``"group"`` shuffles
        groups and keeps each on one side.
    fractions : (float, float, float), default=(0.6, 0.2, 0.2)
        Shares of training, validation and test rows; validation and test are
        rounded up. Groups are not cut, so theirs are met only nearly.
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    split : Split

    Raises
    ------
    ParameterError
        If kind or fractions are not allowed.
    DataError
        If a class is too small for the split, or there are too few rows or groups.
    """
    check_choice("kind", kind, SPLIT_KINDS)
    shares = check_fractions(fractions)
    seed = None if kind == "contiguous" else draw_seed(random_state)
    split = Split.of(*_parts(data, kind, shares, seed), kind=kind, fractions=shares, seed=seed)
    check_split(split, data)
    return split


def split_beside(
    data: Dataset,
    test: IndexArray,
    kind: str = "stratified",
    *,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    random_state: Any = 0,
) -> Split:
    """Return training and validation rows beside test rows that are given.

    Parameters
    ----------
    data : Dataset
        All rows, the test's behind the others, as `join` returns them.
    test : ndarray of shape (n_test,)
        Row numbers.
    kind, random_state
        As for `split_rows`.
    fractions : sequence of two or three float
        Shares of training and validation rows; a third has no meaning here. Only their
        proportion counts.

    Returns
    -------
    split : Split

    Raises
    ------
    ParameterError, DataError
        As for `split_rows`.
    """
    check_choice("kind", kind, SPLIT_KINDS)
    shares = fractions[0] / sum(fractions[:2]), fractions[1] / sum(fractions[:2])
    seed = None if kind == "contiguous" else draw_seed(random_state)
    development = data.subset(slice(0, int(np.min(test))))
    train, validation = _parts(development, kind, shares, seed)
    split = Split.of(train, validation, test, kind=kind, seed=seed, test_given=True)
    check_split(split, data)
    return split


def cut_off(
    data: Dataset, fraction: float, kind: str = "stratified", *, random_state: Any = 0
) -> tuple[IndexArray, IndexArray]:
    """Return the rows to train on, and a share of the rows cut off them for validation.

    Parameters
    ----------
    data : Dataset
    fraction : float
        Of the rows; between 0 and 1.
    kind, random_state
        As for `split_rows`.

    Returns
    -------
    train, validation : ndarray of row numbers

    Raises
    ------
    ParameterError, DataError
        As for `split_rows`.
    """
    check_choice("kind", kind, SPLIT_KINDS)
    seed = None if kind == "contiguous" else draw_seed(random_state)
    train, validation = (
        np.sort(part) for part in _parts(data, kind, (1 - fraction, fraction), seed)
    )
    _require_classes(data, train, kind)
    return train, validation


def check_fractions(fractions: Sequence[float]) -> tuple[float, float, float]:
    """Return three shares as floats.

    Parameters
    ----------
    fractions : sequence of float

    Returns
    -------
    fractions : (float, float, float)

    Raises
    ------
    ParameterError
        If they are not three positive numbers whose sum is 1.
    """
    try:
        shares = [float(share) for share in fractions]
    except (TypeError, ValueError):
        shares = []
    # Written so that NaN fails too.
    if len(shares) != 3 or not all(s > 0 for s in shares) or not abs(sum(shares) - 1) < ROUNDING:
        raise ParameterError(
            "The 'fractions' parameter must be three positive numbers with sum 1, for training, "
            f"validation and test rows. Got {fractions!r} instead."
        )
    return shares[0], shares[1], shares[2]


def check_split(split: Split, data: Dataset) -> None:
    """Refuse a split that is not of these rows, or from which a class cannot be learnt.

    Parameters
    ----------
    split : Split
    data : Dataset

    Raises
    ------
    DataError
        If the number of rows differs, or a class has no training row.
    """
    if split.n_rows != data.n_rows:
        raise DataError(
            f"{data.source}: the split is of {split.n_rows} rows and the data has {data.n_rows}. "
            "Give the split that belongs to this data."
        )
    _require_classes(data, split.train, split.kind)


def _require_classes(data: Dataset, train: IndexArray, kind: str) -> None:
    counts = np.bincount(data.labels[train], minlength=data.n_classes)
    absent = np.flatnonzero((counts == 0) & (data.class_counts > 0))
    if len(absent):
        raise DataError(
            f"{data.source}: class {_name(data, absent[0])} has {data.class_counts[absent[0]]} "
            f"rows, and none of them among the training rows of the {kind} split. "
            "Use a stratified split, another seed, or leave the class out."
        )


def _parts(data: Dataset, kind: str, shares: Shares, seed: int | None) -> list[IndexArray]:
    """Return as many parts as there are shares, training rows first."""
    if seed is None:
        return _contiguous(data, shares)
    return _by_group(data, shares, seed) if kind == "group" else _stratified(data, shares, seed)


def _part_sizes(m: int, fractions: Shares, where: str) -> list[int]:
    others = [math.ceil(share * m - ROUNDING) for share in fractions[1:]]
    train = m - sum(others)
    if train < 1:
        raise DataError(
            f"{where}: {m} rows are too few for a split {_percent(fractions)}. Give more rows."
        )
    return [train, *others]


def _contiguous(data: Dataset, fractions: Shares) -> list[IndexArray]:
    sizes = _part_sizes(data.n_rows, fractions, data.source)
    return np.split(np.arange(data.n_rows), np.cumsum(sizes)[:-1])


def _stratified(data: Dataset, fractions: Shares, seed: int) -> list[IndexArray]:
    _require_rows_per_class(data, fractions, math.ceil(1 / min(fractions) - ROUNDING))
    n_train, *others = _part_sizes(data.n_rows, fractions, data.source)
    if n_train < np.count_nonzero(data.class_counts):
        # The others are rounded up, which can leave fewer training rows than classes.
        raise _one_row_short(data, fractions, data.class_counts > 0)
    rows, parts = np.arange(data.n_rows), []
    # Test rows are cut off first, then validation rows, each with a stream of its own.
    for step, size in enumerate(reversed(others), start=len(PARTS) - len(fractions)):
        rows, part = _cut(data, fractions, rows, size, seed, step=step)
        parts.append(part)
    return [rows, *reversed(parts)]


def _cut(
    data: Dataset,
    fractions: Shares,
    rows: IndexArray,
    n_second: int,
    seed: int,
    *,
    step: int,
) -> tuple[IndexArray, IndexArray]:
    """Cut ``n_second`` rows off, each class in proportion and present on both sides."""
    first, second = train_test_split(
        rows,
        test_size=n_second,
        stratify=data.labels[rows],
        # scikit-learn takes 32 bits; `step` gives each cut its own stream.
        random_state=int(stream(seed, Purpose.SPLIT, step).integers(2**32)),
    )
    for part, least in ((first, 2 - step), (second, 1)):
        # The first cut must leave two rows a class, as a second cut follows.
        counts = np.bincount(data.labels[part], minlength=data.n_classes)
        _require_present(data, fractions, counts, least)
    return first, second


def _require_rows_per_class(data: Dataset, fractions: Shares, needed: int) -> None:
    counts = data.class_counts
    small = np.flatnonzero((counts > 0) & (counts < needed))
    if len(small):
        raise _too_small(data, fractions, small[0], needed)


def _require_present(data: Dataset, fractions: Shares, counts: IndexArray, least: int) -> None:
    """Refuse a class that rounding has left out of a part though its share is near one row."""
    absent = (data.class_counts > 0) & (counts < least)
    if absent.any():
        raise _one_row_short(data, fractions, absent)


def _one_row_short(data: Dataset, fractions: Shares, classes: Array) -> DataError:
    """Return the error that asks for one more row of the smallest of some classes (a mask)."""
    smallest = np.where(classes, data.class_counts, data.n_rows + 1).argmin()
    return _too_small(data, fractions, smallest, int(data.class_counts[smallest]) + 1)


def _too_small(data: Dataset, fractions: Shares, label: np.intp, needed: int) -> DataError:
    count = int(data.class_counts[label])
    return DataError(
        f"{data.source}: class {_name(data, label)} has {count} row{'s' * (count != 1)}, and a "
        f"stratified split {_percent(fractions)} needs at least {needed}. Add rows, leave the "
        "class out, or choose other fractions."
    )


def _by_group(data: Dataset, fractions: Shares, seed: int) -> list[IndexArray]:
    group_of = require_groups(data)
    groups, sizes = np.unique(group_of, return_counts=True)
    if len(groups) < len(fractions):
        raise DataError(
            f"{data.source}: a group split needs at least {len(fractions)} groups. "
            f"Got {len(groups)}. Use a stratified split, or name smaller groups."
        )
    order = stream(seed, Purpose.SPLIT).permutation(len(groups))
    part_of = np.empty(len(groups), dtype=np.intp)  # by position in `groups`
    part_of[order] = _dealt(sizes[order].tolist(), fractions)
    part_of_row = part_of[np.searchsorted(groups, group_of)]  # (m,)
    return [np.flatnonzero(part_of_row == part) for part in range(len(fractions))]


def _dealt(sizes: list[int], fractions: Shares) -> list[int]:
    """Deal groups out in turn, each to the part that is furthest from full.

    scikit-learn's GroupShuffleSplit cuts by the number of groups, which misses
    the fractions of rows where sizes differ.
    """
    rows = [0.0] * len(fractions)
    parts = []
    for size in sizes:
        part = min(range(len(rows)), key=lambda p: (rows[p] / fractions[p], -fractions[p]))
        rows[part] += size
        parts.append(part)
    return parts


def _percent(fractions: Shares) -> str:
    return "/".join(f"{100 * share:g}" for share in fractions)


def _name(data: Dataset, label: np.intp) -> str:
    return repr(data.classes[label].item())
