"""Which columns of a source a model takes: by name where it knows them, else by count."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from layerlab.data.columns import (
    find_column,
    label_columns,
    listing,
    option,
    why_unclear,
)
from layerlab.data.wanted import Wanted, size_error
from layerlab.errors import DataError, did_you_mean

__all__ = ["choose_features", "choose_label", "choose_named", "choose_unnamed"]

_MADE_UP = re.compile(r"x\d+|pixel_\d+_\d+(_\d+)?")  # see `default_names`
_HINTS = 3  # missing names for which near ones are looked up


def choose_named(
    names: Sequence[str], wanted: Wanted, label: str | int | None, where: str
) -> tuple[int, ...]:
    """Return which columns of a source that names them the model takes.

    By name, in the model's order, where the source has all the model's names.
    By count where the model knows no names, or only made-up ones that the
    source does not have: then a column of labels is left out.

    Parameters
    ----------
    names : sequence of str
        All column names.
    wanted : Wanted
    label : str, int or None
        The column of the labels: a name, or a position from 0.
    where : str
        What messages begin with.

    Returns
    -------
    columns : tuple of n_features int
        From 0.

    Raises
    ------
    DataError
        If names are missing, or there are more or fewer columns than the model takes.
    """
    label_at = None if label is None else find_column(names, label, "label", where)
    return _choose(names, wanted, label_at, where, _all_but_labels)


def choose_unnamed(
    names: Sequence[str], wanted: Wanted, label: str | int | None, where: str
) -> tuple[int, ...]:
    """Return which columns of a file without a header the model takes, in their order.

    Parameters
    ----------
    names : sequence of str
        What messages call the columns.
    wanted : Wanted
    label : str, int or None
        The column of the labels; by default the last, if there is one column too many.
    where : str
        What messages begin with.

    Returns
    -------
    columns : tuple of n_features int
        From 0.

    Raises
    ------
    DataError
        If there are more or fewer columns than the model takes.
    """
    if label is None and len(names) == wanted.n_features + 1:
        return tuple(range(wanted.n_features))
    label_at = None if label is None else find_column(names, label, "label", where)
    return _all_but(label_at, names, wanted, where)


def choose_features(names: Sequence[str], wanted: Wanted, where: str) -> tuple[int, ...]:
    """Return which columns of a source that holds features only the model takes.

    As `choose_named` does, but no column is one of labels, whatever its name.

    Parameters
    ----------
    names : sequence of str
        All column names.
    wanted : Wanted
    where : str
        What messages begin with.

    Returns
    -------
    columns : tuple of n_features int
        From 0.

    Raises
    ------
    DataError
        If names are missing, or there are more or fewer columns than the model takes.
    """
    return _choose(names, wanted, None, where, _all_but)


def choose_label(
    names: Sequence[str],
    features: Sequence[int],
    label: str | int | None,
    where: str,
    *,
    default: int | None = None,
) -> int:
    """Return which column holds the labels, beside those that a model takes.

    Parameters
    ----------
    names : sequence of str
        All column names.
    features : sequence of int
        The columns that the model takes.
    label : str, int or None
        A name, or a position from 0; by default the column named label, class,
        target or y in any case.
    where : str
        What messages begin with.
    default : int, optional
        Position of the labels where columns have no names (a file without a header).

    Returns
    -------
    column : int
        From 0.

    Raises
    ------
    DataError
        If there is no such column, or several.
    """
    if label is not None:
        return find_column(names, label, "label", where)
    beside = [j for j in range(len(names)) if j not in set(features)]
    if not beside:
        raise DataError(
            f"{where}: the model takes every column ({listing(names)}), so none holds the labels. "
            "Add a column named label."
        )
    return beside[_usual_label([names[j] for j in beside], where)] if default is None else default


def _usual_label(names: Sequence[str], where: str) -> int:
    found = label_columns(names)
    if len(found) == 1:
        return found[0]
    raise DataError(
        f"{where}: {why_unclear(names, found)} Name the one that holds the labels with "
        f"{option('label')}; beside the features there are {listing(names)}."
    )


def _choose(
    names: Sequence[str],
    wanted: Wanted,
    label_at: int | None,
    where: str,
    by_count: Callable[[int | None, Sequence[str], Wanted, str], tuple[int, ...]],
) -> tuple[int, ...]:
    present = set(wanted.names) & set(names)
    if len(present) == wanted.n_features:
        return _by_name(names, wanted, label_at, where)
    if wanted.names and not wanted.made_up:
        raise _missing(names, wanted, where)
    columns = by_count(label_at, names, wanted, where)
    if present:
        raise _missing(names, wanted, where)
    return columns


def _by_name(
    names: Sequence[str], wanted: Wanted, label_at: int | None, where: str
) -> tuple[int, ...]:
    if label_at is not None and names[label_at] in wanted.names:
        raise DataError(
            f"{where}: column {names[label_at]!r} is a feature the model takes, so it cannot hold "
            f"the labels. Name another with {option('label')}, or none."
        )
    # pixel_0_0 … of a larger image hold every name of a smaller one: its corner.
    same_kind = sum(bool(_MADE_UP.fullmatch(name)) for name in names)
    if wanted.made_up and same_kind > wanted.n_features:
        raise size_error(wanted, f"there are {same_kind} such columns", where)
    position = {name: j for j, name in enumerate(names)}
    return tuple(position[name] for name in wanted.names)


def _missing(names: Sequence[str], wanted: Wanted, where: str) -> DataError:
    here, known = set(names), set(wanted.names)
    missing = [name for name in wanted.names if name not in here]
    others = [name for name in names if name not in known]
    near = ((name, did_you_mean(name, others)) for name in missing[:_HINTS])
    hints = "".join(f" For {name!r}:{hint}" for name, hint in near if hint)
    return DataError(
        f"{where}: the model takes {wanted} by name, and {len(missing)} "
        f"{'is' if len(missing) == 1 else 'are'} missing: {listing(missing)}.{hints} "
        f"The columns are {listing(names)}. Name them as the training data did."
    )


def _all_but_labels(
    label_at: int | None, names: Sequence[str], wanted: Wanted, where: str
) -> tuple[int, ...]:
    if label_at is None:
        label_at = _likely_label(names, wanted, where)
    return _all_but(label_at, names, wanted, where)


def _likely_label(names: Sequence[str], wanted: Wanted, where: str) -> int | None:
    """Return the column that the label rule leaves out, or None if every one may be a feature."""
    found = label_columns(names)
    if len(found) > 1 or (not found and len(names) == wanted.n_features + 1):
        raise _unclear_label(names, found, wanted, where)
    # As many columns as features, and one is called y: a coordinate.
    if not found or (len(names) == wanted.n_features and names[found[0]].strip().lower() == "y"):
        return None
    return found[0]


def _unclear_label(names: Sequence[str], found: list[int], wanted: Wanted, where: str) -> DataError:
    return DataError(
        f"{where}: the model takes {wanted}, there are {len(names)} columns, and "
        f"{why_unclear(names, found)} Name the one that holds the labels with {option('label')}; "
        f"the columns are {listing(names)}."
    )


def _all_but(
    label_at: int | None, names: Sequence[str], wanted: Wanted, where: str
) -> tuple[int, ...]:
    columns = tuple(j for j in range(len(names)) if j != label_at)
    if len(columns) != wanted.n_features:
        beside = "" if label_at is None else f" beside the label {names[label_at]!r}"
        count = f"{len(columns)} column{'' if len(columns) == 1 else 's'}"
        verb = "is" if len(columns) == 1 else "are"
        raise size_error(wanted, f"there {verb} {count}{beside}", where)
    return columns
