"""Folds for cross-validation; the kinds answer different questions.

Where neighbouring rows are alike (by one writer, say), shuffled folds put them on
both sides and ask how well rows of known writers are told apart; contiguous and
grouped folds ask it for unknown ones.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, StratifiedKFold

from layerlab._random import Purpose, draw_seed, stream
from layerlab._typing import IndexArray
from layerlab._validation import check_choice, check_integer
from layerlab.errors import DataError, ParameterError

__all__ = ["FOLD_KINDS", "make_folds"]

FOLD_KINDS = ("contiguous", "group", "leave-one-group-out", "shuffled", "stratified")
_OF_GROUPS = ("group", "leave-one-group-out")


def make_folds(
    kind: str,
    labels: ArrayLike,
    *,
    n_splits: int = 4,
    groups: ArrayLike | None = None,
    random_state: Any = 0,
) -> list[tuple[IndexArray, IndexArray]]:
    """Return the rows to train on and the rows to test on, for each fold.

    Parameters
    ----------
    kind : {"shuffled", "stratified", "contiguous", "group", "leave-one-group-out"}
        ``"shuffled"`` deals rows out at random; ``"stratified"`` does so class by
        class; ``"contiguous"`` cuts them in their order; ``"group"`` deals groups
        out, largest first, so that folds are of nearly equal size;
        ``"leave-one-group-out"`` makes one fold a group.
    labels : array-like of shape (m,)
        Class of each row.
    n_splits : int, default=4
        Number of folds; leave-one-group-out has as many as groups.
    groups : array-like of shape (m,), optional
        Group of each row; needed for the two kinds that keep groups together.
    random_state : int, RandomState instance or None, default=0
        Used by the shuffled and stratified kinds only.

    Returns
    -------
    folds : list of (train, test)
        Row numbers, ascending. Each row is a test row once.

    Raises
    ------
    ParameterError
        If kind or n_splits is not allowed, or groups are needed and not given.
    DataError
        If there are too few rows, rows of a class, or groups.
    """
    check_choice("kind", kind, FOLD_KINDS)
    check_integer("n_splits", n_splits, 2)
    y = np.asarray(labels)
    group_of = _checked_groups(kind, groups, len(y))
    _require_enough(kind, y, group_of, n_splits)
    splitter = _splitter(kind, n_splits, random_state)
    return [
        (np.sort(train).astype(np.intp), np.sort(test).astype(np.intp))
        for train, test in splitter.split(y, y, group_of)
    ]


def _splitter(kind: str, n_splits: int, random_state: Any) -> Any:
    if kind == "contiguous":
        return KFold(n_splits)
    if kind == "group":
        return GroupKFold(n_splits)
    if kind == "leave-one-group-out":
        return LeaveOneGroupOut()
    shuffled = KFold if kind == "shuffled" else StratifiedKFold
    seed = stream(draw_seed(random_state), Purpose.FOLDS).integers(2**32)
    return shuffled(n_splits, shuffle=True, random_state=int(seed))


def _checked_groups(kind: str, groups: ArrayLike | None, m: int) -> Any:
    if kind not in _OF_GROUPS:
        return None  # scikit-learn warns of groups that are not used
    if groups is None:
        raise ParameterError(
            f"The 'groups' parameter must hold the group of each row for {kind} folds. "
            "Got None instead."
        )
    group_of = np.asarray(groups)
    if group_of.shape != (m,):
        raise DataError(
            f"There are {m} labels and groups of shape {group_of.shape}. Give one for each row."
        )
    return group_of


def _require_enough(kind: str, y: Any, group_of: Any, n_splits: int) -> None:
    if kind in _OF_GROUPS:
        needed = n_splits if kind == "group" else 2
        found, one, what = len(np.unique(group_of)), "group", ""
    elif kind == "stratified":
        names, counts = np.unique(y, return_counts=True)
        needed, found = n_splits, int(counts.min(initial=len(y)))
        one, what = "row", f" of class {names[counts.argmin()].item()!r}" if len(names) else ""
    else:
        needed, found, one, what = n_splits, len(y), "row", ""
    if found < needed:
        raise DataError(
            f"{_there_are(found, one)}{what}, and these {kind} folds need at least {needed}. "
            "Ask for fewer folds, or give more data."
        )


def _there_are(count: int, one: str) -> str:
    return f"There is 1 {one}" if count == 1 else f"There are {count} {one}s"
